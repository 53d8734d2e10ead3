"""No way round the second person: same person, two accounts, another role, an edit after the proposal, plain SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from finance.models import Application, ApplicationEvent, Decision, Product, ProductVersion
from finance.services import applications, decisions, products
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.models import Person
from tests.factories import finance as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
MILLION = Decimal(1_000_000)


@pytest.fixture
def proposed(inside: Any) -> tuple[Any, Application, Decision]:
    application = inside.submitted()
    decision = decisions.propose(
        by=inside.bank.maker,
        application_id=application.pk,
        amount=MILLION,
        rate=Decimal("0.045"),
        term_months=12,
    )
    return inside, application, decision


def _approve(by: Any, application: Application, decision: Decision, **changes: Any) -> Decision:
    return decisions.decide(
        **(
            {
                "by": by,
                "application_id": application.pk,
                "outcome": "approve",
                "content_hash": decision.content_hash,
            }
            | changes
        )
    )


def test_another_person_approves(proposed: Any) -> None:
    inside, application, decision = proposed
    _approve(inside.bank.checker, application, decision)
    application.refresh_from_db()
    inside.line.refresh_from_db()
    assert (application.status, inside.line.reserved) == ("approved", MILLION)
    assert [event.event for event in application.events.order_by("seq")] == [
        "submit",
        "screen",
        "propose",
        "approve",
    ]


def test_the_maker_cannot_check_with_any_account(proposed: Any, in_park: Any) -> None:
    inside, application, decision = proposed
    maker = Person.objects.get(pk=inside.bank.maker.person_id)
    second_account = people.actor(
        "bank_checker", in_park, organisation=inside.bank.organisation, person=maker
    )
    with pytest.raises(Forbidden):
        _approve(second_account, application, decision)
    with pytest.raises(Forbidden):
        _approve(inside.bank.maker, application, decision)


def test_a_checker_of_another_bank_finds_nothing(proposed: Any, in_park: Any) -> None:
    _inside, application, decision = proposed
    other = make.bank(in_park, name="山城银行", code="other")
    with pytest.raises(NotFound):
        _approve(other.checker, application, decision)


def test_what_is_approved_is_what_was_seen(proposed: Any) -> None:
    inside, application, decision = proposed
    with pytest.raises(Conflict) as refused:
        _approve(inside.bank.checker, application, decision, content_hash="0" * 64)
    assert refused.value.code == "content_changed"
    for change in (
        {"amount": MILLION * 2},
        {"rate": Decimal("0.01")},
        {"content": {}},
        {"content_hash": "0" * 64},
        {"maker_person": 1},
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Decision.objects.filter(pk=decision.pk).update(**change)


def test_a_decision_is_made_once(proposed: Any) -> None:
    inside, application, decision = proposed
    decisions.decide(
        by=inside.bank.checker,
        application_id=application.pk,
        outcome="reject",
        content_hash=decision.content_hash,
        reason="capacity",
    )
    with pytest.raises(DatabaseError, match="decided already"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(outcome="approved")
    with pytest.raises((Conflict, NotFound)):
        _approve(inside.bank.checker, application, decision)


def test_rejecting_needs_a_reason_and_returning_a_word(proposed: Any) -> None:
    inside, application, decision = proposed
    for outcome in ("reject", "return"):
        with pytest.raises(Refused):
            _approve(inside.bank.checker, application, decision, outcome=outcome)


def test_returned_proposals_are_made_anew(proposed: Any) -> None:
    inside, application, decision = proposed
    _approve(inside.bank.checker, application, decision, outcome="return", note="金额偏高")
    again = decisions.propose(
        by=inside.bank.maker,
        application_id=application.pk,
        amount=MILLION / 2,
        rate=Decimal("0.045"),
        term_months=12,
    )
    with pytest.raises(Conflict):
        _approve(inside.bank.checker, application, decision)
    _approve(inside.bank.checker, application, again)
    application.refresh_from_db()
    assert (application.status, application.reserved) == ("approved", MILLION / 2)


@pytest.mark.parametrize(
    "terms",
    [
        {"amount": MILLION + 1},
        {"amount": Decimal(0)},
        {"rate": Decimal("0.0601")},
        {"rate": Decimal("0.0299")},
        {"term_months": 37},
        {"term_months": 2},
    ],
)
def test_proposals_stay_within_what_was_applied_for_and_the_product(
    inside: Any, terms: dict[str, Any]
) -> None:
    application = inside.submitted()
    with pytest.raises(Refused):
        decisions.propose(
            **(
                {
                    "by": inside.bank.maker,
                    "application_id": application.pk,
                    "amount": MILLION,
                    "rate": Decimal("0.045"),
                    "term_months": 12,
                }
                | terms
            )
        )
    content = {"amount": MILLION, "rate": Decimal("0.045"), "term_months": 12} | terms
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.create(
            application=application,
            content={},
            content_hash="0" * 64,
            maker_person=inside.bank.maker.person_id,
            maker_name="x",
            **content,
        )


def test_sql_cannot_put_the_maker_in_the_checkers_place(proposed: Any) -> None:
    inside, _application, decision = proposed
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(
            outcome="approved", checker_person=inside.bank.maker.person_id
        )


def test_sql_cannot_approve_without_a_decision(proposed: Any) -> None:
    inside, application, _decision = proposed
    with pytest.raises(DatabaseError, match="two people"), transaction.atomic():
        make.step(
            application, "approve", "bank_checker", "approved", person=inside.bank.checker, reserve=MILLION
        )


@pytest.mark.parametrize("who", ["maker", "signatory", "nobody"])
def test_sql_cannot_approve_as_someone_who_is_no_checker(proposed: Any, who: str) -> None:
    inside, application, decision = proposed
    person = {"maker": inside.bank.maker, "signatory": inside.firm.signatory, "nobody": None}[who]
    make.decide(decision, "approved", inside.bank.checker)
    with pytest.raises(DatabaseError, match="is not bank_checker here"), transaction.atomic():
        make.step(application, "approve", "bank_checker", "approved", person=person, reserve=MILLION)


def test_sql_cannot_write_the_state_or_rewrite_history(proposed: Any) -> None:
    _inside, application, _decision = proposed
    for change in ({"status": "approved"}, {"reserved": 0}, {"amount": MILLION}):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Application.objects.filter(pk=application.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ApplicationEvent.objects.filter(application=application).update(event="approve")
    with pytest.raises(DatabaseError), transaction.atomic():
        ApplicationEvent.objects.filter(application=application).delete()


def test_after_the_consent_nothing_is_approved(proposed: Any) -> None:
    inside, application, decision = proposed
    make.revoke(inside.consent, inside.firm)
    with pytest.raises((Conflict, NotFound)):
        _approve(inside.bank.checker, application, decision)
    make.decide(decision, "approved", inside.bank.checker)
    with pytest.raises(DatabaseError, match="consent is not active"), transaction.atomic():
        make.step(
            application, "approve", "bank_checker", "approved", person=inside.bank.checker, reserve=MILLION
        )


def test_product_versions_need_two_persons_and_never_change(in_park: Any) -> None:
    bank = make.bank(in_park)
    terms = products.Terms(
        cap=MILLION,
        min_score=Decimal(60),
        rate_low=Decimal("0.03"),
        rate_high=Decimal("0.05"),
        term_min=3,
        term_max=12,
    )
    second = products.propose(by=bank.maker, code=bank.product.code, name=bank.product.name, terms=terms)
    with pytest.raises(Forbidden):
        products.activate(by=bank.maker, version_id=second.pk)
    with pytest.raises(IntegrityError, match="two_persons"), transaction.atomic():
        ProductVersion.objects.filter(pk=second.pk).update(
            state="active", activated_by_ref=bank.maker.person_id
        )
    products.activate(by=bank.checker, version_id=second.pk)
    bank.version.refresh_from_db()
    assert bank.version.state == "retired"
    for change in ({"cap": 1}, {"rate_high": Decimal("0.09")}, {"formula": {}}, {"digest": ""}):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            ProductVersion.objects.filter(pk=second.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ProductVersion.objects.filter(pk=second.pk).update(
            state="draft", activated_by_ref=None, activated_at=None
        )
    assert Product.objects.count() == 1


def test_withdrawing_is_the_signatorys(proposed: Any) -> None:
    inside, application, _decision = proposed
    with pytest.raises((Forbidden, Conflict, NotFound)):
        applications.withdraw(by=inside.firm.agent, application_id=application.pk)
    applications.withdraw(by=inside.firm.signatory, application_id=application.pk)
    inside.line.refresh_from_db()
    assert inside.line.reserved == 0

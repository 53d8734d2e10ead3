"""Two reviewers, at most two returns, and what is frozen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from enterprises.models import Declaration, DeclaredValue, VerificationDecision
from enterprises.queries import verified
from enterprises.services import cycles, declarations, verification
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.models import AuditEvent, Notification, Person
from tests.factories import enterprises as make
from tests.factories import parks as people
from tests.factories.enterprises import finish, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def first(in_park: Any) -> Any:
    return people.actor("park_reviewer", in_park, name="赵审")


@pytest.fixture
def second(in_park: Any) -> Any:
    return people.actor("park_reviewer", in_park, name="钱审")


@pytest.fixture
def case(declaration: Any, agent: Any, signatory: Any) -> Declaration:
    """Submitted, with R&D expense disputed."""
    declarations.correct(
        by=agent,
        declaration=declaration,
        code="rd_expense",
        version=1,
        reason="以审计报告为准",
        amount=Decimal(7_020_000),
    )
    finish(declaration, agent)
    return sign(declaration, signatory)


def decide(by: Any, case: Declaration, code: str, decision: str, **more: Any) -> None:
    verification.decide(by=by, value=make.value(case, code), decision=decision, **more)


def test_accepting_the_undisputed_leaves_disputes_and_missing(case: Declaration, first: Any) -> None:
    assert verification.accept_undisputed(by=first, declaration=case) == 13
    assert make.value(case, "revenue").verified_amount == 86_000_000
    assert make.value(case, "rd_expense").state == "disputed"


@pytest.mark.parametrize(
    ("decision", "more", "amount"),
    [
        ("accept", {}, 7_020_000),
        ("keep", {"reason": "材料不支持"}, 6_880_000),
        ("adjust", {"reason": "按附注调整", "amount": Decimal(7_000_000)}, 7_000_000),
    ],
)
def test_a_dispute_is_accepted_refused_or_adjusted(
    case: Declaration, first: Any, decision: str, more: Any, amount: int
) -> None:
    decide(first, case, "rd_expense", decision, **more)
    value = make.value(case, "rd_expense")
    assert (value.state, value.verified_amount, value.verified_by_ref) == (
        "verified",
        amount,
        first.person_id,
    )
    assert (value.prefilled_amount, value.declared_amount) == (6_880_000, 7_020_000)
    row = VerificationDecision.objects.get()
    assert (row.decision, row.decided_by_ref) == (decision, first.person_id)


@pytest.mark.parametrize("decision", ["keep", "adjust", "mark"])
def test_all_but_accepting_need_a_reason(case: Declaration, first: Any, decision: str) -> None:
    with pytest.raises(Refused, match="理由"):
        decide(first, case, "rd_expense", decision, amount=Decimal(1))


def test_decisions_are_never_changed(case: Declaration, first: Any) -> None:
    decide(first, case, "rd_expense", "accept")
    for act in (
        lambda: VerificationDecision.objects.update(reason="x"),
        lambda: VerificationDecision.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_who_decided_does_not_sign_whatever_the_account(
    case: Declaration, in_park: Any, first: Any, second: Any
) -> None:
    verification.accept_undisputed(by=first, declaration=case)
    with pytest.raises(Refused, match="未核定"):
        verification.sign(by=second, declaration=case)
    decide(first, case, "rd_expense", "accept")
    other_account = people.actor("park_reviewer", in_park, person=Person.objects.get(pk=first.person_id))
    for same_person in (first, other_account):
        with pytest.raises(Forbidden, match="另一位"):
            verification.sign(by=same_person, declaration=case)
    assert verification.sign(by=second, declaration=case).state == "verified"


def test_a_declaration_nobody_decided_is_not_signed(case: Declaration, second: Any) -> None:
    with pytest.raises(Refused):
        verification.sign(by=second, declaration=case)


def test_nobody_reviews_what_he_signed(case: Declaration, in_park: Any, signatory: Any) -> None:
    same = people.actor("park_reviewer", in_park, person=Person.objects.get(pk=signatory.person_id))
    for act in (
        lambda: verification.accept_undisputed(by=same, declaration=case),
        lambda: decide(same, case, "rd_expense", "accept"),
        lambda: verification.sign(by=same, declaration=case),
    ):
        with pytest.raises(Forbidden):
            act()


def test_returning_sends_all_items_at_once_and_at_most_twice(
    case: Declaration, first: Any, agent: Any, signatory: Any
) -> None:
    with pytest.raises(Refused, match="先标出"):
        verification.send_back(by=first, declaration=case)
    for number in (1, 2):
        for code in ("rd_expense", "revenue"):
            decide(first, case, code, "mark", reason="请补充审计报告")
        verification.send_back(by=first, declaration=case)
        case.refresh_from_db()
        assert (case.state, case.returns) == ("returned", number)
        assert Notification.objects.filter(text__contains="共 2 项").count() == number
        with pytest.raises(Refused, match="退回"):
            sign(case, signatory)
        for code in ("rd_expense", "revenue"):
            row = make.value(case, code)
            declarations.correct(
                by=agent,
                declaration=case,
                code=code,
                version=row.version,
                reason="已补充材料",
                amount=row.amount,
            )
        case = sign(case, signatory)
    decide(first, case, "rd_expense", "mark", reason="请补充审计报告")
    with pytest.raises(Conflict, match="两次"):
        verification.send_back(by=first, declaration=case)


def verify(case: Declaration, first: Any, second: Any) -> None:
    verification.accept_undisputed(by=first, declaration=case)
    decide(first, case, "rd_expense", "accept")
    verification.sign(by=second, declaration=case)


def test_facts_are_the_verified_values_of_verified_declarations(
    case: Declaration, first: Any, second: Any
) -> None:
    assert list(verified.facts_for(case.cycle)) == []
    assert verified.excluded_counts(case.cycle) == {"submitted": 1}
    verify(case, first, second)
    (facts,) = verified.facts_for(case.cycle)
    assert facts.values["rd_expense"].amount == 7_020_000
    assert (facts.values["rd_expense"].state, facts.values["rd_expense"].verified_by) == (
        "reported",
        first.person_id,
    )
    assert facts.values["platforms"].state == "missing"
    found = verified.amounts_of(enterprise_id=case.enterprise_id, year=2025, codes=["revenue", "nonsense"])
    assert found == {"revenue": 86_000_000, "nonsense": None}


def test_freezing_locks_verified_declarations_once(
    case: Declaration, admin: Any, first: Any, second: Any
) -> None:
    verify(case, first, second)
    cycles.freeze(by=admin, cycle=case.cycle)
    case.refresh_from_db()
    assert case.state == "frozen"
    assert AuditEvent.objects.filter(action="cycle.locked").exists()
    with pytest.raises(Conflict, match="已冻结"):
        cycles.freeze(by=admin, cycle=case.cycle)
    with pytest.raises(Conflict):
        decide(first, case, "revenue", "accept")


def test_facts_of_many_firms_ask_a_constant_number_of_questions(
    admin: Any, django_assert_num_queries: Any
) -> None:
    cycle = make.cycle(admin)
    for number in range(2, 6):
        make.declaration(admin, make.enterprise(number), cycle, revenue=number)
    Declaration.objects.update(state="verified")
    with django_assert_num_queries(3):
        assert len(list(verified.facts_for(cycle))) == 4
    assert DeclaredValue.objects.count() == 4 * 35

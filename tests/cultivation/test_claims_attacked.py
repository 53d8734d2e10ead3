"""Claims under attack: one thing paid twice, one human on both sides, money that was excluded, figures that were put right."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cultivation.forms.fields import AccountField, figure_field
from cultivation.models import Claim
from cultivation.queries import claims as queries
from cultivation.queries import matching_facts
from cultivation.services import claims, policies
from enterprises.models import DeclaredValue
from enterprises.services import reviewing
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.clock import db_today
from parks.models import Person
from parks.services import benefits
from parks.todo import todos_for
from tests.cultivation.test_claims import walk
from tests.factories import files
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def approved(office: make.Office, claim: Claim) -> Claim:
    claim = walk(office, claim, ("reviewer", "review"), ("reviewer2", "joint"), ("publisher", "notice"))
    make.notice_over(claim)
    return walk(office, claim, ("publisher", "approve"), ("admin", "approve"))


@pytest.mark.parametrize(
    "changed",
    [{"stacking": "{group: rd}"}, {"period": "{label: '２０２５ 年度'}"}],
    ids=["another group", "the year in other letters"],
)
def test_a_new_version_does_not_open_a_second_claim_for_the_year(
    office: make.Office, changed: dict[str, str]
) -> None:
    firm = make.firm(office.park)
    make.filed(firm, office.release())
    with pytest.raises(Conflict, match="claimed_already"):
        make.filed(firm, office.release(make.text(**changed)))


def test_another_year_is_another_policy_with_a_budget_of_its_own(office: make.Office) -> None:
    office.release()
    with pytest.raises(Refused, match="period_fixed"):
        office.release(make.text(period="{label: 2026年度}"))
    assert office.release(make.text(code="rd_2026", period="{label: 2026年度}"))


def test_a_budget_is_not_lowered_below_what_firms_were_promised(office: make.Office) -> None:
    make.filed(make.firm(office.park), office.release(make.text(budget_wan="20")))
    with pytest.raises(Conflict, match="budget_below"):
        office.release(make.text(budget_wan="14"))


def test_a_draft_dies_with_its_policy(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    make.drafted(office, version)
    claim = Claim.objects.get()
    policies.retire(by=office["admin"], version_id=version.pk, reason="文件废止")
    with pytest.raises(Conflict, match="not_in_force"):
        claims.correct(by=firm.agent, claim_id=claim.pk, inputs={}, account=make.ACCOUNT)
    claims.step(by=firm.agent, claim_id=claim.pk, event="withdraw")


def test_a_firm_that_files_while_drafts_are_made_has_one_claim(
    office: make.Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, quick, slow = office.release(), make.firm(office.park), make.firm(office.park, 2)
    read = matching_facts.firms

    def files_meanwhile(*args: Any) -> Any:
        if not Claim.objects.exists() and not args:
            make.filed(quick, version)
        return read(*args)

    monkeypatch.setattr(matching_facts, "firms", files_meanwhile)
    assert make.drafted(office, version) == 1
    assert sorted(Claim.objects.values_list("enterprise_id", "state")) == [
        (quick.enterprise.pk, "submitted"),
        (slow.enterprise.pk, "draft"),
    ]


@pytest.mark.parametrize(("event", "before"), [("review", ()), ("joint", (("reviewer2", "review"),))])
def test_who_filed_for_the_firm_does_not_decide_for_the_park(
    office: make.Office, event: str, before: tuple[Any, ...]
) -> None:
    version, firm = office.release(), make.firm(office.park)
    both = people.actor("park_reviewer", office.park, person=Person.objects.get(pk=firm.agent.person_id))
    claim = walk(office, make.filed(firm, version), *before)
    assert not [one for one in todos_for(both) if one.label == "政策兑现申请"]
    with pytest.raises(Forbidden, match="same_person"):
        claims.step(by=both, claim_id=claim.pk, event=event)


def test_who_declared_a_stake_in_the_firm_takes_no_step(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    claim = make.filed(firm, version)
    reviewing.declare_conflict(by=office["reviewer"], enterprise=firm.enterprise, reason="配偶任职")
    assert not [one for one in todos_for(office["reviewer"]) if one.label == "政策兑现申请"]
    with pytest.raises(Forbidden, match="conflict_of_interest"):
        walk(office, claim, ("reviewer", "review"))
    walk(office, claim, ("reviewer2", "review"))


def test_money_that_came_after_filing_excludes_too(office: make.Office) -> None:
    version, firm = office.release(make.text(stacking="{not_with: [board_award]}")), make.firm(office.park)
    claim = walk(office, make.filed(firm, version), ("reviewer", "review"))
    benefits.hold(
        organisation_id=firm.enterprise.organisation_id, scheme="board_award", subject="award:1", label="创新投入十强", amount=1
    )  # fmt: skip
    with pytest.raises(Conflict, match="excluded"):
        walk(office, claim, ("reviewer2", "joint"))
    walk(office, claim, ("reviewer2", "refuse"), reason="double")


def test_an_approved_claim_can_still_be_stopped_before_it_is_paid(office: make.Office) -> None:
    claim = approved(office, make.filed(make.firm(office.park), office.release()))
    claim = walk(office, claim, ("publisher", "refuse"), reason="credit")
    claim.policy.refresh_from_db()
    assert (claim.state, claim.policy.committed) == ("refused", 0)
    page = Client().get(reverse("cultivation:claim_notices", kwargs={"park": "cq"})).content.decode()
    assert page.count("148,000") + page.count("14.80") == 1 and "未予兑现" in page


def test_money_is_not_paid_before_it_was_approved(office: make.Office) -> None:
    claim = approved(office, make.filed(make.firm(office.park), office.release()))
    with pytest.raises(Refused, match="payment"):
        walk(office, claim, ("fund", "pay"), paid_on=db_today() - dt.timedelta(days=1), paid_reference="GK-1")


def test_figures_put_right_after_filing_are_told_to_who_decides(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    claim = make.filed(firm, version)
    assert queries.put_right(claim) is None
    DeclaredValue.objects.filter(code="rd_expense", verified_amount=6_880_000).update(
        verified_amount=6_400_000
    )
    now = queries.put_right(claim)
    assert now is not None and now.yuan == 100_000
    address = reverse("cultivation:claim", kwargs={"park": "cq", "claim_id": claim.pk})
    told = "按现在的数据应为 10.00 万元"
    assert told in people.client_for(office["reviewer"]).get(address).content.decode()
    assert told not in people.client_for(firm.agent).get(address).content.decode()


def test_a_document_that_serves_twice_is_told_to_who_decides(office: make.Office) -> None:
    version, firm, other = office.release(), make.firm(office.park), make.firm(office.park, 2)

    def contract() -> SimpleUploadedFile:
        return SimpleUploadedFile("合同.pdf", files.pdf("同一份合同"), content_type="application/pdf")

    first, second = (make.filed(one, version, upload=contract()) for one in (firm, other))
    address = reverse("cultivation:claim", kwargs={"park": "cq", "claim_id": second.pk})
    assert first.number in people.client_for(office["reviewer"]).get(address).content.decode()
    assert first.number not in people.client_for(other.agent).get(address).content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"), [("6222 0000-1234", "622200001234"), ("６２２２００００", "62220000")]
)
def test_an_account_is_taken_as_people_copy_it(typed: str, kept: str) -> None:
    assert AccountField().clean(typed) == kept


@pytest.mark.parametrize("typed", ["٦٦٦٦٦٦٦", "12345", "6222a00012"])
def test_what_is_no_account_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        AccountField().clean(typed)


@pytest.mark.parametrize("typed", ["1e5", "3_0", "1,5", "٣", "5 万元", "nan"])
def test_a_figure_that_could_be_misread_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        figure_field("占有率", "percent").clean(typed)


def test_one_human_with_two_accounts_and_roles_is_one_human(office: make.Office) -> None:
    claim = walk(office, make.filed(make.firm(office.park), office.release()), ("reviewer", "review"))
    person = Person.objects.get(pk=office["reviewer"].person_id)
    for role, event in (("park_admin", "joint"), ("score_officer", "joint")):
        with pytest.raises(Forbidden, match="same_person"):
            claims.step(by=people.actor(role, office.park, person=person), claim_id=claim.pk, event=event)
    claim = walk(office, claim, ("reviewer2", "joint"))
    again = people.actor("publisher", office.park, person=person)
    with pytest.raises(Forbidden, match="same_person"):
        claims.step(by=again, claim_id=claim.pk, event="notice")

"""Claims: from the pre-filled form to the confirmed payment, by different people, within the budget, once for a thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cultivation.models import Claim, ClaimEvent, ClaimNotice, Policy
from cultivation.queries import claims as queries
from cultivation.services import claims, policies
from cultivation.states import CLAIM_STEPS, OTHER_THAN
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.clock import db_now, db_today
from parks.models import Notification
from parks.scope import park_scope
from parks.services import benefits
from parks.todo import todos_for
from tests.conftest import owner_connection
from tests.factories import files
from tests.factories import parks as people
from tests.factories import policies as make
from tests.finance.test_line import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def walk(office: make.Office, claim: Claim, *steps: tuple[str, str], **more: Any) -> Claim:
    for who, event in steps:
        claim = claims.step(by=office[who], claim_id=claim.pk, event=event, **more)
    return claim


def test_a_firm_files_what_the_data_say_and_the_budget_holds_it(office: make.Office) -> None:
    version, firm = office.release(make.text(budget_wan="20")), make.firm(office.park)
    claim = make.filed(firm, version)
    claim.refresh_from_db()
    assert (claim.state, claim.amount, claim.result["known"]["rd_increase"]) == (
        "submitted",
        148_000,
        "148",
    )
    assert claim.due_on > db_today() + dt.timedelta(days=80)
    assert Policy.objects.get().committed == 148_000
    with pytest.raises(Conflict, match="claimed_already"):
        make.filed(firm, version)
    with pytest.raises(Conflict, match="budget_used_up"):
        make.filed(make.firm(office.park, 2), version)
    claims.step(by=firm.agent, claim_id=claim.pk, event="withdraw")
    assert Policy.objects.get().committed == 0
    assert make.filed(firm, version).pk != claim.pk


def test_who_is_not_eligible_or_unknown_is_refused_with_the_reason(office: make.Office) -> None:
    version = office.release()
    with pytest.raises(Refused) as caught:
        make.filed(make.firm(office.park, 2, rd_expense=1_000_000, rd_expense_prev=900_000), version)
    assert "差 1.84%" in str(caught.value.message)
    contracts = office.release(make.text("hz32_tech_contract", period="{label: 长期}"))
    with pytest.raises(Refused, match="data_missing"):
        make.filed(make.firm(office.park, 3), contracts)


def test_the_whole_way_takes_different_people(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    claim = walk(office, make.filed(firm, version), ("reviewer", "review"))
    with pytest.raises(Forbidden, match="same_person"):
        walk(office, claim, ("reviewer", "joint"))
    claim = walk(office, claim, ("reviewer2", "joint"), ("publisher", "notice"))
    assert ClaimNotice.objects.get().amount == 148_000
    with pytest.raises(Conflict, match="notice_runs"):
        walk(office, claim, ("publisher", "approve"))
    make.notice_over(claim)
    claim = walk(office, claim, ("publisher", "approve"))
    with pytest.raises(Forbidden, match="same_person"):
        walk(office, claim, ("publisher", "approve"))
    claim = walk(office, claim, ("admin", "approve"))
    with pytest.raises(Refused, match="payment"):
        walk(office, claim, ("fund", "pay"))
    claim = walk(office, claim, ("fund", "pay"), paid_on=db_today(), paid_reference="GK-1")
    with pytest.raises(Forbidden, match="same_person"):
        walk(office, claim, ("fund", "confirm"))
    claim = walk(office, claim, ("fund2", "confirm"))
    policy = Policy.objects.get()
    assert (claim.state, policy.committed, policy.paid) == ("closed", 148_000, 148_000)
    assert (
        Notification.objects.filter(
            organisation_id=firm.enterprise.organisation_id, url__contains="/claims/"
        ).count()
        == 3
    )


def test_a_policy_may_exclude_other_public_money_of_the_year(office: make.Office) -> None:
    """The register is one for awards, subsidies and claims: whoever has the one may not have the other."""
    version, firm = office.release(make.text(stacking="{not_with: [board_award]}")), make.firm(office.park)
    held = {"organisation_id": firm.enterprise.organisation_id, "subject": "award:2025"}
    benefits.hold(scheme="board_award", label="创新投入十强", amount=Decimal(200_000), **held)
    with pytest.raises(Conflict, match="excluded"):
        make.filed(firm, version)
    benefits.let_go(**held)
    claim = make.filed(firm, version)
    with pytest.raises(Conflict, match="benefit_held"):
        benefits.hold(
            organisation_id=held["organisation_id"],
            scheme="interest_subsidy",
            subject=f"policy:{claim.subject}",
            label="x",
            amount=Decimal(1),
        )


def test_a_policy_that_has_ended_or_was_retired_takes_no_more_claims(office: make.Office) -> None:
    ended = office.release(make.text(period="{label: 2025年度, starts: 2025-01-01, ends: 2025-12-31}"))
    with pytest.raises(Conflict, match="not_open"):
        make.filed(make.firm(office.park), ended)
    with pytest.raises(Conflict, match="not_open"):
        claims.prepare(by=office["officer"], version_id=ended.pk)
    policies.retire(by=office["admin"], version_id=ended.pk, reason="到期")
    with pytest.raises(NotFound):
        make.filed(make.firm(office.park, 2), ended)


def test_what_decided_stays_when_the_policy_changes_afterwards(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    claim = make.filed(firm, version)
    office.release(make.text(cap_wan="3", tests=make.UNKNOWN))
    claim = walk(office, claim, ("reviewer", "review"))
    assert (claim.amount, claim.result["known"]["rd_increase"]) == (148_000, "148")
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(result={})


def test_a_notice_cannot_be_cut_short_and_nothing_is_paid_twice(office: make.Office) -> None:
    claim = walk(
        office,
        make.filed(make.firm(office.park), office.release()),
        ("reviewer", "review"),
        ("reviewer2", "joint"),
    )
    by = office["publisher"]
    event = {
        "claim": claim, "from_state": "joint", "event": "notice", "role": by.role, "to_state": "notice",
        "person_ref": by.person_id, "person_name": "x",
    }  # fmt: skip
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimEvent.objects.create(**event, notice_ends_at=db_now() + dt.timedelta(days=1))
    claim = walk(office, claim, ("publisher", "notice"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(notice_ends_at=db_now())
    make.notice_over(claim)
    claim = walk(office, claim, ("publisher", "approve"), ("admin", "approve"))
    paid = {"paid_on": db_today(), "paid_reference": "GK-1"}
    claim = walk(office, claim, ("fund", "pay"), **paid)
    for who in ("fund", "fund2"):
        with pytest.raises(Conflict, match="not_allowed_now"):
            walk(office, claim, (who, "pay"), **paid)
    walk(office, claim, ("fund2", "confirm"))
    with pytest.raises(Conflict, match="not_allowed_now"):
        walk(office, claim, ("fund2", "confirm"))
    assert Policy.objects.get().paid == 148_000


def test_a_claim_goes_back_twice_at_most(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    claim = make.filed(firm, version)
    for _round in range(2):
        claim = walk(office, claim, ("reviewer", "return"), note="请补充辅助账")
        assert [one for one in todos_for(firm.agent) if "补正" in one.label]
        claims.correct(by=firm.agent, claim_id=claim.pk, inputs={}, account=make.ACCOUNT)
    with pytest.raises(Conflict, match="returned_twice"):
        walk(office, claim, ("reviewer", "return"), note="再补")
    with pytest.raises(Refused, match="reason_missing"):
        walk(office, claim, ("reviewer", "refuse"))
    claim = walk(office, claim, ("reviewer", "refuse"), reason="papers")
    assert (claim.state, Policy.objects.get().committed) == ("refused", 0)


def test_what_is_submitted_is_fixed_even_by_sql(office: make.Office) -> None:
    claim = make.filed(make.firm(office.park), office.release())
    for change in ({"amount": 1}, {"account_number": "1234567"}, {"state": "closed"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Claim.objects.filter(pk=claim.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        ClaimEvent.objects.create(
            claim=claim,
            from_state="submitted",
            event="pay",
            role="fund_manager",
            to_state="paid",
            person_ref=office["fund"].person_id,
            person_name="x",
        )


def test_ready_made_claims_need_the_account_only(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    make.firm(office.park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    assert make.drafted(office, version) == 1
    assert make.drafted(office, version) == 0
    make.told()
    (message,) = Notification.objects.filter(
        organisation_id=firm.enterprise.organisation_id, text__contains="免申即享"
    )
    claim = Claim.objects.get()
    assert (claim.state, claim.is_automatic, Policy.objects.get().committed) == ("draft", True, 0)
    client = people.client_for(firm.agent)
    address = reverse("cultivation:claim", kwargs={"park": "cq", "claim_id": claim.pk})
    assert client.get(message.url)["Location"] == address
    key = {"idempotency_key": "k1"}
    assert client.post(address, {"account_name": "示例"} | key).status_code == 422
    assert client.post(address, make.ACCOUNT | key).status_code == 302
    assert client.post(address, make.ACCOUNT | key).status_code == 302  # pressed twice
    claim.refresh_from_db()
    assert claim.state == "submitted"


def test_drafts_are_made_under_the_policy_that_pays_most(office: make.Office) -> None:
    make.firm(office.park)
    office.release(make.text(stacking="{group: rd}"))
    small = office.release(
        make.text(code="rd_small", cap_wan="3", stacking="{group: rd}", tests=make.UNKNOWN)
    )
    assert make.drafted(office, small) == 0


def test_the_statements_do_not_grow_with_the_drafts(office: make.Office) -> None:
    version, asked = office.release(), []
    for firms in ((1,), (2, 3, 4)):
        for number in firms:
            make.firm(office.park, number)
        with CaptureQueriesContext(connection) as captured:
            make.drafted(office, version)
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_papers_come_from_the_library_or_join_it(office: make.Office) -> None:
    version, firm, other = office.release(), make.firm(office.park), make.firm(office.park, 2)
    upload = SimpleUploadedFile("辅助账.pdf", files.pdf("账"), content_type="application/pdf")
    claim = make.filed(firm, version, upload=upload)
    (paper,) = queries.papers(claim)
    with pytest.raises(Refused, match="no_such_paper"):
        make.filed(other, version, evidence_ids=[paper.evidence_id])
    claims.step(by=firm.agent, claim_id=claim.pk, event="withdraw")
    again = make.filed(firm, version, evidence_ids=[paper.evidence_id])
    assert queries.papers(again)[0].evidence_id == paper.evidence_id


def test_the_claim_on_paper_tells_figures_sources_formula_papers_and_decisions(office: make.Office) -> None:
    version, firm = office.release(), make.firm(office.park)
    upload = SimpleUploadedFile("辅助账.pdf", files.pdf("账"), content_type="application/pdf")
    claim = walk(office, make.filed(firm, version, upload=upload), ("reviewer", "review"), note="账目相符")
    year = claim.result["year"]
    assert [(one.label, one.figure, one.source) for one in queries.facts(claim)][-1] == (
        "研发费用增加额", "148 万元", f"{year} 年度已核定数据",
    )  # fmt: skip
    address = reverse("cultivation:claim_paper", kwargs={"park": "cq", "claim_id": claim.pk})
    page = people.client_for(firm.agent).get(address).content.decode()
    for text in (
        "148 万元 × 10% = 14.8 万元",
        "辅助账.pdf",
        "账目相符",
        "148,000.00",
        "渝高新发〔2025〕12号",
    ):
        assert text in page
    assert make.ACCOUNT["account_number"] not in page
    file = people.client_for(office["reviewer"]).get(address, {"export": "pdf"})
    assert file.status_code == 200 and file.content.startswith(b"%PDF")
    assert people.client_for(make.firm(office.park, 2).agent).get(address).status_code == 404


def test_a_firm_sees_its_own_claims_only(office: make.Office) -> None:
    version, firm, other = office.release(), make.firm(office.park), make.firm(office.park, 2)
    claim = make.filed(firm, version)
    with pytest.raises(NotFound):
        claims.step(by=other.agent, claim_id=claim.pk, event="withdraw")
    address = reverse("cultivation:claim", kwargs={"park": "cq", "claim_id": claim.pk})
    assert people.client_for(other.agent).get(address).status_code == 404
    page = people.client_for(firm.agent).get(address).content.decode()
    assert "还有 60 个" in page


def test_the_queue_filters_searches_and_exports(office: make.Office) -> None:
    version = office.release()
    for number in (1, 2):
        make.filed(make.firm(office.park, number), version)
    client = people.client_for(office["reviewer"])
    address = reverse("cultivation:claim_queue", kwargs={"park": "cq"})
    page = client.get(address, {"name": "示例企业1", "mine": "true"}).content.decode()
    assert "示例企业1" in page and "示例企业2" not in page
    assert client.get(address, {"export": "xlsx"}).status_code == 200
    assert [one.count for one in todos_for(office["reviewer"]) if one.label == "政策兑现申请"] == [2]


def test_the_clocks_of_a_list_ask_for_day_and_calendar_once(office: make.Office) -> None:
    version = office.release()
    for number in (1, 2, 3):
        make.filed(make.firm(office.park, number), version)
    rows = list(queries.queue())
    with CaptureQueriesContext(connection) as asked:
        clocks = queries.clocks(rows)
    assert [clock.left for _row, clock in clocks if clock] == [60, 60, 60]
    assert len(asked) == 2


def test_the_database_knows_the_same_steps_and_pairs_of_people(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT from_state, event, role, to_state FROM cultivation_claimtransition")
        assert set(cursor.fetchall()) == set(CLAIM_STEPS)
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'cultivation_claim_step'")
        source = cursor.fetchone()[0]
    for event, others in OTHER_THAN.items():
        listed = ", ".join(f"'{one}'" for one in others)
        assert f"WHEN '{event}' THEN ARRAY[{listed}]" in source


UNLOCKED = """
CREATE OR REPLACE FUNCTION cultivation_reserve(p_park bigint, p_policy bigint, p_delta numeric, p_paid numeric) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE free boolean;
BEGIN
  SELECT budget IS NULL OR committed + p_delta <= budget INTO free FROM public.cultivation_policy WHERE park_id = p_park AND id = p_policy;
  PERFORM pg_sleep(0.2);
  IF NOT free THEN RAISE EXCEPTION 'no' USING ERRCODE = 'IS007', DETAIL = '0'; END IF;
  UPDATE public.cultivation_policy SET committed = committed + p_delta, paid = paid + p_paid WHERE park_id = p_park AND id = p_policy;
END $$"""


def all_file(park: Any) -> tuple[list[Any], Policy]:
    """Ten firms file at once for 14.8 万元 each; the budget has 50."""
    with park_scope(park.pk):
        office = make.Office(park)
        version = office.release(make.text(budget_wan="50"))
        firms = [make.firm(park, number) for number in range(1, 11)]

    def file(i: int) -> Any:
        with park_scope(park.pk):
            return make.filed(firms[i], version)

    results = race(len(firms), file)
    with park_scope(park.pk):
        return results, Policy.objects.get()


def test_the_last_of_a_budget_goes_to_exactly_as_many_as_it_holds(live_db: None, park: Any) -> None:
    results, policy = all_file(park)
    lost = [one for one in results if isinstance(one, Conflict)]
    assert (len(results) - len(lost), {one.code for one in lost}, policy.committed) == (
        3,
        {"budget_used_up"},
        444_000,
    )


def test_without_the_guard_the_budget_is_overrun(live_db: None, park: Any) -> None:
    with weakened():
        _results, policy = all_file(park)
    assert policy.committed > 500_000


@contextmanager
def weakened() -> Iterator[None]:
    """The reservation without its lock, and without the CHECK that would still catch it."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef('cultivation_reserve(bigint,bigint,numeric,numeric)'::regprocedure)"
        )
        sound = cursor.fetchone()[0]
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'policy_budget'")
        check = cursor.fetchone()[0]
        cursor.execute("ALTER TABLE cultivation_policy DROP CONSTRAINT policy_budget")
        cursor.execute(UNLOCKED)
    try:
        yield
    finally:
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute(sound)
            cursor.execute(f"ALTER TABLE cultivation_policy ADD CONSTRAINT policy_budget {check} NOT VALID")
            cursor.execute("TRUNCATE cultivation_policy CASCADE")
            cursor.execute("ALTER TABLE cultivation_policy VALIDATE CONSTRAINT policy_budget")

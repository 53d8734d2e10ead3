"""Claims, conflicts of interest, returns in one notice, reasons to look closer, talk."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from enterprises.models import (
    Certification,
    Cycle,
    Declaration,
    DepartmentBatch,
    InternalNote,
    ReturnItem,
    ReturnNotice,
    ReviewClaim,
)
from enterprises.queries import declarations as queries
from enterprises.queries import reviews
from enterprises.services import (
    assigning,
    cycles,
    deadlines,
    declarations,
    registration,
    reviewing,
    verification,
)
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.models import AuditEvent, CalendarDay, Notification
from parks.services import evidence
from tests.factories import enterprises as make
from tests.factories import files
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
def case(declaration: Any, agent: Any, signatory: Any) -> Any:
    finish(declaration, agent)
    return sign(declaration, signatory)


def mark(by: Any, case: Any, code: str, **more: Any) -> None:
    verification.decide(by=by, value=make.value(case, code), decision="mark", reason="请补充审计报告", **more)


def test_the_second_claimer_is_told_who_and_may_not_decide(case: Any, first: Any, second: Any) -> None:
    reviewing.claim(by=first, declaration=case)
    reviewing.claim(by=first, declaration=case)
    with pytest.raises(Conflict, match="赵审"):
        reviewing.claim(by=second, declaration=case)
    with pytest.raises(Conflict, match="赵审"):
        verification.decide(by=second, value=make.value(case, "revenue"), decision="accept")
    reviewing.release(by=first, declaration=case)
    reviewing.claim(by=second, declaration=case)


def test_a_topic_is_claimed_beside_another_but_not_beside_the_whole(
    case: Any, first: Any, second: Any
) -> None:
    reviewing.claim(by=first, declaration=case, topic="talent")
    reviewing.claim(by=second, declaration=case, topic="rd_input")
    with pytest.raises(Conflict):
        reviewing.claim(by=second, declaration=case)
    verification.decide(by=second, value=make.value(case, "rd_expense"), decision="accept")
    with pytest.raises(Conflict):
        verification.decide(by=second, value=make.value(case, "staff_total"), decision="accept")


def test_after_two_hours_a_colleague_takes_over_with_a_reason(case: Any, first: Any, second: Any) -> None:
    reviewing.claim(by=first, declaration=case)
    ReviewClaim.objects.update(claimed_at=db_now() - dt.timedelta(hours=3))
    with pytest.raises(Refused, match="理由"):
        reviewing.claim(by=second, declaration=case)
    reviewing.claim(by=second, declaration=case, reason="同事请假")
    assert ReviewClaim.objects.get().person_ref == second.person_id


def test_the_office_gives_cases_to_a_reviewer_and_to_another_with_a_reason(
    case: Any, admin: Any, first: Any, second: Any
) -> None:
    give = functools.partial(assigning.assign, by=admin, numbers=[case.pk])
    assert give(reviewer_id=first.membership_id) == 1
    assert give(reviewer_id=first.membership_id) == 0  # who has it is not told again
    told = Notification.objects.get(person_ref=first.person_id)
    assert ("assigned=mine" in told.url, case.enterprise.name in told.text) == (True, False)
    ReviewClaim.objects.update(claimed_at=db_now() - dt.timedelta(hours=3))
    with pytest.raises(Conflict, match="改派"):
        reviewing.claim(by=second, declaration=case, reason="同事请假")
    with pytest.raises(Refused, match="理由"):
        give(reviewer_id=second.membership_id)
    assert give(reviewer_id=second.membership_id, reason="同事请假") == 1
    assert Notification.objects.filter(person_ref=first.person_id).count() == 2
    assert ReviewClaim.objects.get().person_ref == second.person_id
    changed = AuditEvent.objects.filter(action="case.assigned").latest("seq")
    assert (changed.before, changed.after) == ('{"had":["赵审"]}', '{"to":"钱审"}')
    assert assigning.unassign(by=admin, numbers=[case.pk], reason="退回待领取") == 1
    assert not ReviewClaim.objects.exists()


def test_who_must_stay_out_is_not_given_the_case_and_nothing_is_given_by_half(
    case: Any, admin: Any, first: Any
) -> None:
    other = sign_another(admin)
    reviewing.declare_conflict(by=first, enterprise=case.enterprise, reason="配偶任职")
    with pytest.raises(Conflict, match=f"赵审 须回避.*{case.enterprise.name}"):
        assigning.assign(by=admin, numbers=[case.pk, other.pk], reviewer_id=first.membership_id)
    assert not ReviewClaim.objects.exists()
    assert assigning.assign(by=admin, numbers=[other.pk], reviewer_id=first.membership_id) == 1
    for wrong in ([], [other.pk, 987654321]):
        with pytest.raises(Refused):
            assigning.assign(by=admin, numbers=wrong, reviewer_id=first.membership_id)


def test_cases_are_assigned_from_the_list_and_the_choice_survives_a_refusal(
    case: Any, admin: Any, first: Any, second: Any, client_as: Any
) -> None:
    office, page = client_as(admin), "/p/cq/review/declarations/assign/?state=submitted"
    sent = {"ids": [str(case.pk)], "reviewer": str(first.membership_id), "act": "give"}
    refused = office.post(page, sent | {"reviewer": "x"})
    assert (refused.status_code, f'value="{case.pk}"' in refused.content.decode()) == (422, True)
    assert office.post(page, sent)["Location"] == "/p/cq/review/declarations/?state=submitted"
    for whose, found in (("pool", False), (first.person_id, True), (second.person_id, False)):
        shown = office.get(f"/p/cq/review/declarations/?assigned={whose}").content.decode()
        assert (f'value="{case.pk}"' in shown) == found
    assert client_as(second).post(page, sent).status_code == 403
    assert "分配给 赵审" in client_as(second).get(f"/p/cq/review/declarations/{case.pk}/").content.decode()


def sign_another(admin: Any) -> Declaration:
    """A second firm's declaration in review."""
    firm = make.enterprise(2)
    other: Declaration = make.declaration(admin, firm, Cycle.objects.get(), **make.SOUND)
    Declaration.objects.filter(pk=other.pk).update(state="submitted", submitted_at=db_now())
    return other


def test_the_review_list_begins_with_what_waits_for_the_office(case: Any, admin: Any) -> None:
    later = sign_another(admin)
    assert list(queries.queue()) == [case, later]
    Declaration.objects.filter(pk=case.pk).update(state="frozen")
    assert list(queries.queue()) == [later, case]


def test_a_stake_in_the_firm_bars_a_reviewer_until_the_office_lifts_it(
    case: Any, first: Any, admin: Any
) -> None:
    reviewing.claim(by=first, declaration=case)
    row = reviewing.declare_conflict(by=first, enterprise=case.enterprise, reason="配偶任职")
    application = Certification.objects.create(enterprise=case.enterprise, state="submitted")
    assert not ReviewClaim.objects.exists()
    for act in (
        lambda: reviewing.claim(by=first, declaration=case),
        lambda: verification.accept_undisputed(by=first, declaration=case),
        lambda: verification.sign(by=first, declaration=case),
        lambda: registration.decide(by=first, case=application, event="certify"),
    ):
        with pytest.raises(Forbidden, match="回避"):
            act()
    with pytest.raises(Forbidden, match="自己"):
        reviewing.lift_conflict(by=first, conflict_id=row.pk, reason="配偶已离职")
    reviewing.lift_conflict(by=admin, conflict_id=row.pk, reason="配偶已离职")
    assert verification.accept_undisputed(by=first, declaration=case) > 0


def test_one_notice_with_reason_what_to_bring_and_five_working_days(case: Any, first: Any) -> None:
    today = db_today()
    CalendarDay.objects.bulk_create(
        CalendarDay(day=today + dt.timedelta(days=n), is_working_day=n > 7) for n in range(1, 20)
    )
    mark(first, case, "rd_expense", reason_code="missing", bring="专项审计报告")
    mark(first, case, "revenue", reason_code="nonsense")
    notice = verification.send_back(by=first, declaration=case)
    assert notice.due_at.astimezone(BEIJING).date() == today + dt.timedelta(days=12)
    items = {row.value.code: row for row in notice.items.select_related("value")}
    assert (items["rd_expense"].reason_code, items["rd_expense"].bring) == ("missing", "专项审计报告")
    assert items["revenue"].reason_code == "other"
    assert Notification.objects.filter(kind="return").count() == 1


def test_warned_and_unmarked_items_are_named_once(
    declaration: Any, agent: Any, signatory: Any, first: Any
) -> None:
    declarations.correct(
        by=agent,
        declaration=declaration,
        code="rd_staff",
        version=1,
        reason="以名册为准",
        amount=Decimal(150),
    )  # 4.6 万元 of R&D a head is plausible
    declarations.correct(
        by=agent,
        declaration=declaration,
        code="rd_expense",
        version=1,
        reason="以审计为准",
        amount=Decimal(900_000),
    )  # 0.6 万元 a head is not
    finish(declaration, agent)
    sign(declaration, signatory)
    mark(first, declaration, "revenue")
    with pytest.raises(Refused, match="科技人员数"):
        verification.send_back(by=first, declaration=declaration, sure=False)
    assert verification.send_back(by=first, declaration=declaration, sure=True).number == 1


def test_the_firm_answers_each_item_and_the_answers_stay(
    case: Any, first: Any, agent: Any, signatory: Any
) -> None:
    for code in ("rd_expense", "revenue"):
        mark(first, case, code)
    verification.send_back(by=first, declaration=case)
    declarations.confirm(by=agent, declaration=case, codes=["revenue"], answer="与报表一致")
    with pytest.raises(Refused, match="退回"):
        sign(case, signatory)
    row = make.value(case, "rd_expense")
    declarations.correct(
        by=agent, declaration=case, code="rd_expense", version=row.version, reason="已补充审计报告",
        amount=Decimal(7_020_000),
    )  # fmt: skip
    assert sign(case, signatory).state == "submitted"
    answers = dict(ReturnItem.objects.values_list("value__code", "answer"))
    assert answers == {"rd_expense": "已补充审计报告", "revenue": "与报表一致"}
    assert ReturnNotice.objects.get().answered_at is not None


def test_a_verified_value_that_goes_back_shows_the_firms_new_figure(
    case: Any, first: Any, agent: Any
) -> None:
    verification.accept_undisputed(by=first, declaration=case)
    mark(first, case, "revenue")
    verification.send_back(by=first, declaration=case)
    row = make.value(case, "revenue")
    declarations.correct(
        by=agent,
        declaration=case,
        code="revenue",
        version=row.version,
        reason="报表更正",
        amount=Decimal(1_000_000),
    )
    assert make.value(case, "revenue").amount == 1_000_000


def test_what_the_firm_says_anew_during_a_return_is_decided_anew(case: Any, first: Any, agent: Any) -> None:
    verification.decide(
        by=first, value=make.value(case, "rd_expense"), decision="adjust", amount=Decimal(8_000_000), reason="按审计报告"
    )  # fmt: skip
    mark(first, case, "revenue")
    verification.send_back(by=first, declaration=case)
    row = make.value(case, "rd_expense")
    declarations.correct(
        by=agent, declaration=case, code="rd_expense", version=row.version, reason="漏计一笔委外",
        amount=Decimal(9_000_000),
    )  # fmt: skip
    row = make.value(case, "rd_expense")
    assert (row.state, row.amount, row.verified_by_ref) == ("disputed", 9_000_000, None)


def test_a_confirmed_zero_is_one_again_when_a_mark_is_taken_off(
    declaration: Any, agent: Any, signatory: Any, first: Any
) -> None:
    row = make.value(declaration, "platforms")
    declarations.confirm_zero(by=agent, declaration=declaration, code="platforms", version=row.version)
    finish(declaration, agent)
    case = sign(declaration, signatory)
    mark(first, case, "platforms")
    verification.decide(by=first, value=make.value(case, "platforms"), decision="undo")
    assert make.value(case, "platforms").state == "zero_confirmed"
    verification.decide(by=first, value=make.value(case, "platforms"), decision="accept")
    verification.decide(by=first, value=make.value(case, "platforms"), decision="undo")
    assert make.value(case, "platforms").state == "zero_confirmed"


def test_nothing_is_reviewed_after_the_freeze(case: Any, first: Any, admin: Any) -> None:
    cycles.freeze(by=admin, cycle=case.cycle)
    with pytest.raises(Conflict, match="冻结"):
        verification.accept_undisputed(by=first, declaration=case)


def test_who_signed_once_never_verifies_although_the_clock_handed_in_again(
    case: Any, first: Any, signatory: Any, in_park: Any
) -> None:
    mark(first, case, "revenue")
    verification.send_back(by=first, declaration=case)
    Declaration.objects.update(return_due_at=db_now() - dt.timedelta(minutes=1))
    deadlines.watch(by=Actor.system(in_park))
    also = dataclasses.replace(first, person_id=signatory.person_id)
    with pytest.raises(Forbidden) as refusal:
        verification.accept_undisputed(by=also, declaration=case)
    assert refusal.value.code == "own_case"
    assert not queries.to_sign(signatory.person_id).exists()


def test_a_mark_and_a_decision_are_undone_until_the_case_is_signed(case: Any, first: Any) -> None:
    mark(first, case, "revenue")
    verification.decide(by=first, value=make.value(case, "revenue"), decision="undo")
    assert not ReturnItem.objects.exists()
    verification.decide(by=first, value=make.value(case, "revenue"), decision="accept")
    verification.decide(by=first, value=make.value(case, "revenue"), decision="undo")
    value = make.value(case, "revenue")
    assert (value.state, value.verified_amount) == ("confirmed", None)


def test_two_reviewers_of_one_item_do_not_overwrite_each_other(case: Any, first: Any, second: Any) -> None:
    value = make.value(case, "revenue")
    verification.decide(by=first, value=value, decision="accept", version=value.version)
    with pytest.raises(Conflict, match="另一位"):
        verification.decide(by=second, value=value, decision="accept", version=value.version)


def reasons(case: Any) -> dict[str, list[str]]:
    return {
        item.value.code: [reason.code for reason in item.reasons]
        for section in queries.sections(case, for_review=True)
        for item in section.items
        if item.reasons
    }


def test_sources_that_differ_and_shared_files_are_reasons_for_the_office_only(
    case: Any, in_park: Any, tmp_path: Any, settings: Any
) -> None:
    settings.EVIDENCE_ROOT = tmp_path
    batch = DepartmentBatch.objects.create(
        year=2025, source="stats", as_of=dt.date(2026, 5, 1), filename="s", sha256="1" * 64, state="applied"
    )
    batch.values.create(
        uscc=case.enterprise.uscc, year=2025, code="rd_expense", amount=4_000_000, source="stats",
        as_of=batch.as_of,
    )  # fmt: skip
    png = files.png()
    for organisation in (case.enterprise.organisation, make.enterprise(8).organisation):
        by = people.actor("enterprise_agent", in_park, organisation=organisation)
        file = evidence.store(by=by, organisation_id=organisation.pk, upload=SimpleUploadedFile("a.png", png))
        if organisation == case.enterprise.organisation:
            make.DeclaredValue.objects.filter(declaration=case, code="revenue").update(evidence=file)
    assert reasons(case) == {"rd_expense": ["sources_apart"], "revenue": ["shared"]}
    assert all(not item.reasons for section in queries.sections(case) for item in section.items)


def test_bulk_acceptance_leaves_what_looks_odd(case: Any, first: Any) -> None:
    batch = DepartmentBatch.objects.create(
        year=2025, source="stats", as_of=dt.date(2026, 5, 1), filename="s", sha256="1" * 64, state="applied"
    )
    batch.values.create(
        uscc=case.enterprise.uscc, year=2025, code="revenue", amount=1, source="stats", as_of=batch.as_of
    )
    verification.accept_undisputed(by=first, declaration=case)
    assert make.value(case, "revenue").state == "confirmed"
    assert make.value(case, "tax_paid_total").state == "verified"


def test_bulk_acceptance_of_one_topic(case: Any, first: Any) -> None:
    verification.accept_undisputed(by=first, declaration=case, topic="talent")
    assert make.value(case, "staff_total").state == "verified"
    assert make.value(case, "tax_paid_total").state == "confirmed"


def test_the_second_persons_list_holds_only_what_others_decided(case: Any, first: Any, second: Any) -> None:
    assert list(queries.to_sign(second.person_id)) == []
    verification.accept_undisputed(by=first, declaration=case)
    for row in case.values.filter(state__in=queries.UNDECIDED):
        verification.decide(by=first, value=row, decision="accept")
    assert list(queries.to_sign(second.person_id)) == [case]
    assert list(queries.to_sign(first.person_id)) == []


def test_talk_goes_both_ways_and_says_nothing_in_the_notice(case: Any, first: Any, agent: Any) -> None:
    value = make.value(case, "rd_expense")
    reviewing.claim(by=first, declaration=case)
    reviewing.say(by=first, value=value, text="请说明口径 688 万元", from_office=True)
    reviewing.say(by=agent, value=value, text="含委托研发", from_office=False)
    texts = list(Notification.objects.filter(kind="talk").order_by("pk").values_list("text", flat=True))
    assert len(texts) == 2
    assert all(
        "688" not in text and "委托" not in text and case.enterprise.name not in text for text in texts
    )
    assert Notification.objects.get(person_ref=first.person_id, kind="talk")
    with pytest.raises(Refused, match="请填写"):
        reviewing.say(by=agent, value=value, text="  ", from_office=False)


def test_a_message_before_anybody_has_the_case_reaches_all_reviewers_and_waits_for_an_answer(
    case: Any, first: Any, agent: Any
) -> None:
    value = make.value(case, "rd_expense")
    reviewing.say(by=agent, value=value, text="口径如何把握", from_office=False)
    told = Notification.objects.get(kind="talk")
    assert (told.organisation_id, told.person_ref, told.role) == (
        first.organisation_id,
        None,
        "park_reviewer",
    )
    asked = reviews.unanswered(queries.queue())
    assert list(asked) == [case]
    reviewing.say(by=first, value=value, text="按专项审计", from_office=True)
    assert not asked.all()


def test_internal_notes_never_reach_the_firms_pages(
    case: Any, first: Any, agent: Any, client_as: Any
) -> None:
    reviewing.note(by=first, value=make.value(case, "rd_expense"), text="疑似重复计算")
    assert InternalNote.objects.count() == 1
    page = client_as(agent).get("/p/cq/e/declaration/2025/item/rd_expense/").content.decode()
    assert "疑似重复计算" not in page
    office = client_as(first).get(f"/p/cq/review/declarations/{case.pk}/").content.decode()
    assert "疑似重复计算" in office


def test_a_list_is_adjusted_row_by_row_and_the_second_person_signs(  # noqa: PLR0917  # everybody who has a part
    declaration: Any, agent: Any, signatory: Any, first: Any, second: Any, client_as: Any
) -> None:
    said = [
        {"level": "national", "name": "重点实验室", "number": "1", "date": "2024-05-01"},
        {"level": "rd_center", "name": "研发中心", "number": "2", "date": "2024-06-01"},
    ]
    version = make.value(declaration, "platforms").version
    declarations.correct(
        by=agent, declaration=declaration, code="platforms", version=version, reason="", entries=said
    )
    finish(declaration, agent)
    sign(declaration, signatory)
    value = make.value(declaration, "platforms")
    page = f"/p/cq/review/declarations/{declaration.pk}/lists/platforms/"
    desk = client_as(first)
    assert "重点实验室" in desk.get(page).content.decode()
    rows = {
        "version": value.version, "reason": "批复为省级", "entry_level": ["provincial", "", ""], "entry_rank": [""] * 3,
        "entry_name": ["重点实验室", "", ""], "entry_number": ["1", "", ""], "entry_date": ["2024-05-01", "", ""],
    }  # fmt: skip
    assert desk.post(page, rows | {"reason": ""}).status_code == 422
    assert desk.post(page, rows | {"entry_level": ["galactic", "", ""]}).status_code == 422
    assert desk.post(page, rows).status_code == 302
    assert desk.post(page, rows).status_code == 409
    after = [{"level": "provincial", "name": "重点实验室", "number": "1", "date": "2024-05-01"}]
    value.refresh_from_db()
    assert (value.state, value.verified_entries, value.declared_entries) == ("verified", after, said)
    decision = value.decisions.get()
    assert (decision.before["entries"], decision.after["entries"], decision.reason) == (
        said,
        after,
        "批复为省级",
    )
    verification.accept_undisputed(by=first, declaration=declaration)
    with pytest.raises(Forbidden):
        verification.sign(by=first, declaration=declaration)
    assert verification.sign(by=second, declaration=declaration).state == "verified"


def test_what_does_not_apply_waits_for_a_reviewer_and_keeps_its_meaning(
    declaration: Any, agent: Any, signatory: Any, first: Any, second: Any
) -> None:
    for code, state in (("revenue_prev", "not_applicable"), ("pct_applications", "zero_confirmed")):
        declaration.values.filter(code=code).update(
            state=state, prefilled_amount=None, reason="当年新成立的企业"
        )
    finish(declaration, agent)
    sign(declaration, signatory)
    verification.accept_undisputed(by=first, declaration=declaration)
    assert make.value(declaration, "pct_applications").verified_by_ref == first.person_id
    with pytest.raises(Refused, match="未核定"):
        verification.sign(by=second, declaration=declaration)
    verification.decide(by=first, value=make.value(declaration, "revenue_prev"), decision="accept")
    verification.decide(by=first, value=make.value(declaration, "revenue_prev"), decision="undo")
    assert make.value(declaration, "revenue_prev").is_undecided
    verification.decide(by=first, value=make.value(declaration, "revenue_prev"), decision="accept")
    assert verification.sign(by=second, declaration=declaration).state == "verified"
    states = {code: make.value(declaration, code).state for code in ("revenue_prev", "pct_applications")}
    assert states == {"revenue_prev": "not_applicable", "pct_applications": "zero_confirmed"}


def test_after_a_decision_the_page_goes_on_at_the_next_undecided_item(
    case: Any, first: Any, client_as: Any
) -> None:
    desk, page = client_as(first), f"/p/cq/review/declarations/{case.pk}/"
    shown = desk.get(page).context["items"]
    answer = desk.post(page, {"value": shown[0].value.pk, "decision": "accept"})
    assert answer["Location"].endswith(f"#value-{shown[1].value.pk}")
    kept = desk.post(page, {"value": shown[1].value.pk, "decision": "adjust", "amount": "8", "reason": "少"})
    assert kept.status_code == 422
    assert 'value="少"' in kept.content.decode()
    assert [one.value.pk for one in desk.get(page).context["items"]] == [one.value.pk for one in shown]
    open_now = desk.get(f"{page}?show=open").context["items"]
    assert shown[0].value.pk not in [one.value.pk for one in open_now]


def test_the_next_case_is_ones_own_claim_then_the_pool(
    case: Any, admin: Any, first: Any, second: Any
) -> None:
    waiting = [make.declaration(admin, make.enterprise(n), case.cycle, **make.SOUND) for n in (21, 22, 23)]
    for row in waiting:
        row.state, row.submitted_at = "submitted", db_now()
        row.save()
    reviewing.claim(by=second, declaration=waiting[0])
    reviewing.claim(by=first, declaration=waiting[2])
    assert queries.next_in_review(case, first.person_id) == waiting[2]
    reviewing.release(by=first, declaration=waiting[2])
    reviewing.declare_conflict(by=first, enterprise=waiting[1].enterprise, reason="配偶任职")
    assert queries.next_in_review(case, first.person_id) == waiting[2]

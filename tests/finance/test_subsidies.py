"""贴息 and needs: only interest paid in time, within caps and budget, checked and paid by two people; needs are answered once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from finance.formula import Due, Paid, clean_interest, points_subsidy, subsidy
from finance.models import Subsidy, SubsidyProgramme
from finance.queries import reports
from finance.queries import subsidies as queries
from finance.queries.invariants import breaches
from finance.services import needs, questions, subsidies
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks.clock import db_today
from tests.factories import loans as make

pytestmark = pytest.mark.django_db
DAYS = [dt.date(2024, month, 1) for month in (2, 3, 4)]


def test_interest_of_a_term_with_an_overdue_day_does_not_count() -> None:
    """The worked example's rule: a loan one day overdue in March loses March's interest."""
    items = [
        Due(DAYS[0], Decimal(0), Decimal(100), Decimal(31_000)),
        Due(DAYS[1], Decimal(0), Decimal(90), Decimal(29_000)),
        Due(DAYS[2], Decimal(1000), Decimal(80), Decimal(31_000)),
    ]
    late = dt.timedelta(days=1)
    paid = [
        Paid(DAYS[0], Decimal(0), Decimal(100)),
        Paid(DAYS[1] + late, Decimal(0), Decimal(90)),
        Paid(DAYS[2], Decimal(1000), Decimal(80)),
    ]
    found = clean_interest(items, paid, dt.date(2024, 1, 1), dt.date(2025, 1, 1))
    assert (found.interest, found.late, found.principal_days) == (180, (DAYS[1],), 62_000)


def test_golden_subsidies() -> None:
    assert subsidy(
        Decimal(180_000), Decimal("0.036"), Decimal("0.03"), Decimal("0.5"), Decimal(500_000)
    ) == Decimal("75000.00")
    year = Decimal(1_000_000) * 365
    assert points_subsidy(year, Decimal("0.025"), Decimal(32_000), Decimal(500_000)) == Decimal("25000.00")
    assert points_subsidy(year, Decimal("0.025"), Decimal(20_000), Decimal(500_000)) == Decimal(20_000)


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    made = make.scene(in_park)
    programme = subsidies.propose_programme(
        by=made.fund1, code="equip", name="设备更新贴息", method="points", rate=Decimal("0.025"), budget=Decimal(9_000), year_cap=Decimal(8_000),
        total_cap=Decimal(8_000),
    )  # fmt: skip
    with pytest.raises(Forbidden):
        subsidies.activate_programme(by=made.fund1, programme_id=programme.pk)
    subsidies.activate_programme(by=made.fund2, programme_id=programme.pk)
    return made


def paid_loan(scene: make.Scene, months: int = 2) -> tuple[Any, dt.date, dt.date]:
    application = scene.loan(make.MILLION, days_ago=100)
    items = list(application.schedule.order_by("seq")[:months])
    for item in items:
        scene.repay(application, 0, item.interest, days_ago=(db_today() - item.due_on).days)
    return application, items[0].due_on, items[-1].due_on + dt.timedelta(days=1)


def test_from_computed_to_paid_and_clawed_back(scene: make.Scene) -> None:
    application, start, end = paid_loan(scene)
    made = subsidies.compute(
        by=scene.firm.agent, application_id=application.pk, programme_code="equip", start=start, end=end
    )
    days = (end - dt.timedelta(days=1) - (db_today() - dt.timedelta(days=100))).days
    assert made.amount == (Decimal(1_000_000) * days * Decimal("0.025") / 365).quantize(Decimal("0.01"))
    with pytest.raises(Conflict):
        subsidies.step(by=scene.firm.agent, subsidy_id=made.pk, event="pay")
    subsidies.step(by=scene.firm.agent, subsidy_id=made.pk, event="apply")
    with pytest.raises(Conflict, match="period_taken"):
        subsidies.compute(
            by=scene.firm.agent, application_id=application.pk, programme_code="equip", start=start, end=end
        )
    subsidies.step(by=scene.ops, subsidy_id=made.pk, event="bank_confirm")
    subsidies.step(by=scene.fund1, subsidy_id=made.pk, event="check")
    with pytest.raises(Conflict):
        subsidies.step(by=scene.fund1, subsidy_id=made.pk, event="pay")
    subsidies.step(by=scene.fund2, subsidy_id=made.pk, event="pay")
    programme = SubsidyProgramme.objects.get()
    assert (programme.committed, programme.paid) == (made.amount, made.amount)
    with pytest.raises(Refused):
        subsidies.step(by=scene.fund1, subsidy_id=made.pk, event="claw_back")
    subsidies.step(by=scene.fund1, subsidy_id=made.pk, event="claw_back", note="企业迁出")
    programme.refresh_from_db()
    assert (programme.committed, programme.paid, list(breaches())) == (0, 0, [])


def test_programmes_that_exclude_each_other_never_pay_for_one_loan(scene: make.Scene) -> None:
    """Not for other periods either; whoever names the other, and not by SQL; free again once the first was refused."""
    second = subsidies.propose_programme(
        by=scene.fund1, code="city", name="市级贴息", method="points", rate=Decimal("0.01"), budget=Decimal(9_000),
        year_cap=Decimal(8_000), total_cap=Decimal(8_000), exclusive_with=["equip"],
    )  # fmt: skip
    subsidies.activate_programme(by=scene.fund2, programme_id=second.pk)
    application, start, end = paid_loan(scene)
    middle = start + dt.timedelta(days=1)
    words: dict[str, Any] = {"by": scene.firm.agent, "application_id": application.pk}
    first = subsidies.compute(**words, programme_code="equip", start=start, end=middle)
    subsidies.step(by=scene.firm.agent, subsidy_id=first.pk, event="apply")
    with pytest.raises(Conflict, match="excluded"):
        subsidies.compute(**words, programme_code="city", start=middle, end=end)
    with pytest.raises(DatabaseError, match="excludes this one"), transaction.atomic():
        Subsidy.objects.create(
            programme=second, application=application, enterprise=scene.firm.enterprise, period=(middle, end),
            interest_paid=1, amount=1,
        )  # fmt: skip
    subsidies.step(by=scene.ops, subsidy_id=first.pk, event="refuse", note="重复")
    assert subsidies.compute(**words, programme_code="city", start=middle, end=end).amount > 0
    with pytest.raises(Refused):
        subsidies.propose_programme(
            by=scene.fund1, code="x", name="x", method="points", rate=Decimal("0.01"), budget=Decimal(1), year_cap=Decimal(1),
            total_cap=Decimal(1), exclusive_with=["nothing"],
        )  # fmt: skip


def test_interest_that_was_taken_back_is_not_confirmed(scene: make.Scene) -> None:
    application, start, end = paid_loan(scene)
    made = subsidies.compute(
        by=scene.firm.agent, application_id=application.pk, programme_code="equip", start=start, end=end
    )
    subsidies.step(by=scene.firm.agent, subsidy_id=made.pk, event="apply")
    scene.reverse(application.repayments.order_by("pk").first())
    with pytest.raises(Conflict):
        subsidies.step(by=scene.ops, subsidy_id=made.pk, event="bank_confirm")


def test_sql_cannot_move_a_subsidy_or_overlap(scene: make.Scene) -> None:
    application, start, end = paid_loan(scene)
    made = subsidies.compute(
        by=scene.firm.agent, application_id=application.pk, programme_code="equip", start=start, end=end
    )
    for change in ({"state": "paid"}, {"amount": 1}):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            Subsidy.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError, match="disjoint"), transaction.atomic():
        Subsidy.objects.create(
            programme=made.programme,
            application=application,
            enterprise=scene.firm.enterprise,
            period=(start, end),
            interest_paid=1,
            amount=1,
        )
    with pytest.raises(NotFound):
        subsidies.step(by=scene.maker, subsidy_id=made.pk, event="apply")


def test_a_project_is_reviewed_by_two_people_who_agree(scene: make.Scene) -> None:
    words: dict[str, Any] = {
        "programme_code": "equip", "batch": 3, "name": "中试线", "field": "industry", "investment": Decimal(50_000_000), "bank_name": "江城银行",
    }  # fmt: skip
    with pytest.raises(Refused):
        subsidies.submit_project(by=scene.firm.agent, **words, demand=Decimal(60_000_000))
    project = subsidies.submit_project(by=scene.firm.agent, **words, demand=Decimal(20_000_000))
    for by, opinion, state in (
        (scene.fund1, "pass", "submitted"),
        (scene.fund1, "pass", "submitted"),
        (scene.fund2, "pass", "passed"),
    ):
        assert subsidies.review_project(by=by, project_id=project.pk, opinion=opinion).state == state


def test_a_subsidy_belongs_to_the_project_that_has_passed(scene: make.Scene) -> None:
    """A firm that entered projects waits for the review; its batch then tells what was subsidised."""
    application, start, end = paid_loan(scene)
    words: dict[str, Any] = {
        "by": scene.firm.agent,
        "application_id": application.pk,
        "programme_code": "equip",
        "start": start,
        "end": end,
    }
    project = subsidies.submit_project(
        by=scene.firm.agent, programme_code="equip", batch=1, name="中试线", field="industry", investment=make.MILLION * 3,
        demand=make.MILLION, bank_name="江城银行",
    )  # fmt: skip
    with pytest.raises(Conflict, match="project_not_passed"):
        subsidies.compute(**words)
    for by in (scene.fund1, scene.fund2):
        subsidies.review_project(by=by, project_id=project.pk, opinion="pass")
    made = subsidies.compute(**words)
    assert made.project_id == project.pk
    assert queries.batch(scene.fund1, 1).get().subsidy is None
    subsidies.step(by=scene.firm.agent, subsidy_id=made.pk, event="apply")
    row = queries.batch(scene.fund1, 1).get()
    assert (row.subsidy, row.principal_days) == (made.amount, made.principal_days)


def test_a_need_is_answered_once_by_each_partner(scene: make.Scene) -> None:
    need = needs.post(
        by=scene.firm.agent, amount=make.MILLION, term_months=12, purpose="周转", guarantee_wish="any"
    )
    needs.answer(
        by=scene.maker, need_id=need.pk, offers=True, text="可以", amount=make.MILLION, rate=Decimal("0.036")
    )
    with pytest.raises(Conflict):
        needs.answer(by=scene.maker, need_id=need.pk, offers=False, text="不行")
    needs.answer(by=scene.g_maker, need_id=need.pk, offers=False, text="超出范围")
    assert needs.close(by=scene.firm.agent, need_id=need.pk, matched=True).state == "matched"
    with pytest.raises(NotFound):
        needs.answer(by=scene.fund1, need_id=need.pk, offers=True, text="可以")


def test_a_read_is_questioned_once_and_explained_once(scene: make.Scene) -> None:
    from finance.models import Consent, ConsentAccess
    from finance.services import consents

    consent = Consent.objects.get(organisation=scene.guarantor)
    sections = consents.read(by=scene.g_maker, consent_id=consent.pk, subject="A1")
    assert [section.group for section in sections or []] == ["id", "score", "dims"]
    read = ConsentAccess.objects.get()
    asked = questions.ask(by=scene.firm.agent, access_id=read.pk, text="为什么？")
    with pytest.raises(Conflict):
        questions.ask(by=scene.firm.agent, access_id=read.pk, text="为什么？")
    with pytest.raises(NotFound):
        questions.reply(by=scene.maker, question_id=asked.pk, answer="x")
    assert questions.reply(by=scene.g_checker, question_id=asked.pk, answer="担保评审").answer == "担保评审"


@pytest.mark.parametrize("text", ["9999-12", "2026-13", "０００１-01", "", "2026-06-01"])
def test_a_month_that_is_none_is_this_month(text: str) -> None:
    assert reports.month_of(text, dt.date(2026, 12, 31)) == (dt.date(2026, 12, 1), dt.date(2027, 1, 1))

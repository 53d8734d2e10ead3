"""The special fund: rules as data, the highest award only, four persons, and a budget that nothing overruns."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from enterprises.models import Cycle
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.clock import db_today
from parks.scope import park_scope
from rankings.models import Award, AwardBudget, AwardPlan, AwardRule
from rankings.queries import awards as queries
from rankings.services import awards
from tests.conftest import owner_connection
from tests.factories import parks as people
from tests.factories import rankings as make
from tests.factories import scoring

pytestmark = pytest.mark.django_db
WAN = 10_000


@pytest.fixture
def world(live_db: None, park: Any) -> Any:
    return make.published_world(park)


def rule(cycle: Cycle, office: make.Office, first: int, last: int, wan: int, **more: Any) -> AwardRule:
    fields = {"board": make.BOARD, "place_from": first, "place_to": last, "amount": Decimal(wan) * WAN} | more
    return awards.add_rule(by=office.admin, cycle=cycle, fields=fields)


def ready(office: make.Office, cap_wan: int = 500) -> Cycle:
    cycle = Cycle.objects.get()
    awards.set_budget(by=office.admin, cycle=cycle, cap=Decimal(cap_wan) * WAN)
    rule(cycle, office, 1, 1, 50)
    rule(cycle, office, 2, 4, 30)
    return cycle


def end_notice(plan: AwardPlan) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(plan.park_id)])
        cursor.execute(
            "UPDATE rankings_awardplan SET notice_ends_at = now() - interval '1 minute' WHERE id = %s",
            [plan.pk],
        )


def approved(park: Any, office: make.Office) -> AwardPlan:
    with park_scope(park.pk):
        plan = awards.propose(by=office.officer, cycle=ready(office))
        awards.publicise(by=office.publisher, plan_id=plan.pk, contact=make.CONTACT)
    end_notice(plan)
    with park_scope(park.pk):
        awards.approve(by=office.admin, plan_id=plan.pk)
        return awards.approve(by=office.second, plan_id=plan.pk)


def test_a_plan_follows_the_rules_and_the_final_board(world: Any, park: Any) -> None:
    office, _edition = world
    with park_scope(park.pk):
        plan = awards.propose(by=office.officer, cycle=ready(office))
        rows = list(Award.objects.filter(plan=plan).order_by("place", "uscc").values_list("place", "amount"))
        assert rows[0] == (1, Decimal(50 * WAN)) and {place for place, _amount in rows} == {1, 2, 3, 4}
        assert plan.total == sum(amount for _place, amount in rows)
        assert AwardBudget.objects.get().committed == plan.total


def test_the_highest_award_counts_and_exclusions_are_named() -> None:
    class Entry:
        def __init__(self, firm: int, board: str, place: int, total: str = "60") -> None:
            self.enterprise_id, self.place, self.uscc = firm, place, f"{firm:018d}"
            self.total, self.edition, self.name = Decimal(total), type("E", (), {"board": board}), str(firm)

    a = AwardRule(board="a", place_from=1, place_to=3, amount=Decimal(10))
    b = AwardRule(
        board="b",
        place_from=1,
        place_to=3,
        amount=Decimal(20),
        least_total=Decimal(50),
        excluded=[f"{3:018d}"],
    )
    entries = [
        Entry(1, "a", 1),
        Entry(1, "b", 2),
        Entry(2, "b", 1, "49.99"),
        Entry(3, "b", 3),
        Entry(4, "a", 2),
        Entry(5, "a", 3),
        Entry(6, "a", 3),
    ]
    given, dropped = queries.choose([a, b], entries, {5}, {6})  # type: ignore[arg-type]
    assert [(one.entry.enterprise_id, one.rule.amount) for one in given] == [(1, 20), (4, 10)]
    assert {(one.entry.enterprise_id, one.reason) for one in dropped} == {
        (1, "就高不重复"), (2, "总积分低于 50"), (3, "列入不予奖励名单"), (5, "本年度已安排过奖励"),
        (6, "本年度的奖励已追回或不再拨付"),
    }  # fmt: skip


def test_a_plan_beyond_the_budget_is_refused_whole(world: Any, park: Any) -> None:
    office, _edition = world
    with park_scope(park.pk):
        cycle = ready(office, cap_wan=100)
        with pytest.raises(Conflict) as error:
            awards.propose(by=office.officer, cycle=cycle)
        assert error.value.code == "budget_overrun" and "100.00" in str(error.value.message)
    with park_scope(park.pk):
        assert AwardPlan.objects.count() == 0 and AwardBudget.objects.get().committed == 0
        with pytest.raises(Conflict):
            rule(cycle, office, 3, 5, 10)


def test_four_persons_and_the_notice_stand_before_the_money(world: Any, park: Any) -> None:
    office, _edition = world
    with park_scope(park.pk):
        plan = awards.propose(by=office.officer, cycle=ready(office))
        with pytest.raises(Forbidden):
            awards.publicise(by=office.officer, plan_id=plan.pk, contact="x")
        awards.publicise(by=office.publisher, plan_id=plan.pk, contact=make.CONTACT)
        with pytest.raises(Conflict):
            awards.approve(by=office.admin, plan_id=plan.pk)
        with pytest.raises(DatabaseError, match="after its notice"), transaction.atomic():
            AwardPlan.objects.filter(pk=plan.pk).update(first_by_ref=office.admin.person_id)
        award = Award.objects.filter(plan=plan).first()
        assert award is not None
        with pytest.raises(DatabaseError, match="after its plan"), transaction.atomic():
            Award.objects.filter(pk=award.pk).update(state="approved")
    assert (
        plan.total
        and award.name in Client().get(reverse("rankings:public_awards", args=[park.code])).content.decode()
    )
    end_notice(plan)
    with park_scope(park.pk):
        with pytest.raises(Forbidden):
            awards.approve(by=office.officer, plan_id=plan.pk)
        awards.approve(by=office.admin, plan_id=plan.pk)
        with pytest.raises(Forbidden):
            awards.approve(by=office.admin, plan_id=plan.pk)
        assert AwardPlan.objects.get().state == "publicised"
        awards.approve(by=office.second, plan_id=plan.pk)
        assert set(Award.objects.values_list("state", flat=True)) == {"approved"}


def test_payment_is_noted_once_and_reclaimed_by_another(world: Any, park: Any) -> None:
    office, _edition = world
    plan = approved(park, office)
    with park_scope(park.pk):
        award = Award.objects.filter(plan=plan).order_by("place").first()
        assert award is not None
        before = AwardBudget.objects.get().committed
        today = db_today()
        with pytest.raises(Forbidden):
            awards.pay(by=office.second, award_id=award.pk, paid_on=today, reference="P1", key="k0")
        for _time in range(3):
            awards.pay(by=office.officer, award_id=award.pk, paid_on=today, reference="P1", key="k1")
        with pytest.raises(Conflict):
            awards.pay(by=office.officer, award_id=award.pk, paid_on=today, reference="P2", key="k2")
        with pytest.raises(Forbidden):
            awards.reclaim(by=office.officer, award_id=award.pk, reason="材料不实")
        with pytest.raises(Refused):
            awards.reclaim(by=office.admin, award_id=award.pk, reason="")
        awards.reclaim(by=office.admin, award_id=award.pk, reason="材料不实")
        assert AwardBudget.objects.get().committed == before - award.amount
        assert (
            queries.adjustments(plan.cycle) == []
        )  # the board still bears it: taken back for a reason of its own
        with pytest.raises(Conflict, match="no_awards"):
            awards.propose(by=office.officer, cycle=plan.cycle)


def test_sql_as_the_application_finds_no_way_round_the_hands(world: Any, park: Any) -> None:
    """Strangers approve nothing, who approved does not pay, who paid does not reclaim, and a firm has one award a year."""
    office, _edition = world
    paid = {"state": "paid", "paid_on": db_today(), "paid_reference": "P1"}
    back = {"state": "reclaimed", "reclaimed_on": db_today(), "reason": "材料不实"}
    with park_scope(park.pk):
        plan = awards.propose(by=office.officer, cycle=ready(office))
        awards.publicise(by=office.publisher, plan_id=plan.pk, contact=make.CONTACT)
    end_notice(plan)
    with park_scope(park.pk):
        plans, rows = AwardPlan.objects.filter(pk=plan.pk), Award.objects.filter(plan=plan, place=1)
        refused(plans, first_by_ref=987_654)
        awards.approve(by=office.admin, plan_id=plan.pk)
        refused(plans, first_by_ref=office.publisher.person_id)
        refused(plans, second_by_ref=987_654, state="approved")
        awards.approve(by=office.second, plan_id=plan.pk)
        for stranger in (None, 987_654, office.second.person_id, office.publisher.person_id):
            refused(rows, **paid, paid_by_ref=stranger)
        rows.update(**paid, paid_by_ref=office.officer.person_id)
        for stranger in (None, 987_654, office.officer.person_id):
            refused(rows, **back, reclaimed_by_ref=stranger)
        again = AwardPlan.objects.create(
            cycle=plan.cycle, year=2025, number=2, total=1, proposed_by_ref=1, proposed_by_name="x", proposed_at="2026-01-01T00:00Z"
        )  # fmt: skip
        award = rows.get()
        with pytest.raises(IntegrityError, match="award_once_a_year"), transaction.atomic():
            Award.objects.create(
                plan=again, budget=award.budget, rule=award.rule, enterprise=award.enterprise, uscc=award.uscc, name="x", board="x",
                board_name="x", place=1, amount=1,
            )  # fmt: skip


def refused(rows: Any, **change: Any) -> None:
    with pytest.raises(DatabaseError, match="of the office"), transaction.atomic():
        rows.update(**change)


def test_a_cancelled_plan_frees_its_money(world: Any, park: Any) -> None:
    office, _edition = world
    with park_scope(park.pk):
        cycle = ready(office)
        plan = awards.propose(by=office.officer, cycle=cycle)
        awards.cancel(by=office.admin, plan_id=plan.pk, reason="规则有误")
        assert AwardBudget.objects.get().committed == 0
        assert awards.propose(by=office.officer, cycle=cycle).number == 2


def _race(
    plan: AwardPlan, budget_id: int, rule_id: int, firms: list[tuple[int, str]], *, guarded: bool = True
) -> int:
    """Each firm's award in its own connection at the same moment; how many got through."""
    import os

    start, won = threading.Barrier(len(firms)), []

    def one(firm: int, uscc: str) -> None:
        session = psycopg2.connect(os.environ["DATABASE_URL" if guarded else "DATABASE_OWNER_URL"])
        try:
            with session, session.cursor() as cursor:
                cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(plan.park_id)])
                start.wait()
                cursor.execute(
                    "INSERT INTO rankings_award (park_id, plan_id, budget_id, rule_id, enterprise_id, uscc, name, board, board_name,"
                    " place, amount, state, paid_reference, paid_by_name, reclaimed_by_name, reason)"
                    " VALUES (%s, %s, %s, %s, %s, %s, 'x', 'x', 'x', 1, 300000, 'proposed', '', '', '', '')",
                    [plan.park_id, plan.pk, budget_id, rule_id, firm, uscc],
                )
            won.append(firm)
        except psycopg2.errors.CheckViolation:
            pass
        finally:
            session.close()

    threads = [threading.Thread(target=one, args=firm) for firm in firms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(won)


def _racers(world: Any, park: Any) -> tuple[AwardPlan, int, int, list[tuple[int, str]]]:
    office, edition = world
    with park_scope(park.pk):
        cycle = ready(office, cap_wan=100)
        budget = AwardBudget.objects.get()
        plan = AwardPlan.objects.create(
            cycle=cycle, year=2025, number=9, total=0, proposed_by_ref=office.officer.person_id, proposed_by_name="x",
            proposed_at="2026-01-01T00:00Z",
        )  # fmt: skip
        firms = [(row.enterprise_id, row.uscc) for row in edition.entries.all()]
        return plan, budget.pk, AwardRule.objects.first().pk, firms  # type: ignore[union-attr]


def test_ten_awards_at_once_never_overrun_the_budget(world: Any, park: Any) -> None:
    """100 万 hold three awards of 30 万, whoever comes first."""
    plan, budget, rule_id, firms = _racers(world, park)
    assert _race(plan, budget, rule_id, firms) == 3
    with park_scope(park.pk):
        assert AwardBudget.objects.get().committed == Decimal(90 * WAN)


def test_without_the_trigger_the_race_overruns(world: Any, park: Any) -> None:
    """The guard watches something: switched off, all ten get through."""
    plan, budget, rule_id, firms = _racers(world, park)
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("ALTER TABLE rankings_award DISABLE TRIGGER summed")
        try:
            assert _race(plan, budget, rule_id, firms) == len(firms)
        finally:
            cursor.execute("ALTER TABLE rankings_award ENABLE TRIGGER summed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_the_pages_of_the_fund_and_the_export_for_finance(world: Any, park: Any) -> None:
    office, _edition = world
    admin, officer = people.client_for(office.admin), people.client_for(office.officer)
    year = f"/p/{park.code}/office/awards/2025/"
    assert admin.get(f"/p/{park.code}/office/awards/").status_code == 200
    assert admin.get(year).status_code == 200
    assert admin.post(f"{year}budget/", {"cap": "abc"}).status_code == 422
    assert admin.post(f"{year}budget/", {"cap": "500"}).status_code == 302
    bad = {"board": make.BOARD, "place_from": 3, "place_to": 1, "amount": "10", "least_total": "0"}
    assert "止名次不能小于" in admin.post(f"{year}rules/", bad).content.decode()
    good = bad | {"place_to": 3, "place_from": 1}
    assert admin.post(f"{year}rules/", good).status_code == 302
    made = officer.post(f"{year}propose/")
    assert made.status_code == 302
    page = officer.get(made["Location"])
    assert page.status_code == 200 and "30.00" in page.content.decode()
    export = officer.get(made["Location"], {"export": "csv"}).content.decode("utf-8-sig")
    assert export.startswith("统一社会信用代码,企业,榜单,名次,金额（元）,状态")
    assert export.splitlines()[-1].startswith(",合计,,,300000.00,拟奖励")


def corrected_board(park: Any, office: make.Office, edition: Any) -> None:
    """The year's board again after a correction, with other places."""
    from scoring.services import snapshots
    from tests.rankings.test_editions import corrected

    with park_scope(park.pk):
        snapshots.store(
            by=office.officer, cycle=Cycle.objects.get(), cases=corrected(edition.run),
            corrects=edition.run.snapshot, reason="更正令第 1 号",
        )  # fmt: skip
        make.compute(office.officer)
        newer = office.on_notice()
    make.run_out(newer)
    with park_scope(park.pk):
        office.publish(newer)


def test_after_a_correction_the_new_winner_is_provided_for_and_the_old_one_is_not_paid(
    world: Any, park: Any
) -> None:
    """Four win, the board is corrected: who left is not paid or pays back, who came is in the next plan, nobody twice."""
    office, edition = world
    plan = approved(park, office)
    with park_scope(park.pk):
        paid, unpaid = Award.objects.filter(plan=plan).order_by("place")[:2]
        awards.pay(by=office.officer, award_id=paid.pk, paid_on=db_today(), reference="P1", key="k1")
        assert queries.adjustments(plan.cycle) == []
    corrected_board(park, office, edition)
    with park_scope(park.pk):
        found = queries.adjustments(plan.cycle)
        left = {one.award.pk: one for one in found if one.award and one.now is None}
        came = {one.now.entry.enterprise_id for one in found if one.award is None and one.now}
        assert {paid.pk, unpaid.pk} <= left.keys() and came
        assert "追回" in left[paid.pk].advice and "不能拨付" in left[unpaid.pk].advice
        with pytest.raises(Conflict) as error:
            awards.pay(by=office.officer, award_id=unpaid.pk, paid_on=db_today(), reference="P2", key="k2")
        assert error.value.code == "award_outdated"
    page = people.client_for(office.officer).get(f"/p/{park.code}/office/awards/2025/").content.decode()
    assert "榜单更正后须处理的奖励" in page and unpaid.name in page
    with park_scope(park.pk):
        for award_id in left:
            awards.reclaim(by=office.admin, award_id=award_id, reason="榜单更正")
        assert Award.objects.get(pk=paid.pk).state == "reclaimed"
        assert Award.objects.get(pk=unpaid.pk).state == "cancelled"
        again = awards.propose(by=office.officer, cycle=plan.cycle)
        assert came <= set(Award.objects.filter(plan=again).values_list("enterprise_id", flat=True))
        assert {one.name for one in queries.adjustments(plan.cycle) if one.award is None} == set()


def test_a_plan_whose_firms_are_due_something_else_by_now_is_not_approved(world: Any, park: Any) -> None:
    office, edition = world
    with park_scope(park.pk):
        plan = awards.propose(by=office.officer, cycle=ready(office))
        awards.publicise(by=office.publisher, plan_id=plan.pk, contact=make.CONTACT)
    corrected_board(park, office, edition)
    end_notice(plan)
    with park_scope(park.pk):
        with pytest.raises(Conflict) as error:
            awards.approve(by=office.admin, plan_id=plan.pk)
        assert error.value.code == "plan_outdated"


def test_the_rules_of_a_year_are_carried_over_to_the_next(world: Any, park: Any) -> None:
    office, _edition = world
    with park_scope(park.pk):
        before = ready(office)
        AwardRule.objects.update(excluded=[f"{3:018d}"])
        next_year = scoring.cycle(2026)
        assert awards.carry_rules_over(by=office.admin, cycle=next_year) == 2
        rows = AwardRule.objects.order_by("place_from").values_list(*awards.CARRIED, "excluded")
        assert [row[:-1] for row in rows.filter(cycle=next_year)] == [
            row[:-1] for row in rows.filter(cycle=before)
        ]
        assert {tuple(row[-1]) for row in rows.filter(cycle=next_year)} == {()}
        for cycle in (next_year, before):
            with pytest.raises(Conflict):
                awards.carry_rules_over(by=office.admin, cycle=cycle)

"""What is paid back early bears no interest from then on: nothing is overdue for it, and no subsidy is paid on it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from finance.formula import Paid, Plan, Schedule, as_owed, interest_schedule
from finance.queries import loans as queries
from finance.services import loans, subsidies
from parks.actors import Actor
from parks.clock import db_today
from tests.factories import loans as make

MILLION = make.MILLION
RATE = {"rate": Decimal("0.036"), "day_count": 360}
START, END = dt.date(2024, 1, 1), dt.date(2024, 4, 1)


def plan(amount: int, start: dt.date = START, method: str = "bullet") -> Plan:
    terms = Schedule(Decimal(amount), RATE["rate"], start, END, method=method)
    return Plan(start, interest_schedule(terms))


def owed(*plans: Plan, paid: tuple[Paid, ...] = ()) -> list[tuple[Decimal, Decimal]]:
    return [(one.interest, one.principal_days) for one in as_owed(plans, paid, **RATE)]


def test_nothing_changes_while_everything_is_paid_by_its_day() -> None:
    """Over a leap day: January, February and March of 2024 have 31, 29 and 31 days."""
    days = [MILLION * 31, MILLION * 29, MILLION * 31]
    assert owed(plan(1_000_000)) == [(Decimal(n) * RATE["rate"] / 360, n) for n in days]
    late = (Paid(END + dt.timedelta(days=9), MILLION, Decimal(0)),)
    assert owed(plan(1_000_000), paid=late) == owed(plan(1_000_000))


def test_paid_back_in_the_middle_of_a_term() -> None:
    paid = (Paid(dt.date(2024, 2, 11), Decimal(600_000), Decimal(0)),)
    february = MILLION * 10 + 400_000 * 19
    found = owed(plan(1_000_000), paid=paid)
    assert found == [(3100, MILLION * 31), (february * RATE["rate"] / 360, february), (1240, 400_000 * 31)]


def test_instalments_to_come_are_paid_early_one_after_the_other() -> None:
    """Two thirds on the first due day: nothing bears interest in February but the last third."""
    paid = (Paid(dt.date(2024, 2, 1), Decimal(600_000), Decimal(0)),)
    found = as_owed([plan(900_000, method="equal_principal")], paid, **RATE)
    assert [one.principal_days for one in found] == [900_000 * 31, 300_000 * 29, 300_000 * 31]


def test_each_payment_out_counts_from_its_own_day() -> None:
    """The second one, of March, owed nothing in January, and takes no part in what came back before it."""
    found = owed(
        plan(100_000),
        plan(900_000, start=dt.date(2024, 3, 1)),
        paid=(Paid(dt.date(2024, 2, 1), Decimal(100_000), Decimal(0)),),
    )
    assert sorted(found) == sorted([(310, 100_000 * 31), (0, 0), (0, 0), (2790, 900_000 * 31)])


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    return make.scene(in_park)


@pytest.mark.django_db
def test_a_loan_paid_back_in_part_is_not_overdue(scene: make.Scene) -> None:
    application = scene.loan(MILLION, days_ago=70)
    first, second = queries.instalments_of(application.pk)[:2]
    ago = [(db_today() - one.due_on).days for one in (first, second)]
    scene.repay(application, 900_000, first.interest, days_ago=ago[0])
    then = queries.instalments_of(application.pk)[1]
    assert then.interest == (second.interest / 10).quantize(Decimal("0.01"))
    scene.repay(application, 0, then.interest, days_ago=ago[1])
    assert queries.days_overdue(application, db_today()) == 0
    assert not loans.mark_overdue(by=Actor.system(scene.park), application_id=application.pk)


@pytest.mark.django_db
def test_a_subsidy_is_of_what_was_owed(scene: make.Scene) -> None:
    """Points on a tenth of the principal after nine tenths came back; the term paid in full counts until that day."""
    programme = subsidies.propose_programme(
        by=scene.fund1, code="equip", name="设备更新贴息", method="points", rate=Decimal("0.025"), budget=MILLION, year_cap=MILLION, total_cap=MILLION
    )  # fmt: skip
    subsidies.activate_programme(by=scene.fund2, programme_id=programme.pk)
    application = scene.loan(MILLION, days_ago=70)
    first, second, third = queries.instalments_of(application.pk)[:3]
    scene.repay(application, 900_000, first.interest, days_ago=(db_today() - first.due_on).days)
    scene.repay(
        application,
        100_000,
        (second.interest / 10).quantize(Decimal("0.01")),
        days_ago=(db_today() - second.due_on).days,
    )
    made = subsidies.compute(
        by=scene.firm.agent,
        application_id=application.pk,
        programme_code="equip",
        start=second.due_on,
        end=third.due_on,
    )
    days = (second.due_on - first.due_on).days
    assert made.principal_days == 100_000 * days
    assert made.amount == (100_000 * days * Decimal("0.025") / 365).quantize(Decimal("0.01"))

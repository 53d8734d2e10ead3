"""Ways to be paid more than a programme gives: twice, across a year, for longer, for interest that went back."""

from __future__ import annotations

import datetime as dt
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import Subsidy
from finance.services import subsidies
from innovscore.core.problems import Conflict, Refused
from tests.factories import loans as make

pytestmark = pytest.mark.django_db
MILLION = make.MILLION
PAYS = ("apply", "bank_confirm", "check", "pay")


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    return make.scene(in_park)


def programme(scene: make.Scene, code: str = "equip", **terms: Any) -> Any:
    words = {
        "name": code,
        "method": "points",
        "rate": Decimal("0.025"),
        "budget": MILLION,
        "year_cap": MILLION,
        "total_cap": MILLION,
    }
    made = subsidies.propose_programme(by=scene.fund1, code=code, **(words | terms))
    return subsidies.activate_programme(by=scene.fund2, programme_id=made.pk)


def paid_loan(scene: make.Scene, months: int = 3) -> tuple[Any, list[Any]]:
    application = scene.loan(MILLION, days_ago=125)
    items = list(application.schedule.order_by("seq")[:months])
    for item in items:
        scene.repay(application, 0, item.interest, days_ago=(make.db_today() - item.due_on).days)
    return application, items


def computed(
    scene: make.Scene, application: Any, start: dt.date, end: dt.date, code: str = "equip"
) -> Subsidy:
    return subsidies.compute(
        by=scene.firm.agent, application_id=application.pk, programme_code=code, start=start, end=end
    )


def go(scene: make.Scene, subsidy: Subsidy, *events: str) -> None:
    people = {"apply": scene.firm.agent, "bank_confirm": scene.ops, "check": scene.fund1, "pay": scene.fund2}
    for event in events:
        subsidies.step(by=people[event], subsidy_id=subsidy.pk, event=event)


@pytest.mark.parametrize("reached", [1, 2, 3], ids=["confirmed", "checked", "paid"])
def test_interest_that_went_back_is_not_paid_for_at_any_step(scene: make.Scene, reached: int) -> None:
    programme(scene)
    application, items = paid_loan(scene)
    made = computed(scene, application, items[0].due_on, items[1].due_on)
    go(scene, made, *PAYS[:reached])
    scene.reverse(application.repayments.order_by("pk").first())
    with pytest.raises(Conflict):
        go(scene, made, PAYS[reached])


def test_the_same_days_are_not_paid_by_two_programmes(scene: make.Scene) -> None:
    programme(scene)
    programme(scene, "city")
    application, items = paid_loan(scene)
    go(scene, computed(scene, application, items[0].due_on, items[1].due_on), "apply")
    with pytest.raises(Conflict, match="period_taken"):
        computed(scene, application, items[0].due_on, items[2].due_on, code="city")


def test_a_wrong_choice_is_computed_anew_until_it_was_applied_for(scene: make.Scene) -> None:
    programme(scene)
    programme(scene, "city", exclusive_with=["equip"])
    application, items = paid_loan(scene)
    wrong = computed(scene, application, items[0].due_on, items[1].due_on)
    later = computed(scene, application, items[1].due_on, items[2].due_on)
    longer = computed(scene, application, items[0].due_on, items[1].due_on - dt.timedelta(days=1))
    assert set(Subsidy.objects.all()) == {later, longer} and wrong.pk not in (later.pk, longer.pk)
    right = computed(scene, application, items[0].due_on, items[2].due_on, code="city")
    assert list(Subsidy.objects.all()) == [right]
    go(scene, right, "apply")
    with (
        pytest.raises(DatabaseError, match="is not deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM finance_subsidy")


@pytest.mark.parametrize(("cents", "is_enough"), [(0, True), (1, False)])
def test_the_budget_ends_at_the_cent(scene: make.Scene, cents: int, is_enough: bool) -> None:
    application, items = paid_loan(scene)
    days = [(one.due_on - before.due_on).days for before, one in zip(items, items[1:], strict=False)]
    each = [(MILLION * n * Decimal("0.025") / 365).quantize(Decimal("0.01")) for n in days]
    programme(scene, budget=sum(each) - Decimal(cents) / 100)
    made = [computed(scene, application, one.due_on, one.due_on + dt.timedelta(days=1)) for one in items[1:]]
    assert [one.amount for one in made] == each
    go(scene, made[0], "apply")
    with nullcontext() if is_enough else pytest.raises(Conflict, match="cap_budget_total"):
        go(scene, made[1], "apply")


@pytest.mark.parametrize("spans", [1, 2], ids=["within a year", "across its turn"])
def test_the_cap_of_a_year_holds_across_its_turn(scene: make.Scene, spans: int) -> None:
    """Two subsidies that both touch a year share its cap, in whichever year the first one begins."""
    application, items = paid_loan(scene)
    rules = programme(scene, year_cap=Decimal(3_000), total_cap=MILLION)
    turn = dt.date(2025, 1, 1)
    common = {
        "programme": rules,
        "application": application,
        "enterprise": scene.firm.enterprise,
        "interest_paid": 2_000,
        "amount": 2_000,
    }
    first = Subsidy.objects.create(
        **common, period=(turn - dt.timedelta(days=spans - 1), turn + dt.timedelta(days=90))
    )
    second = Subsidy.objects.create(
        **common, period=(turn + dt.timedelta(days=90), turn + dt.timedelta(days=180))
    )
    go(scene, first, "apply")
    with pytest.raises(Conflict, match="cap_subsidy_client"):
        go(scene, second, "apply")


def test_a_programme_pays_for_so_many_months_of_a_loan_in_all(scene: make.Scene) -> None:
    programme(scene)
    application, items = paid_loan(scene)
    first = computed(scene, application, items[0].due_on, items[1].due_on)
    go(scene, first, "apply")
    end = first.period.lower.replace(year=first.period.lower.year + 2)
    with pytest.raises(Refused, match="period"):
        computed(scene, application, items[1].due_on, end + dt.timedelta(days=1))
    with pytest.raises(DatabaseError, match="longer than"), transaction.atomic():
        Subsidy.objects.create(
            programme=first.programme, application=application, enterprise=scene.firm.enterprise, interest_paid=1, amount=1,
            period=(items[1].due_on, end + dt.timedelta(days=1)),
        )  # fmt: skip
    assert computed(scene, application, items[1].due_on, end).amount > 0

"""Money of a claim that was paid wrongly comes back 追缴: asked for with a reason, booked by another person, the budget has it again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from cultivation.models import Claim, ClaimEvent, Policy
from cultivation.queries import claims as queries
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.clock import db_today
from parks.queries import benefits as register
from tests.cultivation.test_claims import walk
from tests.cultivation.test_claims_attacked import approved
from tests.factories import policies as make

pytestmark = pytest.mark.django_db
BACK = {"paid_reference": "TK-1"}


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


@pytest.fixture
def firm(office: make.Office) -> Any:
    return make.firm(office.park)


@pytest.fixture
def closed(office: make.Office, firm: Any) -> Claim:
    claim = approved(office, make.filed(firm, office.release()))
    claim = walk(office, claim, ("fund", "pay"), paid_on=db_today(), paid_reference="GK-1")
    return walk(office, claim, ("fund2", "confirm"))


def budget() -> tuple[int, int]:
    policy = Policy.objects.get()
    return int(policy.committed), int(policy.paid)


def test_money_comes_back_to_the_budget_and_the_firm_may_claim_again(
    office: make.Office, firm: Any, closed: Claim
) -> None:
    assert budget() == (148_000, 148_000)
    recalled = walk(office, closed, ("admin", "recall"), note="数据更正后不符合条件")
    assert (recalled.state, budget()) == ("recalled", (148_000, 148_000))
    assert closed in queries.waiting_for(office["fund"])
    with pytest.raises(Forbidden, match="same_person"):
        walk(office, closed, ("admin", "recover"), paid_on=db_today(), **BACK)
    with pytest.raises(Refused, match="payment"):
        walk(office, closed, ("fund", "recover"), paid_on=db_today() - dt.timedelta(days=1), **BACK)
    back = walk(office, closed, ("fund", "recover"), paid_on=db_today(), **BACK)
    assert (back.state, back.paid_reference, budget()) == ("recovered", "GK-1", (0, 0))
    assert not register.standing(back.enterprise.organisation_id)
    totals = queries.totals(db_today().year)
    assert (totals.filed, totals.paid, totals.paid_amount) == (0, 0, 0)
    assert make.filed(firm, back.version).pk != back.pk


def test_a_recall_has_a_reason_and_is_dropped_by_another_person(office: make.Office, closed: Claim) -> None:
    assert closed not in queries.waiting_for(office["admin"])
    with pytest.raises(Refused, match="reason_missing"):
        walk(office, closed, ("publisher", "recall"))
    walk(office, closed, ("publisher", "recall"), note="材料疑似重复")
    with pytest.raises(Forbidden, match="same_person"):
        walk(office, closed, ("publisher", "drop_recall"), note="查清了")
    dropped = walk(office, closed, ("admin", "drop_recall"), note="查清了", paid_on=db_today())
    assert (dropped.state, queries.events(dropped).last().paid_on) == ("closed", None)
    with pytest.raises(Conflict, match="not_allowed_now"):
        walk(office, closed, ("fund", "recover"), paid_on=db_today(), **BACK)
    assert budget() == (148_000, 148_000)


def test_the_database_wants_day_reference_and_another_person(office: make.Office, closed: Claim) -> None:
    walk(office, closed, ("admin", "recall"), note="数据更正后不符合条件")
    step = {"claim": closed, "from_state": "recalled", "event": "recover", "to_state": "recovered"}
    for who, role, paid_on in (("fund", "fund_manager", None), ("admin", "park_admin", db_today())):
        with pytest.raises(DatabaseError), transaction.atomic():
            ClaimEvent.objects.create(
                **step, role=role, person_ref=office[who].person_id, person_name=who, paid_on=paid_on, **BACK
            )
    assert budget() == (148_000, 148_000)

"""The first contact within one working day: who is told when it does not come, by the clock of the database."""

from __future__ import annotations

from typing import Any

import pytest

from finance.queries import applications as queries
from finance.services import daily, decisions, sandbox
from parks.clock import db_now
from parks.models import Notification, Park
from parks.workdays import deadline_after
from tests.factories import bankapi, lending
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(in_park: Any) -> lending.World:
    """In a park whose days can pass."""
    Park.objects.filter(pk=in_park.pk).update(kind=Park.Kind.SANDBOX)
    made = lending.world(in_park)
    made.consent()
    people.actor("park_admin", in_park)
    return made


def told(kind: str) -> set[tuple[str, int]]:
    """Role and organisation of the messages about a late first contact; "" is everybody of the organisation."""
    rows = Notification.objects.filter(dedupe_key__startswith=f"contact-{kind}:")
    return set(rows.values_list("role", "organisation_id"))


def days_until(moment: Any) -> int:
    return (moment - db_now()).days + 1


def test_bank_and_park_hear_once_after_a_working_day_and_again_after_five(world: lending.World) -> None:
    made = world.apply()
    daily.remind_of_contact([world.park])
    assert not told("late"), "there is still time"

    ops = bankapi.ops_of(world.maker.organisation_id or 0, world.park)
    sandbox.advance(by=ops, days=days_until(made.contact_due_at))
    bank, firm = made.organisation_id, made.enterprise.organisation_id
    assert {role for role, house in told("late") if house == bank} == {"bank_maker", "bank_checker"}
    assert [role for role, house in told("late") if house != bank] == ["park_admin"]
    assert queries.silent_banks(db_now()) == [(made.organisation.name, 1)]
    assert not told("stale")
    assert daily.remind_of_contact([world.park]) == 0, "once"

    sandbox.advance(by=ops, days=days_until(deadline_after(made.created_at, 5)))
    assert {role for role, house in told("stale") if house == bank} == {"bank_checker"}
    assert ("", firm) in told("stale")
    assert "park_admin" in {role for role, _house in told("stale")}


def test_the_park_is_told_the_bank_and_the_number_never_the_enterprise(world: lending.World) -> None:
    made = world.apply()
    ops = bankapi.ops_of(world.maker.organisation_id or 0, world.park)
    sandbox.advance(by=ops, days=days_until(made.contact_due_at))
    text = Notification.objects.get(role="park_admin", dedupe_key__startswith="contact-late").text
    assert made.organisation.name in text
    assert made.number in text
    assert made.enterprise.name not in text


def test_who_was_in_touch_is_not_reminded(world: lending.World) -> None:
    made = world.apply()
    decisions.acknowledge(by=world.maker, application_id=made.pk)
    ops = bankapi.ops_of(world.maker.organisation_id or 0, world.park)
    sandbox.advance(by=ops, days=days_until(made.contact_due_at))
    assert not told("late")
    assert queries.silent_banks(db_now()) == []

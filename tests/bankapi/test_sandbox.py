"""Firms of a sandbox act by the script in their name; in other parks nothing moves by itself."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from finance.models import Application, Consent
from finance.services import decisions, sandbox
from innovscore.core.problems import Conflict, Refused
from parks.clock import server_now
from parks.models import Organisation, Park
from parks.scope import park_scope
from tests.bankapi.conftest import Case
from tests.factories import lending
from tests.factories import loans as loan_rows

pytestmark = pytest.mark.django_db


def world_of(park: Any, name: str) -> lending.World:
    with park_scope(park.pk):
        world = lending.world(park)
        Organisation.objects.filter(pk=world.signatory.organisation_id).update(name=name)
        return world


@pytest.fixture
def box(park: Any) -> Any:
    park.kind = Park.Kind.SANDBOX
    park.save()
    return park


@pytest.mark.parametrize(
    ("script", "end"),
    [("timeout", "lapsed"), ("withdraw", "withdrawn"), ("revoke", "on_hold"), ("approve", "contracted")],
)
def test_each_script_ends_as_its_name_says(box: Any, script: str, end: str) -> None:
    world = world_of(box, f"ent-{script}-01")
    assert sandbox.play() == 1
    assert sandbox.play() == 0, "the firm waits for the bank"
    with park_scope(box.pk):
        application = Application.objects.get()
        assert application.amount == sandbox.AMOUNT
        decisions.acknowledge(by=world.maker, application_id=application.pk)
        if script in ("withdraw", "approve"):
            world.propose(application, 1_000_000)
        if script == "approve":
            from finance.services import loans
            from tests.factories import bankapi

            world.approve(application)
            ops = bankapi.ops_of(world.maker.organisation_id, box)
            contract = {"number": "C-1", "amount": application.amount, "rate": decisions_rate(application)}
            loans.record_contract(
                by=ops, application_id=application.pk, starts_on=application.created_at.date(),
                ends_on=application.lapses_at.date(), **contract,
            )  # fmt: skip
    sandbox.play()
    with park_scope(box.pk):
        application.refresh_from_db()
        assert application.status == end


def decisions_rate(application: Application) -> Any:
    return application.decisions.get(live=True).rate


def test_a_firm_whose_application_ended_applies_again(box: Any) -> None:
    world = world_of(box, "ent-withdraw-07")
    sandbox.play()
    with park_scope(box.pk):
        world.propose(Application.objects.get(), 1_000_000)
    sandbox.play()
    sandbox.play()
    with park_scope(box.pk):
        assert list(Application.objects.order_by("pk").values_list("status", flat=True)) == [
            "withdrawn",
            "screened",
        ]


def test_nothing_moves_in_a_real_park(park: Any) -> None:
    world_of(park, "ent-approve-01")
    assert sandbox.play() == 0
    with park_scope(park.pk):
        assert sandbox.play_here() == 0
        assert not Consent.objects.exists()


def test_firms_with_other_names_are_left_alone(box: Any) -> None:
    world_of(box, "ent-approve-01x")
    assert sandbox.play() == 0


def test_what_is_dated_in_the_past_is_overdue_at_once(box: Any) -> None:
    with park_scope(box.pk):
        scene = loan_rows.scene(box)
        application = scene.loan(days_ago=70)
    sandbox.play()
    with park_scope(box.pk):
        application.refresh_from_db()
        assert application.status == "overdue"


def test_days_pass_in_the_sandbox_and_nowhere_else(box: Any) -> None:
    """Applications lapse and loans fall overdue by the park's clock; the row of a zone cannot carry one."""
    world = world_of(box, "ent-approve-01")
    sandbox.play()
    before = server_now()
    with park_scope(box.pk):
        application = Application.objects.get()
        assert sandbox.advance(by=world.maker, days=30) > before + dt.timedelta(days=30)
        application.refresh_from_db()
        assert application.status == "lapsed"
        assert Application.objects.get(status="screened").created_at > before + dt.timedelta(days=30), (
            "it applies again, then"
        )
        assert server_now() < before + dt.timedelta(days=1)
        for days in (0, -1, 367):
            with pytest.raises(Refused):
                sandbox.advance(by=world.maker, days=days)
        Park.objects.filter(pk=box.pk).update(clock_days=36_600)
        with pytest.raises(Conflict, match="clock_end"):
            sandbox.advance(by=world.maker, days=1)
    with pytest.raises(IntegrityError, match="park_clock_sandbox_only"), transaction.atomic():
        Park.objects.filter(pk=box.pk).update(kind=Park.Kind.ZONE)


def test_the_clock_by_api(case: Case) -> None:
    engine = case.engine
    assert engine.get("clock").status_code == 404, "a zone has none"
    assert engine.post("clock:advance", {"days": 1}).status_code == 404
    Park.objects.filter(pk=case.park.pk).update(kind=Park.Kind.SANDBOX)
    assert engine.post("clock:advance", {"days": 31}).json()["days_ahead"] == 31
    assert engine.get("clock").json()["days_ahead"] == 31
    assert engine.post("clock:advance", {"days": 367}).status_code == 422

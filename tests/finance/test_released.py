"""Totals of loans for everybody: from three enterprises on, and only money that two persons confirmed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from finance.queries import released, reports
from finance.services import loans
from parks.clock import db_today
from parks.models import Park
from tests.factories import loans as make

pytestmark = pytest.mark.django_db


def test_the_sum_of_one_enterprise_is_nobodys_business(in_park: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make.scene(in_park)
    scene.loan(1_000_000)
    assert released.HEADLINE_GROUP == 3
    assert released.loans() is None
    monkeypatch.setattr(released, "HEADLINE_GROUP", 1)
    assert released.loans() == released.Loans(1, Decimal(1_000_000))


def test_money_that_only_one_has_recorded_does_not_count(
    in_park: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = make.scene(in_park)
    monkeypatch.setattr(released, "HEADLINE_GROUP", 1)
    application = scene.approved(1_000_000)
    scene.contract(application)
    application.refresh_from_db()
    loans.record_disbursement(
        by=scene.ops, application_id=application.pk, amount=Decimal(1_000_000), value_date=db_today(), bank_ref=make.ref()
    )  # fmt: skip
    assert released.loans() is None


def test_the_median_wait_is_counted_by_the_database(in_park: Any) -> None:
    """One query for one approval and for five; days from application to decision."""
    scene = make.scene(in_park)
    Park.objects.update(kind=Park.Kind.SANDBOX)
    seen = []
    for days in (1, 2, 4, 8, 16):
        application = scene.apply(100_000)
        Park.objects.update(clock_days=F("clock_days") + days)
        scene.pledge(application)
        scene.approve(application)
        with CaptureQueriesContext(connection) as queries:
            seen.append(reports.headline(actor=scene.maker).days)
        assert len(queries) == 1
    assert [round(days) for days in seen if days] == [1, 2, 2, 3, 4]

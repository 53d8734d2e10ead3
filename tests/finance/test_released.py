"""Totals of loans for everybody: from three enterprises on, and only money that two persons confirmed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finance.queries import released
from finance.services import loans
from parks.clock import db_today
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

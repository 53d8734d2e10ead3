"""Totals of loans for everybody: from three enterprises on, and only money that two persons confirmed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finance.queries import released
from tests.factories import loans as make

pytestmark = pytest.mark.django_db


def test_the_sum_of_one_enterprise_is_nobodys_business(in_park: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = make.scene(in_park)
    scene.loan(1_000_000)
    assert released.FEWEST == 3
    assert released.loans() is None
    monkeypatch.setattr(released, "FEWEST", 1)
    assert released.loans() == released.Loans(1, Decimal(1_000_000))
    released.Disbursement.objects.update(checker_person=None)
    assert released.loans() is None

"""A bank, a firm with the worked example's score and figures, a consent and a line in the park `cq`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from finance.models import Consent, CreditLine
from parks.scope import park_scope
from tests.factories import finance as make


@dataclass
class Market:
    park: Any
    bank: make.Bank
    firm: make.Firm
    consent: Consent
    line: CreditLine

    def submitted(self, amount: int = 1_000_000) -> Any:
        return make.submitted(self.bank, self.firm, self.line, self.consent, amount=amount)


@pytest.fixture
def market(park: Any) -> Market:
    """Rows exist; the test enters the park itself."""
    with park_scope(park.pk):
        return build(park)


@pytest.fixture
def inside(in_park: Any) -> Market:
    """The same, with the park entered."""
    return build(in_park)


def build(park: Any) -> Market:
    bank = make.bank(park)
    firm = make.firm(park)
    consent = make.consent(bank, firm)
    return Market(park, bank, firm, consent, make.line(bank, firm, consent))

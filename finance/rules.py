"""Rules of lending as pure predicates."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from innovscore.core.canonical import canonical_json
from innovscore.core.dates import add_months

ZERO = Decimal(0)
CREDIT_GROUPS = ("id", "score", "dims", "fin")
"""What a credit product needs to be shown, with the enterprise's consent."""

MORE_GROUPS = ("indicators", "history", "evidence")
"""What the enterprise may show a bank beyond that, each by its own choice."""

BANK_STEPS = ("points", "base", "stage", "product_cap", "first_loan_cap", "amount")
"""Steps of a quote that a bank is shown; the others would give away figures that the consent gives in bands only."""

GUARANTEE_GROUPS = ("id", "score", "dims")
"""What the guarantor of a product is shown: less than the bank."""

HISTORY_YEARS = 3
"""Published years that the history of an enterprise goes back."""

LEAST_LOAN = Decimal(10_000)
"""Yuan below which no product lends; a product may ask for more."""

CONSENT_MONTHS = (1, 6, 12)
RENEW_DAYS = 30
"""So many days before its end a consent may be renewed."""
QUOTE_DAYS = 90
CONTACT_WORKING_DAYS = 1
STALE_WORKING_DAYS = 5
"""So many after an application, park and enterprise are told that the bank has not been in touch."""
LAPSE_WORKING_DAYS = 7
HOLD_DAYS = 10
FINANCE_BANDS = tuple(Decimal(x) * 10_000 for x in (100, 500, 2000, 5000, 10000, 20000, 50000, 100000))


def sharing(version: Any) -> tuple[Any, ...]:
    """Who bears what of a loan under a product version."""
    names = ("guarantor_id", "cover_low", "cover_high", "pool_id", "pool_share", "pool_project_cap")
    return tuple(getattr(version, name) for name in names)


def digest_of(data: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON."""
    return hashlib.sha256(canonical_json(dict(data)).encode()).hexdigest()


def is_fresh(year: int, today: dt.date, months: int = 24) -> bool:
    """Figures of a fiscal year may be lent on for so many months after its end (the product says how many).

    Boards of year t come out at the end of t+1: less than 24 would leave months in which no firm has a line.
    """
    end = dt.datetime(year + 1, 1, 1)  # a calendar day
    return today < add_months(end, months).date()


def finance_band(amount: Decimal | None) -> tuple[Decimal | None, Decimal | None] | None:
    """The range an amount (yuan) lies in, low <= amount < high; None stands for open. None without a figure."""
    if amount is None:
        return None
    low = None
    for edge in FINANCE_BANDS:
        if amount < edge:
            return low, edge
        low = edge
    return low, None


def hard_limit(quoted: Decimal, reserved: Decimal, drawn: Decimal) -> Decimal:
    """A cut never goes below what is taken already."""
    return max(quoted, reserved + drawn)

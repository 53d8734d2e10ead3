"""贴息: which interest counts, and what is paid back of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from innovscore.core.money import round_half_up

from .schedule import ZERO, Due, Paid


@dataclass(frozen=True, slots=True)
class Clean:
    """Interest (yuan) that counts, principal times days of those terms, and the due days that were late."""

    interest: Decimal
    principal_days: Decimal
    late: tuple[dt.date, ...]


def clean_interest(items: Sequence[Due], payments: Sequence[Paid], start: dt.date, end: dt.date) -> Clean:
    """Interest of dues in [start, end) that was paid by its day; a term with an overdue day does not count.

    Principal days are for the method principal × points × days / 365.
    """
    owed_principal = owed_interest = interest = days = ZERO
    late = []
    for item in sorted(items, key=lambda one: one.due_on):
        owed_principal, owed_interest = owed_principal + item.principal, owed_interest + item.interest
        in_time = [one for one in payments if one.on <= item.due_on]
        is_paid = (
            sum((one.principal for one in in_time), ZERO) >= owed_principal
            and sum((one.interest for one in in_time), ZERO) >= owed_interest
        )
        if not start <= item.due_on < end:
            continue
        if is_paid:
            interest, days = interest + item.interest, days + item.principal_days
        else:
            late.append(item.due_on)
    return Clean(interest, days, tuple(late))


def points_subsidy(principal_days: Decimal, points: Decimal, interest: Decimal, cap_left: Decimal) -> Decimal:
    """Principal × points × days / 365 (points a fraction a year: 0.025 = 2.5 points), never above interest or cap."""
    return min(round_half_up(principal_days * points / 365, 2), interest, max(cap_left, ZERO))

"""What is due when, what is late, and what lateness costs."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from innovscore.core.money import round_half_up

ZERO = Decimal(0)
PENALTY_FACTOR = Decimal("1.5")
"""罚息 of late principal: half as much again as the contract's rate (PBoC: 30 % to 50 % above)."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A payment of `principal` yuan on `start` at `rate` (fraction a year), due by `end`; interest by actual days."""

    principal: Decimal
    rate: Decimal
    start: dt.date
    end: dt.date
    method: str = "bullet"
    day_count: int = 360


@dataclass(frozen=True, slots=True)
class Due:
    """Yuan due on a day."""

    due_on: dt.date
    principal: Decimal
    interest: Decimal


def interest_schedule(plan: Schedule) -> list[Due]:
    """Monthly dues: bullet, equal_principal or equal_instalment. Principal sums exactly; interest is simple, to the cent.

    Raises ValueError for an unknown method or when the end is not after the start.
    """
    if plan.end <= plan.start:
        raise ValueError("the end must be after the start")
    days = _due_days(plan.start, plan.end)
    shares = _principals(plan, days)
    rows, left, before = [], plan.principal, plan.start
    for day, share in zip(days, shares, strict=True):
        interest = round_half_up(left * plan.rate * (day - before).days / plan.day_count, 2)
        rows.append(Due(day, share, interest))
        left, before = left - share, day
    return rows


def _due_days(start: dt.date, end: dt.date) -> list[dt.date]:
    days, number = [], 1
    while (day := _months_later(start, number)) < end:
        days.append(day)
        number += 1
    return [*days, end]


def _months_later(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _principals(plan: Schedule, days: Sequence[dt.date]) -> list[Decimal]:
    count = len(days)
    if plan.method == "bullet":
        return [ZERO] * (count - 1) + [plan.principal]
    if plan.method == "equal_principal":
        share = round_half_up(plan.principal / count, 2)
        return [share] * (count - 1) + [plan.principal - share * (count - 1)]
    if plan.method == "equal_instalment":
        return _annuity(plan, days)
    raise ValueError(f"unknown method {plan.method!r}")


def _annuity(plan: Schedule, days: Sequence[dt.date]) -> list[Decimal]:
    """Level instalments by the monthly rate; what interest of actual days leaves is principal, the last one takes the rest."""
    monthly, count = plan.rate / 12, len(days)
    instalment = round_half_up(plan.principal * monthly / (1 - (1 + monthly) ** -count), 2)
    shares, left, before = [], plan.principal, plan.start
    for day in days[:-1]:
        interest = round_half_up(left * plan.rate * (day - before).days / plan.day_count, 2)
        share = min(max(instalment - interest, ZERO), left)
        shares.append(share)
        left, before = left - share, day
    return [*shares, left]


def oldest_unpaid(
    items: Sequence[Due], *, principal: Decimal, interest: Decimal, today: dt.date
) -> dt.date | None:
    """The first due day before `today` that what was paid so far does not cover; None when all are covered."""
    owed_principal = owed_interest = ZERO
    for item in sorted(items, key=lambda one: one.due_on):
        if item.due_on >= today:
            return None
        owed_principal, owed_interest = owed_principal + item.principal, owed_interest + item.interest
        if owed_principal > principal or owed_interest > interest:
            return item.due_on
    return None


def penalty_interest(late: Decimal, rate: Decimal, since: dt.date, today: dt.date) -> Decimal:
    """Yuan of penalty interest on late principal, ACT/360."""
    return round_half_up(late * rate * PENALTY_FACTOR * (today - since).days / 360, 2)

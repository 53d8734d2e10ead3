"""What is due when, what is late, and what lateness costs."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

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
    """Yuan due on a day; `principal_days` is what was owed in the term that ends then, times its days."""

    due_on: dt.date
    principal: Decimal
    interest: Decimal
    principal_days: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Paid:
    """Yuan paid on a day."""

    on: dt.date
    principal: Decimal
    interest: Decimal


@dataclass(slots=True)
class Plan:
    """The instalments of one payment out, which bear interest from `start`."""

    start: dt.date
    items: list[Due]


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


def as_owed(plans: Sequence[Plan], payments: Sequence[Paid], *, rate: Decimal, day_count: int) -> list[Due]:
    """The instalments of a loan by day, with what was paid back early taken into account: it bears no interest from then on.

    Payments cover the oldest instalment first, of what was paid out by their day.
    """
    early = _early(plans, payments)
    rows = []
    for plan in plans:
        left, since = sum((item.principal for item in plan.items), ZERO), plan.start
        for item in sorted(plan.items, key=lambda one: one.due_on):
            saved = sum(
                (
                    part * _shared_days(since, item.due_on, *days)
                    for owner, part, *days in early
                    if owner is plan
                ),
                ZERO,
            )
            owed = left * (item.due_on - since).days - saved
            interest = round_half_up(owed * rate / day_count, 2) if saved else item.interest
            rows.append(replace(item, interest=interest, principal_days=owed))
            left, since = left - item.principal, item.due_on
    return sorted(rows, key=lambda one: one.due_on)


def _early(plans: Sequence[Plan], payments: Sequence[Paid]) -> list[tuple[Plan, Decimal, dt.date, dt.date]]:
    """Principal that came before its day: of which plan, how much, when, and when it was due."""
    found = []
    slots: list[list[Any]] = [[item.due_on, plan, item.principal] for plan in plans for item in plan.items]
    slots.sort(key=lambda slot: slot[0])
    for paid in sorted(payments, key=lambda one: one.on):
        left = paid.principal
        for slot in slots:
            due_on, plan, unpaid = slot
            part = min(left, unpaid) if plan.start <= paid.on else ZERO
            slot[2], left = unpaid - part, left - part
            if part and paid.on < due_on:
                found.append((plan, part, paid.on, due_on))
    return found


def _shared_days(start: dt.date, end: dt.date, other_start: dt.date, other_end: dt.date) -> int:
    return max((min(end, other_end) - max(start, other_start)).days, 0)


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

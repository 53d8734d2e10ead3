"""Months and years of the calendar."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

Moment = TypeVar("Moment", bound=dt.date)


def add_months(moment: Moment, months: int) -> Moment:
    """The same day some months later, or the last day of that month."""
    month = moment.month - 1 + months
    year, month = moment.year + month // 12, month % 12 + 1
    for day in range(moment.day, 27, -1):
        try:
            return moment.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return moment.replace(year=year, month=month)


def add_years(moment: Moment, years: int) -> Moment:
    """The same day some years later; of 29 February the 28th."""
    return add_months(moment, 12 * years)


def whole_years(since: dt.date, today: dt.date) -> int:
    """How many years are full."""
    return today.year - since.year - ((today.month, today.day) < (since.month, since.day))

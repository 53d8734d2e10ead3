"""Working days by the official Chinese calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import chinese_calendar


def is_working_day(day: dt.date, overrides: Mapping[dt.date, bool]) -> bool:
    if day in overrides:
        return overrides[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(day: dt.date, count: int, overrides: Mapping[dt.date, bool]) -> dt.date:
    while count:
        day += dt.timedelta(days=1)
        count -= is_working_day(day, overrides)
    return day


def working_days_between(first: dt.date, last: dt.date, overrides: Mapping[dt.date, bool]) -> int:
    return sum(is_working_day(first + dt.timedelta(days=n), overrides) for n in range((last - first).days))

"""Working days by the official Chinese calendar (holidays and the working weekends that make up for them, 调休).

`overrides` are the departures of a park: day -> is it a working day. They win over the calendar. Years that the
calendar does not know yet have plain weeks, Monday to Friday; `calendar_known` tells, so that a page can say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

import chinese_calendar

NONE: Mapping[dt.date, bool] = MappingProxyType({})
ONE_DAY = dt.timedelta(days=1)


def calendar_known(year: int) -> bool:
    """Has the State Council's calendar of this year been published and packed?"""
    try:
        chinese_calendar.is_workday(dt.date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def is_working_day(day: dt.date, overrides: Mapping[dt.date, bool] = NONE) -> bool:
    """Is it a working day?"""
    if day in overrides:
        return overrides[day]
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def add_working_days(day: dt.date, count: int, overrides: Mapping[dt.date, bool] = NONE) -> dt.date:
    """The count-th working day after `day`, which itself is not counted. Raises ValueError for a negative count."""
    if count < 0:
        raise ValueError("count must not be negative")
    while count:
        day += ONE_DAY
        count -= is_working_day(day, overrides)
    return day


def working_days_between(first: dt.date, last: dt.date, overrides: Mapping[dt.date, bool] = NONE) -> int:
    """How many working days lie in [first, last)."""
    return sum(is_working_day(first + dt.timedelta(days=n), overrides) for n in range((last - first).days))


def notice_end(first_day: dt.date, at_least: int, overrides: Mapping[dt.date, bool] = NONE) -> dt.date:
    """End of a notice 公示 that starts on `first_day` and runs `at_least` whole working days: the day after its last one.

    A first day that is a working day counts, as notices are dated by days: 10 to 15 October holds all working days of
    both ends. Raises ValueError when `at_least` is below one.
    """
    if at_least < 1:
        raise ValueError("a notice runs at least one working day")
    return add_working_days(first_day - ONE_DAY, at_least, overrides) + ONE_DAY

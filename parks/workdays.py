"""Working days of the park that was entered: the official calendar with the park's own departures."""

from __future__ import annotations

import datetime as dt

from innovscore.core import workdays

from .models import CalendarDay


def overrides() -> dict[dt.date, bool]:
    """Days on which the park departs from the official calendar: day -> is it a working day."""
    return dict(CalendarDay.objects.values_list("day", "is_working_day"))


def is_working_day(day: dt.date) -> bool:
    return workdays.is_working_day(day, overrides())


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The day `count` working days after `day` (which itself is not counted)."""
    return workdays.add_working_days(day, count, overrides())


def working_days_between(first: dt.date, last: dt.date) -> int:
    """How many working days lie in [first, last)."""
    return workdays.working_days_between(first, last, overrides())

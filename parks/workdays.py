"""Working days of the park that was entered: the official calendar with the park's own departures."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from innovscore.core import workdays

from .clock import BEIJING, db_now
from .models import CalendarDay

CLOSING_HOUR = dt.time(18)


def overrides() -> dict[dt.date, bool]:
    """Days on which the park departs from the official calendar: day -> is it a working day."""
    return dict(CalendarDay.objects.values_list("day", "is_working_day"))


def is_working_day(day: dt.date) -> bool:
    return workdays.is_working_day(day, overrides())


def add_working_days(day: dt.date, count: int) -> dt.date:
    """The day `count` working days after `day` (which itself is not counted)."""
    return workdays.add_working_days(day, count, overrides())


def deadline_after(moment: dt.datetime, count: int) -> dt.datetime:
    """18:00 in Beijing of the day `count` working days after that of `moment`."""
    day = add_working_days(moment.astimezone(BEIJING).date(), count)
    return dt.datetime.combine(day, CLOSING_HOUR, tzinfo=BEIJING)


def working_days_between(first: dt.date, last: dt.date) -> int:
    """How many working days lie in [first, last)."""
    return workdays.working_days_between(first, last, overrides())


def deadline_in_words(end: dt.datetime) -> str:
    """A deadline for people: its day and how many working days are left, or that it is over."""
    now, day = timezone.localtime(db_now()), timezone.localtime(end)
    if end <= now:
        return _("%(day)s 已截止") % {"day": f"{day:%Y-%m-%d}"}
    left = working_days_between(now.date(), day.date())
    return _("%(day)s 截止，还有 %(n)s 个工作日") % {"day": f"{day:%Y-%m-%d}", "n": left}

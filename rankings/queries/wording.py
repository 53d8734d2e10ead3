"""Times and days as they are written on notices."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import get_language

from parks.clock import BEIJING


def moment(at: dt.datetime) -> str:
    """A moment in Beijing; midnight is written as 24:00 of the day that ends: 2026年12月1日 24:00."""
    local = at.astimezone(BEIJING)
    time = f"{local:%H:%M}"
    if local.time() == dt.time():
        local, time = local - dt.timedelta(days=1), "24:00"
    return f"{day(local.date())} {time}"


def day(date: dt.date) -> str:
    """A day: 2026年12月1日 or 1 December 2026."""
    if (get_language() or "").startswith("en"):
        return f"{date.day} {date:%B %Y}"
    return f"{date.year}年{date.month}月{date.day}日"


def short_day(date: dt.date) -> str:
    """A day of the year that is understood: 12月1日 or 1 Dec."""
    if (get_language() or "").startswith("en"):
        return f"{date.day} {date:%b}"
    return f"{date.month}月{date.day}日"


def day_of(at: dt.datetime) -> str:
    """The day of a moment in Beijing."""
    return day(at.astimezone(BEIJING).date())

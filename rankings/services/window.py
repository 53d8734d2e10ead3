"""When a notice ends."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from parks import workdays
from parks.clock import BEIJING

from .. import rules


@dataclass(frozen=True, slots=True)
class Notice:
    """The working days that count, after the day the notice begins, the exact end, and what is told."""

    days: list[dt.date]
    ends_at: dt.datetime
    text: str = ""
    contact: str = ""


def notice_from(begins: dt.datetime, working_days: int, *, text: str = "", contact: str = "") -> Notice:
    """The notice that begins at a moment, by the official calendar (调休) with the park's departures."""
    first = begins.astimezone(BEIJING).date()
    days = [workdays.add_working_days(first, number) for number in range(1, working_days + 1)]
    return Notice(days, rules.end_of_day(days[-1], BEIJING), text, contact)

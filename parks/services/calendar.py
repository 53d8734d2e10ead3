"""The park's working-day calendar: official years that the package does not know yet, and the park's own departures."""

from __future__ import annotations

import csv
import datetime as dt
import io

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Refused
from innovscore.core.workdays import calendar_known

from .. import audit
from ..actors import Actor
from ..models import CalendarDay

WORK = {"班", "上班", "work", "1"}
OFF = {"休", "放假", "off", "0"}
MOST = 800


def parse(text: str) -> list[tuple[dt.date, bool, str]]:
    """Lines `2027-02-20,班,春节调休` (day, 休 or 班, note). Raises Refused naming the line that is wrong."""
    found: dict[dt.date, tuple[dt.date, bool, str]] = {}
    for number, row in enumerate(csv.reader(io.StringIO(text.lstrip("\ufeff").replace("，", ","))), start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and not cells[0][:1].isdigit()):
            continue
        try:
            day = dt.date.fromisoformat(cells[0])
        except ValueError as error:
            raise _wrong(number, _("日期写成 2027-01-01 的样子")) from error
        kind = cells[1] if len(cells) > 1 else ""
        if kind not in WORK | OFF:
            raise _wrong(number, _("第二列写“休”或“班”"))
        if day in found:
            raise _wrong(number, _("同一天写了两次"))
        found[day] = (day, kind in WORK, cells[2][:120] if len(cells) > 2 else "")
    if not 0 < len(found) <= MOST:
        raise Refused(code="calendar_empty", field="text", message=_("没有读到日期，或超过 800 行。"))
    return sorted(found.values())


def _wrong(number: int, what: str) -> Refused:
    return Refused(
        code="calendar_line",
        field="text",
        message=_("第 %(n)s 行有误：%(what)s。") % {"n": number, "what": what},
    )


def load(*, by: Actor, text: str) -> int:
    """Take days over from text or CSV; a day that was there before is replaced. Running notices keep their end."""
    rows = parse(text)
    with transaction.atomic():
        CalendarDay.objects.filter(day__in=[day for day, _works, _note in rows]).delete()
        CalendarDay.objects.bulk_create(
            [CalendarDay(day=day, is_working_day=works, note=note) for day, works, note in rows]
        )
        audit.record(
            by=by, action="calendar.loaded", object_type="park", object_id=by.park_code,
            after={"days": {str(day): works for day, works, _note in rows}},
        )  # fmt: skip
    return len(rows)


def days(year: int) -> list[CalendarDay]:
    return list(CalendarDay.objects.filter(day__year=year).order_by("day"))


def is_known(year: int) -> bool:
    """Is the official calendar of the year packed, or has the park loaded days of it?"""
    return calendar_known(year) or CalendarDay.objects.filter(day__year=year).exists()

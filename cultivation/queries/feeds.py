"""The registry of R&D platforms as department data: the list of a day, and where a written batch departs from it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from enterprises.queries import batches, cycles
from enterprises.services.mappings import KEY_HEAD

from ..models import Platform, PlatformFeed
from . import platforms

INPUT = "platforms"
"""The scheme's list."""
NONE = "；"
"""A list without an entry: what was written before counts no more."""
_PARTING = re.compile(r"[|#;；,，]")


def written(year: int) -> tuple[PlatformFeed, dict[str, set[tuple[str, str]]]] | None:
    """The newest batch of a year that was made here and is written, and its entries (level, number) by USCC."""
    rows = PlatformFeed.objects.filter(batch__year=year, batch__state="applied").select_related("batch")
    feed = rows.order_by("-batch__applied_at", "-pk").first()
    if feed is None:
        return None
    values = batches.entries_of(feed.batch_id, INPUT)
    return feed, {uscc: {(one["level"], one["number"]) for one in found} for uscc, found in values.items()}


def text_of(year: int, day: dt.date) -> str:
    """The file: every firm with a platform that counts on the day, and those of the last batch that have none any more."""
    now = platforms.counting(day)
    last = written(year)
    gone = sorted(uscc for uscc, entries in last[1].items() if entries and uscc not in now) if last else []
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([KEY_HEAD, INPUT])
    table.writerows((uscc, "；".join(map(_entry, rows))) for uscc, rows in now.items())
    table.writerows((uscc, NONE) for uscc in gone)
    return text.getvalue() if now or gone else ""


def _entry(row: Platform) -> str:
    """level|name|number|date, without the signs that part entries."""
    return f"{platforms.counts_as(row)}|{_PARTING.sub(' ', row.name)}|{_number(row)}|{row.approved_on}"


def _number(row: Platform) -> str:
    return _PARTING.sub(" ", row.approval_number)


@dataclass(frozen=True, slots=True)
class Difference:
    """An entry of a written batch that is no longer so, or one that it lacks."""

    uscc: str
    number: str
    platform: Platform | None
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Stale:
    """A written batch that departs from the registry; while its year is open a new batch puts it right."""

    feed: PlatformFeed
    is_open: bool
    differences: list[Difference]


def stale() -> list[Stale]:
    """Batches that differ from what the registry says of their day today, the newest year first."""
    years = PlatformFeed.objects.filter(batch__state="applied").values_list("batch__year", flat=True)
    found = [_compared(year) for year in sorted(set(years), reverse=True)]
    return [one for one in found if one and one.differences]


def _compared(year: int) -> Stale | None:
    last = written(year)
    if last is None:
        return None
    feed, entries = last
    had = {(uscc, level, number) for uscc, some in entries.items() for level, number in some}
    now = {
        (uscc, platforms.counts_as(row), _number(row))
        for uscc, rows in platforms.counting(feed.day).items()
        for row in rows
    }
    known = {_number(row): row for row in platforms.platforms()} if had != now else {}
    differences = [
        Difference(uscc, number, known.get(number), (uscc, level, number) in had)
        for uscc, level, number in sorted(had ^ now)
    ]
    return Stale(feed, cycles.of_year(year).state == "open", differences)


def day_of(year: int, today: dt.date) -> dt.date:
    """The day whose platforms count in a year: its last, or today while it runs."""
    return min(today, dt.date(year, 12, 31))


def changed_since(feed: PlatformFeed) -> str:
    """Why a batch that was made here may not be written any more; empty where it may."""
    text = text_of(feed.batch.year, feed.day)
    if batches.is_of(feed.batch, text.encode()):
        return ""
    return _("生成这个批次以后，研发平台有了变化。请在“研发平台”重新生成部门数据。")

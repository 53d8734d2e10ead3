"""The registry of R&D platforms as department data: what was written, and where it departs from the registry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from enterprises.queries import batches, cycles

from ..models import Platform, PlatformFeed
from . import platforms

INPUT = "platforms"
"""The scheme's list."""
_PARTING = re.compile(r"[|#;；,，]")


def plain(text: str) -> str:
    """A name or number without the signs that part entries."""
    return _PARTING.sub(" ", text)


def written(year: int) -> tuple[PlatformFeed, dict[str, set[tuple[str, str]]]] | None:
    """The newest batch of a year that was made here and is written, and its entries (level, number) by USCC."""
    rows = PlatformFeed.objects.filter(batch__year=year, batch__state="applied").select_related("batch")
    feed = rows.order_by("-batch__applied_at", "-pk").first()
    if feed is None:
        return None
    values = batches.entries_of(feed.batch_id, INPUT)
    return feed, {uscc: {(one["level"], one["number"]) for one in found} for uscc, found in values.items()}


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
        (uscc, platforms.counts_as(row), plain(row.approval_number))
        for uscc, rows in platforms.counting(feed.day).items()
        for row in rows
    }
    known = {plain(row.approval_number): row for row in platforms.platforms()} if had != now else {}
    differences = [
        Difference(uscc, number, known.get(number), (uscc, level, number) in had)
        for uscc, level, number in sorted(had ^ now)
    ]
    return Stale(feed, cycles.of_year(year).state == "open", differences)

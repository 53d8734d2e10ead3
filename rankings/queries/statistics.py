"""Boards over the years, from published tables alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from parks.models import Park
from scoring.queries.schemes import names_of, scheme_of

from ..models import PublishedEntry, PublishedMethod
from .public import boards, title_of


@dataclass(frozen=True, slots=True)
class Year:
    """A year in figures; `boards` are (code, name, eligible firms), `stages` (name, count) of places."""

    year: int
    boards: list[tuple[str, str, int]]
    firms: int
    newcomers: int
    several: int
    stages: list[tuple[str, int]]

    @property
    def eligible(self) -> int:
        """Firms that took part: those of the widest board."""
        return max(count for _code, _name, count in self.boards)


def years(park: Park) -> list[Year]:
    """Years with final boards, newest first."""
    final = list(boards(park).filter(state="final").order_by("year", "pk"))
    entries = PublishedEntry.everywhere.filter(park=park, published__in=[row.pk for row in final])
    by_board: dict[int, list[Any]] = {}
    for entry in entries.order_by("position"):
        by_board.setdefault(entry.published_id, []).append(entry)
    method = PublishedMethod.everywhere.filter(park=park).order_by("-pk").first()
    names = names_of(scheme_of(method).groups) if method else {}
    found: list[Year] = []
    seen: set[str] = set()
    for year in sorted({row.year for row in final}):
        rows = [row for row in final if row.year == year]
        lines = [entry for row in rows for entry in by_board.get(row.pk, [])]
        firms = Counter(entry.uscc for entry in lines)
        stages = Counter(names.get(entry.stage, entry.stage) for entry in lines)
        found.append(
            Year(
                year,
                [(row.board, title_of(row), row.eligible) for row in rows],
                len(firms),
                len(firms.keys() - seen),
                sum(count > 1 for count in firms.values()),
                stages.most_common(),
            )
        )
        seen |= firms.keys()
    return found[::-1]

"""What changed from one published edition of a board to the next."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from parks.models import Park

from ..models import PublishedBoard, PublishedEntry


@dataclass(frozen=True, slots=True)
class Change:
    """A firm whose line differs: places before and after, None where it was not listed."""

    uscc: str
    name: str
    before: int | None
    after: int | None
    score_before: Decimal | None
    score: Decimal | None

    @property
    def kind(self) -> str:
        """added, removed, moved, or score (same place, other score)."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "score" if self.before == self.after else "moved"


@dataclass(frozen=True, slots=True)
class Changes:
    """Two editions that follow each other and the lines that differ."""

    before: PublishedBoard
    after: PublishedBoard
    rows: list[Change]

    @property
    def usccs(self) -> set[str]:
        return {row.uscc for row in self.rows}


def versions(park: Park, year: int, board: str) -> list[PublishedBoard]:
    """All published editions of a board, oldest first."""
    rows = PublishedBoard.everywhere.filter(park=park, year=year, board=board)
    return list(rows.select_related("park").order_by("number"))


def changes_of(published: PublishedBoard) -> Changes | None:
    """What an edition changes against the one it superseded; None for a first edition or after a withdrawal."""
    before = (
        PublishedBoard.everywhere.filter(
            park=published.park_id, year=published.year, board=published.board, number__lt=published.number
        )
        .exclude(state="withdrawn")
        .order_by("-number")
        .first()
    )
    return between(before, published) if before else None


def between(before: PublishedBoard, after: PublishedBoard) -> Changes:
    """Lines that differ in place or score, in the order of the new places; those that left come last."""
    old, new = _lines(before), _lines(after)
    rows = [
        Change(
            uscc, (new.get(uscc) or old[uscc]).name, old[uscc].place if uscc in old else None,
            new[uscc].place if uscc in new else None, old[uscc].score if uscc in old else None,
            new[uscc].score if uscc in new else None,
        )
        for uscc in {**new, **old}
    ]  # fmt: skip
    changed = [row for row in rows if (row.before, row.score_before) != (row.after, row.score)]
    moved = [row for row in changed if row.kind != "score"]
    return Changes(before, after, sorted(moved, key=lambda row: (row.after or 10_000, row.before or 10_000)))


def _lines(published: PublishedBoard) -> dict[str, PublishedEntry]:
    rows = PublishedEntry.everywhere.filter(park=published.park_id, published=published)
    return {row.uscc: row for row in rows}

"""What differs between two runs: who moved, and whether by data, by method, or because others moved.

Both runs are read as arrays (some 60 bytes an enterprise); names are looked up for what is shown, never for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import overload

import numpy as np
from numpy.typing import NDArray

from parks import bulk, pgcopy
from scoring import engine

from ..models import ScoreResult, ScoreRun
from . import facts
from .results import called
from .schemes import names_of, scheme_of

REASONS = DATA, METHOD, BOTH, COHORT = "data", "method", "both", "cohort"
UP, DOWN, LEVEL = "up", "down", "level"
BY_REASON = np.array([COHORT, METHOD, DATA, BOTH])  # at 2 x data + method
CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Moved:
    """One enterprise in both runs. `method` + `data` = change of the total; a place that moves alone moved by others."""

    enterprise_id: int
    name: str
    uscc: str
    before: Decimal
    after: Decimal
    place_before: int | None
    place_after: int | None
    method: Decimal
    data: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def places(self) -> int | None:
        """Places gained (lost when negative); None without a place in both."""
        if self.place_before is None or self.place_after is None:
            return None
        return self.place_before - self.place_after

    @property
    def reason(self) -> str:
        return str(BY_REASON[2 * bool(self.data) + bool(self.method)])


@dataclass(frozen=True, slots=True)
class Movers(Sequence[Moved]):
    """Everybody whose total or place differs, the farthest first; a slice of it is a list with names.

    Arrays have one entry for each: totals in hundredths, places (0: none), enterprise ids, codes, reasons.
    """

    run: ScoreRun
    enterprise: NDArray
    uscc: NDArray
    totals: NDArray
    places: NDArray
    method: NDArray
    reason: NDArray

    def __len__(self) -> int:
        return len(self.uscc)

    @overload
    def __getitem__(self, at: int) -> Moved: ...
    @overload
    def __getitem__(self, at: slice) -> list[Moved]: ...
    def __getitem__(self, at: slice | int) -> list[Moved] | Moved:
        if not isinstance(at, slice):
            return self[at : at + 1 or None][0]
        rows = range(len(self))[at]
        names = _names(self.run, self.uscc[at])
        return [self._one(row, names) for row in rows]

    def __iter__(self) -> Iterator[Moved]:
        for start in range(0, len(self), CHUNK):
            yield from self[start : start + CHUNK]

    def narrowed(self, *, q: str = "", places: str = "", reason: str = "") -> Movers:
        """Those whose name or code is asked for, whose place went UP or DOWN or did neither, who moved by this reason."""
        keep = np.ones(len(self), dtype=bool)
        if reason:
            keep &= self.reason == reason
        if places:
            before, after = self.places.T
            gained = np.where((before > 0) & (after > 0), before - after, 0)
            keep &= np.sign(gained) == {UP: 1, DOWN: -1, LEVEL: 0}[places]
        if q:
            found = ScoreResult.objects.filter(called(q), run=self.run).values_list("uscc", flat=True)
            keep &= np.isin(self.uscc, np.array(list(found), dtype="S18"))
        arrays = ("enterprise", "uscc", "totals", "places", "method", "reason")
        return replace(self, **{name: getattr(self, name)[keep] for name in arrays})

    def _one(self, row: int, names: dict[str, str]) -> Moved:
        uscc = self.uscc[row].decode()
        before, after = (int(value) for value in self.totals[row])
        method = int(self.method[row])
        places = [int(value) or None for value in self.places[row]]
        return Moved(
            enterprise_id=int(self.enterprise[row]), name=names[uscc], uscc=uscc, before=_points(before),
            after=_points(after), place_before=places[0], place_after=places[1], method=_points(method),
            data=_points(after - before - method),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoardChange:
    """Who comes onto a board and who leaves it."""

    name: str
    entered: list[str]
    left: list[str]


@dataclass(frozen=True, slots=True)
class Diff:
    """Run `before` against run `after`: how many are in both, only in the new, only in the old."""

    before: ScoreRun
    after: ScoreRun
    common: int
    moved: Movers
    entered: int
    left: int
    boards: list[BoardChange]

    @property
    def counts(self) -> dict[str, int]:
        """How many moved by which reason."""
        return {reason: int((self.moved.reason == reason).sum()) for reason in REASONS}


def others(run: ScoreRun) -> list[ScoreRun]:
    """Runs that a run may be compared with: the computed ones of its year, then of the years before."""
    rows = ScoreRun.objects.filter(state=ScoreRun.State.COMPUTED).exclude(pk=run.pk)
    rows = rows.filter(cycle__year__lte=run.cycle.year).select_related("cycle", "scheme_version", "snapshot")
    return sorted(rows, key=lambda other: (-other.cycle.year, -other.pk))


def between(before: ScoreRun, after: ScoreRun) -> Diff:
    """Compare two computed runs; enterprises are matched by their code."""
    old, new = _results(before), _results(after)
    both, in_old, in_new = np.intersect1d(old["uscc"], new["uscc"], assume_unique=True, return_indices=True)
    return Diff(
        before=before,
        after=after,
        common=len(both),
        moved=_movers(before, after, _taken(old, in_old), _taken(new, in_new)),
        entered=len(new["uscc"]) - len(both),
        left=len(old["uscc"]) - len(both),
        boards=_boards(before, after, old, new),
    )


Table = dict[str, NDArray]


def _results(run: ScoreRun) -> Table:
    shapes = {
        "enterprise": "i8",
        "uscc": "S18",
        "total": "i4",
        "place": "i4",
        "boards": f"i4*{len(run.boards)}",
    }
    query = (
        "SELECT enterprise_id, uscc::text, (total * 100)::int, coalesce(place, 0), board_places FROM scoring_scoreresult"
        " WHERE run_id = %s ORDER BY uscc"
    )
    if not run.boards:
        shapes.pop("boards")
        query = query.replace(", board_places", "")
    rows = pgcopy.Unpacker(shapes, run.rows)
    bulk.read_binary(query, [run.pk], rows)
    return rows.finish()


def _taken(table: Table, rows: NDArray) -> Table:
    return {name: column[rows] for name, column in table.items()}


def _movers(before: ScoreRun, after: ScoreRun, old: Table, new: Table) -> Movers:
    """Rows of both tables stand for the same enterprises."""
    change = new["total"] - old["total"]
    method = _by_method(before, after, old, new)
    ranked_twice = (old["place"] > 0) & (new["place"] > 0)
    climbed = np.where(ranked_twice, np.abs(old["place"] - new["place"]), 0)
    moved = np.flatnonzero((change != 0) | (old["place"] != new["place"]))
    order = moved[np.lexsort((new["uscc"][moved], -np.abs(change[moved]), -climbed[moved]))]
    reason = BY_REASON[2 * (change - method != 0)[order] + (method != 0)[order]]
    return Movers(
        run=after,
        enterprise=new["enterprise"][order],
        uscc=new["uscc"][order],
        totals=np.stack((old["total"], new["total"]), axis=1)[order],
        places=np.stack((old["place"], new["place"]), axis=1)[order],
        method=method[order],
        reason=reason,
    )


def _by_method(before: ScoreRun, after: ScoreRun, old: Table, new: Table) -> NDArray:
    """What the new method alone changes in the totals of the old figures, in hundredths."""
    if before.scheme_digest == after.scheme_digest:
        return np.zeros_like(old["total"])
    if before.snapshot_root == after.snapshot_root:
        return np.asarray(new["total"] - old["total"])
    scheme = scheme_of(after.scheme_version)
    scores = engine.score(facts.read(before.snapshot, scheme).facts, scheme)
    units = np.array(scores.ids, dtype="S18")
    order = np.argsort(units)
    at = order[np.searchsorted(units, old["uscc"], sorter=order)]
    return np.asarray(scores.total[at] - old["total"])


def _boards(before: ScoreRun, after: ScoreRun, old: Table, new: Table) -> list[BoardChange]:
    scheme = scheme_of(after.scheme_version)
    names, size = names_of(scheme.boards), scheme.board_rules.size
    found = []
    for code in after.boards:
        if code not in before.boards:
            continue
        was = _on_board(old, before.boards.index(code), size)
        is_now = _on_board(new, after.boards.index(code), size)
        found.append(
            BoardChange(
                names.get(code, code),
                list(_names(after, np.setdiff1d(is_now, was)).values()),
                list(_names(before, np.setdiff1d(was, is_now)).values()),
            )
        )
    return found


def _on_board(table: Table, index: int, size: int) -> NDArray:
    places = table["boards"][:, index]
    return table["uscc"][(places > 0) & (places <= size)]


def _names(run: ScoreRun, usccs: NDArray) -> dict[str, str]:
    """Names of some enterprises of a run by their codes."""
    rows = ScoreResult.objects.filter(run=run, uscc__in=[code.decode() for code in usccs.tolist()])
    return dict(rows.order_by("uscc").values_list("uscc", "enterprise__name"))


def _points(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)

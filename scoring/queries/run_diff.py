"""What differs between two runs: who moved, and whether by data, by method, or because others moved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from scoring import engine

from ..models import ScoreResult, ScoreRun
from . import facts
from .schemes import names_of, scheme_of

ZERO = Decimal(0)
DATA, METHOD, BOTH, COHORT = "data", "method", "both", "cohort"


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
        if self.method and self.data:
            return BOTH
        return DATA if self.data else METHOD if self.method else COHORT


@dataclass(frozen=True, slots=True)
class BoardChange:
    """Who comes onto a board and who leaves it."""

    name: str
    entered: list[str]
    left: list[str]


@dataclass(frozen=True, slots=True)
class Diff:
    """Run `before` against run `after`; `moved` holds everybody whose total or place differs, the farthest first."""

    before: ScoreRun
    after: ScoreRun
    common: int
    moved: list[Moved]
    entered: list[str]
    left: list[str]
    boards: list[BoardChange]

    @property
    def counts(self) -> dict[str, int]:
        """How many moved by which reason."""
        return {
            reason: sum(item.reason == reason for item in self.moved)
            for reason in (DATA, METHOD, BOTH, COHORT)
        }


def others(run: ScoreRun) -> list[ScoreRun]:
    """Runs that a run may be compared with: the computed ones of its year, then of the years before."""
    rows = ScoreRun.objects.filter(state=ScoreRun.State.COMPUTED).exclude(pk=run.pk)
    rows = rows.filter(cycle__year__lte=run.cycle.year).select_related("cycle", "scheme_version", "snapshot")
    return sorted(rows, key=lambda other: (-other.cycle.year, -other.pk))


def between(before: ScoreRun, after: ScoreRun) -> Diff:
    """Compare two computed runs; enterprises are matched by their code."""
    old, new = _results(before), _results(after)
    middle = _under_new_method(before, after, old, new)
    moved = [
        _moved(old[uscc], new[uscc], middle.get(uscc, old[uscc].total))
        for uscc in old.keys() & new.keys()
        if (old[uscc].total, old[uscc].place) != (new[uscc].total, new[uscc].place)
    ]
    moved.sort(key=lambda item: (-abs(item.places or 0), -abs(item.change), item.uscc))
    return Diff(
        before=before,
        after=after,
        common=len(old.keys() & new.keys()),
        moved=moved,
        entered=sorted(new[uscc].enterprise.name for uscc in new.keys() - old.keys()),
        left=sorted(old[uscc].enterprise.name for uscc in old.keys() - new.keys()),
        boards=_boards(before, after, old, new),
    )


def _results(run: ScoreRun) -> dict[str, ScoreResult]:
    rows = ScoreResult.objects.filter(run=run).select_related("enterprise")
    wanted = ("uscc", "total", "place", "board_places", "enterprise__name", "run_id")
    return {row.uscc: row for row in rows.only(*wanted)}


def _under_new_method(
    before: ScoreRun, after: ScoreRun, old: dict[str, ScoreResult], new: dict[str, ScoreResult]
) -> dict[str, Decimal]:
    """Totals of the old figures under the new method."""
    if before.scheme_digest == after.scheme_digest:
        return {uscc: row.total for uscc, row in old.items()}
    if before.snapshot_root == after.snapshot_root:
        return {uscc: row.total for uscc, row in new.items()}
    scheme = scheme_of(after.scheme_version)
    scores = engine.score(facts.read(before.snapshot, scheme).facts, scheme)
    return {
        unit: Decimal(int(total)).scaleb(-2) for unit, total in zip(scores.ids, scores.total, strict=True)
    }


def _moved(old: ScoreResult, new: ScoreResult, middle: Decimal) -> Moved:
    return Moved(
        enterprise_id=new.enterprise_id,
        name=new.enterprise.name,
        uscc=new.uscc,
        before=old.total,
        after=new.total,
        place_before=old.place,
        place_after=new.place,
        method=middle - old.total,
        data=new.total - middle,
    )


def _boards(
    before: ScoreRun, after: ScoreRun, old: dict[str, ScoreResult], new: dict[str, ScoreResult]
) -> list[BoardChange]:
    scheme = scheme_of(after.scheme_version)
    names, size = names_of(scheme.boards), scheme.board_rules.size
    found = []
    for code in after.boards:
        if code not in before.boards:
            continue
        was = _on_board(old, before.boards.index(code), size)
        is_now = _on_board(new, after.boards.index(code), size)
        entered = [new[uscc].enterprise.name for uscc in sorted(is_now - was)]
        left = [old[uscc].enterprise.name for uscc in sorted(was - is_now)]
        found.append(BoardChange(names.get(code, code), entered, left))
    return found


def _on_board(rows: dict[str, ScoreResult], index: int, size: int) -> set[str]:
    return {uscc for uscc, row in rows.items() if 0 < row.board_places[index] <= size}

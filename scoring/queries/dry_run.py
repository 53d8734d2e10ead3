"""Dry run of a scheme version on the last snapshot: who would move, what the distribution would be. Nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from indicators.queries import schemes
from innovscore.core.problems import NotFound, Refused
from scoring import engine

from ..models import CurrentRun, ScoreResult, ScoreRun
from ..statistics import BIN_POINTS, summary
from . import facts
from .alternatives import COHORT_LIMIT
from .run_diff import BoardChange, Moved
from .schemes import names_of

SHOWN = 50


@dataclass(frozen=True, slots=True)
class DryRun:
    """Results of a run against the same facts under another version; `moved` the farthest first, at most SHOWN."""

    version: Any
    run: ScoreRun
    firms: int
    totals_moved: int
    places_moved: int
    moved: list[Moved]
    boards: list[BoardChange]
    edges: list[int]
    before: list[int]
    after: list[int]
    stages: list[tuple[str, list[float], list[float]]]

    @property
    def histogram_rows(self) -> list[tuple[str, int, int]]:
        pairs = zip(self.edges, self.edges[1:], self.before, self.after, strict=False)
        return [(f"{low}–{high}", old, new) for low, high, old, new in pairs]


def dry_run(version_id: int) -> DryRun:
    """Score the newest current run's snapshot under a version, a draft included.

    NotFound without version or run; Refused for a draft that is not a scheme yet, or a cohort too large to wait for.
    """
    version = schemes.with_body(version_id)
    pointer = CurrentRun.objects.order_by("-cycle__year").select_related(
        "run__cycle", "run__snapshot__scheme_version", "run__scheme_version"
    )
    current = pointer.first()
    if version is None or current is None:
        raise NotFound(code="nothing_to_try", message=_("没有这个版本，或还没有计算过的年度可以试算。"))
    run = current.run
    if run.rows > COHORT_LIMIT:
        message = _("企业超过 %(n)s 家，请启用后用“试算”运行比较。") % {"n": COHORT_LIMIT}
        raise Refused(code="too_large", message=message)
    try:
        scheme = engine.load_scheme(version.body)
    except engine.EngineError as error:
        raise Refused(
            code="draft_wrong", message=_("草案还不能试算：%(what)s") % {"what": str(error)[:500]}
        ) from error
    return _compare(version, run, scheme)


def _compare(version: Any, run: ScoreRun, scheme: engine.Scheme) -> DryRun:
    frozen = facts.read(run.snapshot, scheme)
    scores = engine.score(frozen.facts, scheme)
    ranking = engine.rank(
        scores, frozen.facts, scheme, confirmed_at=frozen.confirmed_at, allowed=frozen.allowed
    )
    rows = {row.uscc: row for row in ScoreResult.objects.filter(run=run).select_related("enterprise")}
    pairs = [
        _pair(rows[unit], int(scores.total[n]), int(ranking.overall[n]))
        for n, unit in enumerate(scores.ids)
        if unit in rows
    ]
    moved = [item for item in pairs if item.change or item.place_before != item.place_after]
    moved.sort(key=lambda item: (-abs(item.places or 0), -abs(item.change), item.uscc))
    top = max(int(scheme.most_points), run.statistics["edges"][-1])
    edges = list(range(0, top + BIN_POINTS, BIN_POINTS))
    here = ranking.overall > 0
    old = np.array([float(item.before) for item in pairs if item.place_before])
    return DryRun(
        version=version,
        run=run,
        firms=len(pairs),
        totals_moved=sum(bool(item.change) for item in pairs),
        places_moved=sum(item.place_before != item.place_after for item in pairs),
        moved=moved[:SHOWN],
        boards=_boards(run, scheme, scores, ranking, rows),
        edges=edges,
        before=[int(n) for n in np.histogram(old, edges)[0]],
        after=[int(n) for n in np.histogram(scores.total[here] / 100, edges)[0]],
        stages=_stages(run, scheme, scores, here),
    )


def _pair(row: ScoreResult, total: int, place: int) -> Moved:
    after = Decimal(total).scaleb(-2)
    return Moved(
        row.enterprise_id, row.enterprise.name, row.uscc, row.total, after, row.place, place or None,
        method=after - row.total, data=Decimal(0),
    )  # fmt: skip


def _stages(
    run: ScoreRun, scheme: engine.Scheme, scores: engine.Scores, here: Any
) -> list[tuple[str, list[float], list[float]]]:
    names = names_of(scheme.groups)
    found = []
    for number, code in enumerate(scores.group_labels):
        old = run.statistics.get("stages", {}).get(code, {}).get("total", [])
        new = summary(scores.total[here & (scores.group == number)] / 100)
        if old and new:
            found.append((names.get(code, code), old, new))
    return found


def _boards(
    run: ScoreRun,
    scheme: engine.Scheme,
    scores: engine.Scores,
    ranking: engine.Ranking,
    rows: dict[str, ScoreResult],
) -> list[BoardChange]:
    names, size = names_of(scheme.boards), scheme.board_rules.size
    found = []
    for code, board in ranking.boards.items():
        if code not in run.boards:
            continue
        index = run.boards.index(code)
        was = {uscc for uscc, row in rows.items() if 0 < row.board_places[index] <= size}
        now = {scores.ids[n] for n in np.flatnonzero((board.place > 0) & (board.place <= size))}
        entered = [rows[uscc].enterprise.name for uscc in sorted(now - was) if uscc in rows]
        left = [rows[uscc].enterprise.name for uscc in sorted(was - now)]
        found.append(BoardChange(names.get(code, code), entered, left))
    return found

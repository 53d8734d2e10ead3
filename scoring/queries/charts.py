"""Data of the charts; drawing is done by the chart tags of the templates."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.queries.curves import Curve, curve_of
from scoring import engine

from ..models import ScoreRun
from .schemes import names_of

__all__ = ["Curve", "RunCharts", "StripRow", "curve_of", "of_run"]


@dataclass(frozen=True, slots=True)
class StripRow:
    """One line of a strip plot: the peers' middle half, their median, and me."""

    label: str
    me: float | None
    low: float
    median: float
    high: float
    top: float = 100
    url: str = ""


@dataclass(frozen=True, slots=True)
class RunCharts:
    """Histogram of totals and one strip a stage, with their tables."""

    edges: list[float]
    counts: list[int]
    histogram_rows: list[tuple[str, int]]
    strips: list[StripRow]
    strip_rows: list[tuple[object, ...]]
    boards: list[tuple[str, int]]


def of_run(run: ScoreRun, scheme: engine.Scheme) -> RunCharts:
    """Charts of a run from its stored statistics; no result is read."""
    stats = run.statistics
    stages, edges = stats.get("stages", {}), stats.get("edges", [0, 100])
    counts = [sum(column) for column in zip(*(stage["histogram"] for stage in stages.values()), strict=True)]
    names = names_of(scheme.groups)
    strips: list[StripRow] = []
    rows: list[tuple[object, ...]] = []
    for code in run.stages:
        stage = stages[code]
        label = names.get(code, code)
        if stage["total"]:
            low, first, median, third, high = stage["total"]
            strips.append(StripRow(f"{label} n={stage['ranked']}", None, first, median, third, edges[-1]))
            rows.append((label, stage["units"], stage["ranked"], low, first, median, third, high))
    boards, eligible = names_of(scheme.boards), stats.get("boards", {})
    return RunCharts(
        edges=edges,
        counts=counts,
        histogram_rows=[(f"{a}–{b}", n) for a, b, n in zip(edges, edges[1:], counts, strict=False)],
        strips=strips,
        strip_rows=rows,
        boards=[(boards.get(code, code), eligible.get(code, 0)) for code in run.boards],
    )

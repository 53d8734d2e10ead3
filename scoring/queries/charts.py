"""Data of the charts; drawing is done by the chart tags of the templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring import engine
from scoring.engine.functions import exact, parameters

from ..models import ScoreRun
from .schemes import names_of

SAMPLES = 48


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


@dataclass(frozen=True, slots=True)
class Curve:
    """A scoring function as drawn: s over x, and the break points as a table."""

    xs: list[float]
    ys: list[float]
    breaks: list[tuple[str, str]]


def curve_of(indicator: engine.scheme.Indicator, stage: str, *, alternative: bool, x: str) -> Curve | None:
    """The curve of an absolute function in a stage; None for functions that depend on the cohort."""
    if indicator.relative:
        return None
    values = parameters(indicator, stage, alternative=alternative)
    function = indicator.function
    breaks = _breaks(function, values)
    edges = [edge for edge, _s in breaks]
    here = Decimal(x) if x else edges[0]
    low, high = min(*edges, here), max(*edges, here)
    span = (high - low) or Decimal(1)
    samples = {low + span * n / SAMPLES for n in range(SAMPLES + 1)} | set(edges)
    xs = sorted(samples)
    ys = [min(1.0, max(0.0, float(exact(function, values, px)))) for px in xs]
    return Curve([float(px) for px in xs], ys, [(_plain(edge), _plain(s)) for edge, s in breaks])


def _breaks(function: str, values: Mapping[str, Any]) -> list[tuple[Decimal, Decimal]]:
    for name in ("points", "tiers"):
        if name in values:
            return list(values[name])
    if function == "log_cap":
        marks = [Decimal(0), values["k"], values["cap"]]
    elif function == "level_max":
        marks = [Decimal(0), Decimal(1)]
    elif function == "level_sum":
        marks = [Decimal(0), values["cap"]]
    elif function == "distance_target":
        marks = [values["target"] - values["reach"], values["target"], values["target"] + values["reach"]]
    else:
        marks = [
            values.get("floor", values.get("low", Decimal(0))),
            values.get("cap", values.get("high", Decimal(1))),
        ]
    return [(mark, exact(function, dict(values), mark)) for mark in marks]


def _plain(value: Decimal) -> str:
    text = f"{value:.4f}"
    return text.rstrip("0").rstrip(".")

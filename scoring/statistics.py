"""What the pages show of a run as a whole, computed once with the run: medians, quartiles, histogram.

Pure numpy; the figures are for drawing and comparing, no decision rests on them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BIN_POINTS = 5
CENTS = 100  # totals come in hundredths of a point
NOT_APPLICABLE = -1
PERCENTILE_SCALE = 10_000
PERCENTS = np.arange(101)
TWENTIETHS = np.arange(0, 101, 5)
QUARTER = 5  # twentieths


@dataclass(frozen=True, slots=True)
class Table:
    """The results of a run as arrays: totals in hundredths, normalised in 1e-4, dimensions in points."""

    stages: Sequence[str]
    stage: NDArray
    total: NDArray
    ranked: NDArray
    normalised: NDArray
    dimensions: NDArray
    dimension_codes: Sequence[str]
    indicator_codes: Sequence[str]
    board_codes: Sequence[str]
    board_places: NDArray


def statistics(table: Table, *, total_points: int = 100) -> dict[str, Any]:
    """Counts, five-number summaries and a histogram per stage, ready for JSON."""
    edges = np.arange(0, total_points + BIN_POINTS, BIN_POINTS) * CENTS
    stages: dict[str, dict[str, Any]] = {}
    for number, code in enumerate(table.stages):
        here = table.ranked & (table.stage == number)
        stages[code] = {
            "units": int((table.stage == number).sum()),
            "ranked": int(here.sum()),
            "total": summary(table.total[here] / CENTS),
            "quantiles": _quantiles(table.total[here] / CENTS, PERCENTS),
            "histogram": _counts(table.total[here], edges),
            "dimensions": _summaries(table.dimension_codes, table.dimensions[here]),
            "spread": _indicator_spread(table.indicator_codes, table.normalised[here]),
        }
        spread = stages[code]["spread"]
        stages[code]["indicators"] = {name: values[::QUARTER] for name, values in spread.items()}
    return {
        "units": int(table.total.size),
        "ranked": int(table.ranked.sum()),
        "edges": [int(edge) // CENTS for edge in edges],
        "stages": stages,
        "boards": {
            code: int((table.board_places[:, n] > 0).sum()) for n, code in enumerate(table.board_codes)
        },
    }


def percentiles(total: NDArray, stage: NDArray, ranked: NDArray) -> NDArray:
    """Midrank percentile of each total among the ranked of its stage in 1e-4; -1 for those not ranked."""
    found = np.full(total.size, -1, dtype=np.int64)
    for number in np.unique(stage[ranked]):
        here = ranked & (stage == number)
        values = np.sort(total[here])
        below = np.searchsorted(values, total[here], side="left")
        upto = np.searchsorted(values, total[here], side="right")
        found[here] = (below + upto) * PERCENTILE_SCALE // (2 * values.size)
    return found


def summary(values: NDArray) -> list[float]:
    """Minimum, quartiles, maximum; empty for nobody."""
    if not values.size:
        return []
    return [round(float(value), 4) for value in np.percentile(values, (0, 25, 50, 75, 100))]


def _summaries(codes: Sequence[str], values: NDArray) -> dict[str, list[float]]:
    return {code: summary(values[:, number]) for number, code in enumerate(codes)}


def _indicator_spread(codes: Sequence[str], normalised: NDArray) -> dict[str, list[float]]:
    """Values at every fifth percentile of each indicator, for percentiles of one firm without its peers' figures."""
    found = {}
    for number, code in enumerate(codes):
        column = normalised[:, number]
        found[code] = _quantiles(column[column != NOT_APPLICABLE] / PERCENTILE_SCALE, TWENTIETHS)
    return found


def _quantiles(values: NDArray, at: NDArray) -> list[float]:
    return [round(float(value), 4) for value in np.percentile(values, at)] if values.size else []


def percentile_at(quantiles: Sequence[float], value: float) -> float | None:
    """Percentile (0 to 100) of a value among stored quantiles at equal steps; ties stand in their middle."""
    if len(quantiles) < 2:
        return None
    low, high = bisect_left(quantiles, value), bisect_right(quantiles, value)
    if high > low:
        position = (low + high - 1) / 2
    elif low in (0, len(quantiles)):
        position = 0.0 if low == 0 else len(quantiles) - 1.0
    else:
        below, above = quantiles[low - 1], quantiles[low]
        position = low - 1 + (value - below) / (above - below)
    return 100 * position / (len(quantiles) - 1)


def _counts(values: NDArray, edges: NDArray) -> list[int]:
    return [int(count) for count in np.histogram(values, edges)[0]]


def stage_medians(stats: Mapping[str, Any], stage: str) -> dict[str, float]:
    """Median points of each dimension in a stage."""
    summaries = stats.get("stages", {}).get(stage, {}).get("dimensions", {})
    return {code: summary[2] for code, summary in summaries.items() if summary}

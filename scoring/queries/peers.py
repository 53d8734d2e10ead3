"""A result's dimensions beside the median of its stage, from the statistics of the run; nothing is scored again."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..models import ScoreRun
from .schemes import name_of, scheme_of
from .standing import Standing


@dataclass(frozen=True, slots=True)
class Axis:
    """A dimension: points, points within reach, and the median of the ranked of the stage (0 without ranked ones)."""

    code: str
    name: str
    points: Decimal
    reachable: Decimal
    median: Decimal


def axes_of(standing: Standing) -> list[Axis]:
    """The dimensions in the scheme's order."""
    run = ScoreRun.objects.select_related("scheme_version").get(pk=standing.run_id)
    scheme = scheme_of(run.scheme_version)
    medians = run.statistics.get("stages", {}).get(standing.stage, {}).get("dimensions", {})
    return [
        Axis(
            code=dimension.code,
            name=name_of(dimension),
            points=standing.dimensions[dimension.code],
            reachable=sum(
                (
                    item.weight(standing.stage)
                    for item in scheme.indicators
                    if item.dimension == dimension.code
                ),
                Decimal(0),
            ),
            median=Decimal(str((medians.get(dimension.code) or [0] * 5)[2])),
        )
        for dimension in scheme.dimensions
        if dimension.code in standing.dimensions
    ]

"""Scoring functions as drawn: samples of s over x, and the break points as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring import engine
from scoring.engine.functions import exact, parameters

from .. import rules

SAMPLES = 48


@dataclass(frozen=True, slots=True)
class Curve:
    """A scoring function as drawn: s over x, and the break points as a table."""

    xs: list[float]
    ys: list[float]
    breaks: list[tuple[str, str]]


def curve_of(
    indicator: engine.scheme.Indicator, stage: str, *, alternative: bool, xs: Iterable[str] = ()
) -> Curve | None:
    """The curve of an absolute function in a stage, as far as the points at `xs`; None where it depends on the cohort."""
    if indicator.relative:
        return None
    return drawn(indicator.function, parameters(indicator, stage, alternative=alternative), xs)


def of_scoring(scoring: Mapping[str, Any], group: str) -> Curve | None:
    """The curve of the `scoring` of a body, which may be a draft; None where it cannot be drawn (yet)."""
    function = scoring["function"]
    values: dict[str, Any] = {}
    for name in ("points", "tiers"):
        if name in scoring:
            values[name] = [
                (rules.number(x), rules.number(s)) for x, s in rules.value_for(scoring[name], group) or []
            ]
    for name in ("k", "cap", "floor", "low", "high", "target", "reach"):
        if name in scoring:
            values[name] = rules.number(rules.value_for(scoring[name], group))
    if function in rules.PLAIN or not _is_drawable(function, values):
        return None
    return drawn(function, values)


def _is_drawable(function: str, values: Mapping[str, Any]) -> bool:
    """Whether break points ascend and nothing is divided by zero."""
    pairs = values.get("points") or values.get("tiers")
    if pairs is not None:
        xs = [x for x, _s in pairs]
        return len(xs) > 1 and all(a < b for a, b in zip(xs, xs[1:], strict=False))
    if function in ("linear_cap", "efficacy"):
        first, second = ("floor", "cap") if function == "linear_cap" else ("low", "high")
        return bool(values.get(first) != values.get(second))
    return function == "level_max" or all(values.get(name, 1) > 0 for name in ("k", "cap", "reach"))


def drawn(function: str, values: Mapping[str, Any], xs: Iterable[str] = ()) -> Curve:
    """Samples between the outermost break points, and beyond to the points at `xs` ("" = no value)."""
    breaks = _breaks(function, values)
    edges = [edge for edge, _s in breaks]
    wanted = [*edges, *(Decimal(x) for x in xs if x)]
    low, high = min(wanted), max(wanted)
    span = (high - low) or Decimal(1)
    samples = {low + span * n / SAMPLES for n in range(SAMPLES + 1)} | set(edges)
    at = sorted(samples)
    ys = [min(1.0, max(0.0, float(exact(function, dict(values), px)))) for px in at]
    return Curve([float(px) for px in at], ys, [(_plain(edge), _plain(s)) for edge, s in breaks])


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

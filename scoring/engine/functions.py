"""Scoring functions that look at one unit only: x -> s in [0, 1], in float64 with an error bound and exactly."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np

from .expressions import EXACT
from .scheme import Indicator, for_group

ZERO, ONE = Decimal(0), Decimal(1)
# Sixty digits are computed, then cut to 45 decimals, so that 5/96*96 is 5 again before it is rounded half-up.
SETTLED = Decimal("1e-45")
_WIDE = Context(prec=400, rounding=ROUND_HALF_UP)

Parameters = dict[str, Any]


def parameters(indicator: Indicator, group: str, *, alternative: bool) -> Parameters:
    """Parameters of one branch for one group, as Decimals."""
    if alternative and indicator.alternative_points is not None:
        return {"points": _pairs(for_group(indicator.alternative_points, group))}
    found: Parameters = {}
    for name in ("points", "tiers"):
        if name in indicator.scoring:
            found[name] = _pairs(indicator.parameter(name, group))
    for name in ("k", "cap", "floor", "low", "high", "target", "reach", "range"):
        if name in indicator.scoring:
            found[name] = Decimal(str(indicator.parameter(name, group)))
    return found


def _pairs(points: Any) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(str(x)), Decimal(str(s))) for x, s in points]


def half_up(value: Decimal, decimals: int) -> int:
    """Half-up (away from zero at ties) to `decimals` places, as an integer in units of the last place."""
    settled = value.quantize(SETTLED, rounding=ROUND_HALF_UP, context=_WIDE)
    return int(settled.scaleb(decimals, context=_WIDE).quantize(ONE, rounding=ROUND_HALF_UP, context=_WIDE))


def line(function: str, p: Parameters) -> list[tuple[Decimal, Decimal]]:
    """Piecewise-linear functions as break points (linear_cap, efficacy and distance are of that kind too)."""
    if function == "piecewise":
        return list(p["points"])
    if function == "linear_cap":
        return _ramp(p["floor"], ZERO, p["cap"], ONE)
    if function == "efficacy":
        low, high = p["low"], p["high"]
        at_zero = EXACT.subtract(low, EXACT.multiply(Decimal("1.5"), EXACT.subtract(high, low)))
        return _ramp(at_zero, ZERO, high, ONE)
    if function == "level_sum":
        return _ramp(ZERO, ZERO, p["cap"], ONE)
    if function == "level_max":
        return _ramp(ZERO, ZERO, ONE, ONE)
    target, reach = p["target"], p["reach"]
    return [(target - reach, ZERO), (target, ONE), (target + reach, ZERO)]


def _ramp(x0: Decimal, s0: Decimal, x1: Decimal, s1: Decimal) -> list[tuple[Decimal, Decimal]]:
    return [(x0, s0), (x1, s1)] if x0 < x1 else [(x1, s1), (x0, s0)]


def approximate(function: str, p: Parameters, x: Any, error: Any) -> tuple[Any, Any]:
    """(s, bound of its error) for an array of x."""
    if function == "log_cap":
        k, top = float(p["k"]), float(np.log1p(float(p["cap"]) / float(p["k"])))
        with np.errstate(all="ignore"):
            s = np.minimum(np.log1p(np.maximum(x, 0.0) / k) / top, 1.0)
        return s, error / (k * top) + 1e-14
    if function == "step":
        return _step(p["tiers"], x, error)
    points = line(function, p)
    xs, ss = [float(a) for a, _ in points], [float(b) for _, b in points]
    slope = max(
        (abs((d - b) / (c - a)) for a, b, c, d in zip(xs, ss, xs[1:], ss[1:], strict=False)), default=0.0
    )
    return np.interp(x, xs, ss), error * slope * (1 + 1e-9) + 1e-14 + slope * 1e-15 * max(map(abs, xs))


def _step(tiers: list[tuple[Decimal, Decimal]], x: Any, error: Any) -> tuple[Any, Any]:
    edges = np.array([float(a) for a, _ in tiers])
    scores = np.array([0.0, *(float(b) for _, b in tiers)])
    place = np.searchsorted(edges, x, side="right")
    near = np.zeros(np.shape(x), dtype=bool)
    for edge in edges:
        near |= np.abs(x - edge) <= error + abs(edge) * 1e-15
    return scores[place], np.where(near, np.inf, 1e-15)


def exact(function: str, p: Parameters, x: Decimal) -> Decimal:
    """s for one x in 60-digit decimal arithmetic, not rounded."""
    if function == "log_cap":
        if x <= 0:
            return ZERO
        top = EXACT.ln(EXACT.add(ONE, EXACT.divide(p["cap"], p["k"])))
        return min(ONE, EXACT.divide(EXACT.ln(EXACT.add(ONE, EXACT.divide(x, p["k"]))), top))
    if function == "step":
        return max(((edge, s) for edge, s in p["tiers"] if settle(x) >= edge), default=(ZERO, ZERO))[1]
    points = line(function, p)
    if x <= points[0][0]:
        return points[0][1]
    for (x0, s0), (x1, s1) in zip(points, points[1:], strict=False):
        if x <= x1:
            part = EXACT.multiply(EXACT.subtract(x, x0), EXACT.subtract(s1, s0))
            return EXACT.add(s0, EXACT.divide(part, EXACT.subtract(x1, x0)))
    return points[-1][1]


def settle(x: Decimal) -> Decimal:
    """Cut the last digits of a 60-digit result, so that equal values compare equal."""
    return x.quantize(SETTLED, rounding=ROUND_HALF_UP, context=_WIDE)

"""Scoring functions that look at a cohort: order decided exactly, places as integers, outliers by substitution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from .expressions import EXACT, ROUND_OFF
from .facts import Ints
from .functions import ONE, ZERO, half_up
from .scheme import Indicator

Floats = npt.NDArray[np.float64]
ExactX = Callable[[int], Decimal]
Keys = Callable[[Ints], list[int]]
UNIT = 10_000


def dense_order(x: Floats, error: Floats, inputs: Callable[[Ints], Ints], keys: Keys) -> Ints:
    """Dense rank (0 = lowest) of every unit; what float64 cannot tell apart is told apart exactly.

    inputs(rows): the integer facts x comes from (a row a unit): equal facts are equal without computing.
    keys(rows): integers that compare as the exact x does.
    """
    n = len(x)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(x)
    v = x[order]
    if not error.any():
        steps = v[1:] != v[:-1]
    else:
        # A step is sure where everything above it lies above everything below it, error bounds included.
        e = error[order]
        steps = np.minimum.accumulate((v - e)[::-1])[::-1][1:] > np.maximum.accumulate(v + e)[:-1]
        order, steps = _settle_order(order, steps, e, inputs, keys)
    ranks = np.empty(n, dtype=np.int64)
    ranks[order] = np.concatenate(([0], np.cumsum(steps)))
    return ranks


def _settle_order(
    order: Ints, steps: Any, error: Floats, inputs: Callable[[Ints], Ints], keys: Keys
) -> tuple[Ints, Any]:
    """Order and steps after every cluster of different facts too close to tell has been sorted exactly."""
    close = np.flatnonzero(~steps & (error[1:] + error[:-1] > 0))
    if not len(close):
        return order, steps
    differ = close[(inputs(order[close]) != inputs(order[close + 1])).any(axis=1)]
    if not len(differ):
        return order, steps
    cluster = np.concatenate(([0], np.cumsum(steps)))
    doubtful = np.zeros(cluster[-1] + 1, dtype=bool)
    doubtful[cluster[differ]] = True
    places = np.flatnonzero(doubtful[cluster])
    rows, home = order[places], cluster[places]
    facts = np.ascontiguousarray(inputs(rows))
    whole = facts.view([("", facts.dtype)] * facts.shape[1]).ravel()
    _, first, which = np.unique(whole, return_index=True, return_inverse=True)
    found = keys(rows[first])
    number = {key: index for index, key in enumerate(sorted(set(found)))}
    exact = np.array([number[key] for key in found], dtype=np.int64)[which.ravel()]
    sorted_ = np.lexsort((exact, home))
    order, steps = order.copy(), steps.copy()
    order[places], exact = rows[sorted_], exact[sorted_]
    inside = np.flatnonzero(home[1:] == home[:-1])
    steps[places[inside]] = exact[inside + 1] != exact[inside]
    return order, steps


def less_and_equal(ranks: Ints) -> tuple[Ints, Ints]:
    """How many of the cohort are lower than each unit, and how many are equal (itself counted)."""
    counts = np.bincount(ranks)
    below = np.concatenate(([0], np.cumsum(counts)[:-1]))
    return below[ranks], counts[ranks]


def midrank(ranks: Ints, scale: int) -> Ints:
    """Percentile midrank (less + (equal - 1) / 2) / (n - 1), half-up in 1/scale; a cohort of one gets 1."""
    n = len(ranks)
    if n <= 1:
        return np.full(n, scale, dtype=np.int64)
    equal = np.bincount(ranks)
    less = np.cumsum(equal) - equal
    return np.asarray(divide_half_up((2 * less + equal - 1) * scale, 2 * (n - 1))[ranks])


def divide_half_up(numerator: Any, denominator: Any) -> Any:
    """Integer division of non-negative integers, rounded half-up."""
    return (2 * numerator + denominator) // (2 * denominator)


CURVES = ("log", "box_cox")


def treat_outliers(indicator: Indicator, x: Floats, ranks: Ints) -> tuple[Ints, str]:
    """(for every unit the unit whose value stands in for its own, the curve to bend all values by or "").

    clip and winsorise replace values; log and box_cox bend them; winsorise with `otherwise` bends where trimming
    `points` values was not enough, and then trims nothing.
    """
    rule, n = indicator.outliers, len(x)
    sources = np.arange(n)
    method = rule.get("method", "none")
    if method == "none" or n < 3:
        return sources, ""
    if method in CURVES:
        return sources, method
    order = np.argsort(ranks, kind="stable")
    if method == "clip":
        low, high = int(rule.get("low", 0.01) * (n - 1)), int(np.ceil(rule.get("high", 0.99) * (n - 1)))
        sources[order[:low]], sources[order[high + 1 :]] = order[low], order[high]
        return sources, ""
    low, high, enough = _trimmed(rule, x[order])
    if not enough and "otherwise" in rule:
        return sources, rule["otherwise"]
    sources[order[:low]], sources[order[high + 1 :]] = order[low], order[high]
    return sources, ""


def _trimmed(rule: Mapping[str, Any], ascending: Floats) -> tuple[int, int, bool]:
    """(first and last value kept, whether the rest is even enough); the longer tail loses one value after the other."""
    low, high = 0, len(ascending) - 1
    values = ascending.copy()

    def even() -> bool:
        skew, kurtosis = shape(values)
        return abs(skew) <= rule.get("skew", 2) and kurtosis <= rule.get("kurtosis", 3.5)

    for _ in range(min(rule.get("points", 5), len(values) - 2)):
        if even():
            return low, high, True
        if shape(values)[0] >= 0:
            high -= 1
            values[high + 1 :] = values[high]
        else:
            low += 1
            values[:low] = values[low]
    return low, high, even()


def shape(values: Floats) -> tuple[float, float]:
    """Skewness and excess kurtosis; a constant column has neither. A skew of less than float64 knows is none: which tail
    is the longer one must not depend on the unit of the column."""
    scaled = values / max(float(np.abs(values).max()), 1e-300)
    off = scaled - scaled.mean()
    spread = float((off**2).mean())
    if spread <= 1e-28:
        return 0.0, 0.0
    skew = float((off**3).mean() / spread**1.5)
    return (skew if abs(skew) > 1e-9 else 0.0), float((off**4).mean() / spread**2 - 3)


def span_scores(x: Floats, error: Floats, keys: Keys, *, higher: bool) -> Ints:
    """min_max without an outlier rule, in 1/10000: only the two ends and what lies near a rounding boundary is exact."""
    low, high = _end(x, error, keys, 1), _end(x, error, keys, -1)
    ends = keys(np.array([low, high]))
    if ends[0] == ends[1]:
        return np.full(len(x), UNIT // 2)
    if not higher:
        low, high, ends = high, low, [-key for key in reversed(ends)]
    span = x[high] - x[low]
    bound = 1e-9
    if error.any():
        bound = max(bound, float(error.max()) * 4 / abs(span)) if span else np.inf
    with np.errstate(all="ignore"):
        scaled = np.nan_to_num((x - x[low]) * (UNIT / span))
    scores = np.floor(scaled + 0.5)
    near = np.flatnonzero(np.abs(scaled - scores) >= 0.5 - UNIT * bound)
    scores = np.clip(scores, 0, UNIT).astype(np.int64)
    if len(near):
        sign, width = (1 if higher else -1), ends[1] - ends[0]
        scores[near] = [divide_half_up((sign * key - ends[0]) * UNIT, width) for key in keys(near)]
    return scores


def _end(x: Floats, error: Floats, keys: Keys, sign: int) -> int:
    """The row of the least (sign 1) or greatest (-1) value; candidates within the error are compared exactly."""
    value = x * sign
    near = np.flatnonzero(value - error <= (value + error).min())
    if len(near) == 1 or not error[near].any():
        return int(near[0])
    found = keys(near)
    return int(near[min(range(len(near)), key=lambda i: found[i] * sign)])


def cohort_scores(
    indicator: Indicator, label: str, *, x: Floats, error: Floats, ranks: Ints, exact: ExactX
) -> Ints:
    """Normalised values (1/10000) of one cohort under a relative function; ranks as `dense_order` gives them."""
    if len(x) == 0:
        return np.zeros(0, dtype=np.int64)
    sources, curve = treat_outliers(indicator, x, ranks)
    x, error, ranks = x[sources], error[sources], np.unique(ranks[sources], return_inverse=True)[1]
    if not indicator.higher_better:
        ranks = ranks.max() - ranks
    function, n = indicator.function, len(x)
    if function == "percentile":
        scores = midrank(ranks, UNIT)
    elif function in ("rank", "borda"):
        scores = _places(function, ranks)
    else:
        scale = _Scale(
            indicator, label, x=x, error=error, ranks=ranks, exact=lambda row: exact(int(sources[row]))
        )
        if curve and ranks.max() > 0:
            scale.bend(curve)
        scores = scale.scores()
    if indicator.scoring.get("zero_is_zero") and n:
        scores = np.where(x == 0, 0, scores)
    return np.asarray(scores, dtype=np.int64)


def _places(function: str, ranks: Ints) -> Ints:
    n = len(ranks)
    if n == 1:
        return np.full(1, UNIT)
    less, equal = less_and_equal(ranks)
    beaten = less if function == "borda" else less + equal - 1
    return np.asarray(divide_half_up(beaten * UNIT, n - 1))


class _Scale:
    """min_max, z_score, distance_max and distance_median: float64 first, decimal near a rounding boundary."""

    def __init__(
        self, indicator: Indicator, label: str, *, x: Floats, error: Floats, ranks: Ints, exact: ExactX
    ) -> None:
        self.indicator, self.x, self.error, self.ranks, self.exact = indicator, x, error, ranks, exact
        self.order = np.argsort(ranks, kind="stable")
        self.sign = 1 if indicator.higher_better else -1
        self.label = label

    def scores(self) -> Ints:
        formula = getattr(self, f"_{self.indicator.function}")
        if self.ranks.max() == 0:
            return self._constant()
        s, bound, settle_one = formula()
        scaled = np.clip(s, 0, 1) * UNIT
        scores = np.floor(scaled + 0.5).astype(np.int64)
        near = np.abs(scaled - np.floor(scaled) - 0.5) <= UNIT * np.maximum(1e-9, bound)
        known: dict[int, int] = {}
        for row in np.flatnonzero(near):
            key = int(self.ranks[row])
            if key not in known:
                known[key] = half_up(min(ONE, max(ZERO, settle_one(int(row)))), 4)
            scores[row] = known[key]
        return scores

    def bend(self, curve: str) -> None:
        """Draw in the longer tail: ln or Box-Cox of the distance from the other end plus 1 % of the range.

        The distance makes it defined for every value and independent of the unit; the order stays.
        """
        ends = sorted((int(self.order[0]), int(self.order[-1])), key=lambda row: self.x[row])
        bottom, top = (self.exact(row) for row in ends)
        rest = EXACT.divide(EXACT.subtract(top, bottom), Decimal(100))
        mirrored = shape(np.sort(self.x))[0] < 0
        power = Decimal(str(self.indicator.outliers.get("lambda", 0))) if curve == "box_cox" else ZERO
        plain, sign = self.exact, -1 if mirrored else 1

        def bent(row: int) -> Decimal:
            value = plain(row)
            distance = EXACT.subtract(top, value) if mirrored else EXACT.subtract(value, bottom)
            distance = EXACT.add(distance, rest)
            if not power:
                return EXACT.ln(distance) * sign
            return EXACT.divide(EXACT.power(distance, power) - 1, power) * sign

        low, high = self.x[ends[0]], self.x[ends[1]]
        distance = (high - self.x if mirrored else self.x - low) + (high - low) / 100
        noise = (self.error + self.error[ends[0]] + self.error[ends[1]]) * 2 + distance * 8 * ROUND_OFF
        with np.errstate(all="ignore"):
            bend_ = float(power)
            value = (distance**bend_ - 1) / bend_ if power else np.log(distance)
            slope = np.maximum(distance, distance / 2) ** (bend_ - 1) * 2 ** max(0.0, 1 - bend_)
            error = np.where(noise < distance / 2, noise * slope, np.inf)
        self.x, self.exact = value * sign, bent
        self.error = error + np.abs(value) * 8 * ROUND_OFF + (8 * ROUND_OFF / abs(bend_) if power else 0.0)

    def _constant(self) -> Ints:
        """All values equal: the middle for min_max and z_score; full marks for the two distances (0 if not above 0)."""
        if self.indicator.function in ("min_max", "z_score"):
            return np.full(len(self.x), UNIT // 2)
        full = self.indicator.function == "distance_median" or self.exact(0) > 0
        return np.full(len(self.x), UNIT if full else 0)

    def _min_max(self) -> tuple[Any, Any, Any]:
        low, high = int(self.order[0]), int(self.order[-1])
        span = self.x[high] - self.x[low]
        noise = (self.error + self.error[low] + self.error[high]) * 2 / abs(span) if span else np.inf
        bottom, top = self.exact(low), self.exact(high)

        def one(row: int) -> Decimal:
            return EXACT.divide(EXACT.subtract(self.exact(row), bottom), EXACT.subtract(top, bottom))

        with np.errstate(all="ignore"):
            s = np.nan_to_num((self.x - self.x[low]) / span)
        return s, noise + 1e-14 + np.zeros(len(self.x)), one

    def _z_score(self) -> tuple[Any, Any, Any]:
        reach = Decimal(str(self.indicator.parameter("range", self.label) or 3))
        x = self.x.astype(np.longdouble) * self.sign
        mean, deviation = x.mean(), x.std()
        s = 0.5 + (x - mean) / (2 * float(reach) * deviation)
        size = float(np.abs(x).max() / deviation)
        moments: list[tuple[Decimal, Decimal]] = []

        def one(row: int) -> Decimal:
            if not moments:
                moments.append(self._moments())
            mean_, deviation_ = moments[0]
            z = EXACT.divide(EXACT.subtract(self.exact(row) * self.sign, mean_), deviation_)
            return EXACT.add(Decimal("0.5"), EXACT.divide(z, 2 * reach))

        return s.astype(np.float64), np.full(len(x), 1e-12 + size * 1e-14), one

    def _moments(self) -> tuple[Decimal, Decimal]:
        by_rank: dict[int, Decimal] = {}
        values = []
        for row in range(len(self.x)):
            key = int(self.ranks[row])
            if key not in by_rank:
                by_rank[key] = self.exact(row) * self.sign
            values.append(by_rank[key])
        mean = ZERO
        for value in values:
            mean = EXACT.add(mean, value)
        mean = EXACT.divide(mean, Decimal(len(values)))
        spread = ZERO
        for value in values:
            spread = EXACT.add(spread, EXACT.power(EXACT.subtract(value, mean), Decimal(2)))
        return mean, EXACT.sqrt(EXACT.divide(spread, Decimal(len(values))))

    def _distance_max(self) -> tuple[Any, Any, Any]:
        best = int(np.argmax(self.x))
        top = self.exact(best)
        if top <= 0:
            return np.zeros(len(self.x)), np.zeros(len(self.x)), lambda _row: ZERO
        s = self.x / self.x[best]
        if self.sign < 0:
            s = 1 - s

        def one(row: int) -> Decimal:
            share = EXACT.divide(self.exact(row), top)
            return share if self.sign > 0 else EXACT.subtract(ONE, share)

        return s, (self.error + self.error[best]) / self.x[best] + 1e-14, one

    def _distance_median(self) -> tuple[Any, Any, Any]:
        n = len(self.x)
        low, high = int(self.order[(n - 1) // 2]), int(self.order[n // 2])
        middle = EXACT.divide(EXACT.add(self.exact(low), self.exact(high)), Decimal(2))
        first, last = self.exact(int(self.order[0])), self.exact(int(self.order[-1]))
        given = self.indicator.parameter("reach", self.label)
        reach = Decimal(str(given)) if given else max(abs(first - middle), abs(last - middle))
        s = 1 - np.abs(self.x - float(middle)) / float(reach)
        noise = (self.error + abs(float(middle)) * ROUND_OFF) * 2 / float(reach) + 1e-14

        def one(row: int) -> Decimal:
            return EXACT.subtract(ONE, EXACT.divide(abs(EXACT.subtract(self.exact(row), middle)), reach))

        return s, noise, one

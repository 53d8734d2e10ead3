"""Two schemes on the same units: who moves, and which indicator moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .aggregate import POINT_SCALE
from .boards import Places, places
from .facts import Ints
from .scheme import WEIGHT_SCALE, Scheme
from .score import Scores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Units that both schemes know, by id. Totals in 1e-2; place 0 = takes no part. All effects are in points, after minus before.

    by_weight and by_curve (n, codes): the part of the difference that comes from another weight and from another
    normalised value (the middle of both schemes is held for the other); an indicator that only one of them has counts
    as weight. deductions, and rest: rounding, and what nodes that are no plain sum add. The parts sum to the difference.
    """

    ids: tuple[str, ...]
    before: Ints
    after: Ints
    place_before: Places
    place_after: Places
    codes: tuple[str, ...]
    by_weight: Floats
    by_curve: Floats
    deductions: Floats
    rest: Floats

    @property
    def difference(self) -> Floats:
        return np.asarray((self.after - self.before) / 100)

    @property
    def effects(self) -> Floats:
        """By indicator, weight and curve together."""
        return np.asarray(self.by_weight + self.by_curve)

    @property
    def both(self) -> npt.NDArray[np.bool_]:
        """Units that have a place in both."""
        return np.asarray((self.place_before > 0) & (self.place_after > 0))

    @property
    def moved(self) -> Ints:
        """Places gained (above 0) or lost; 0 where a unit has no place in one of them."""
        return np.where(self.both, self.place_before - self.place_after, 0)

    @property
    def agreement(self) -> float:
        """Spearman's rank correlation of the totals over units placed in both; 1.0 for fewer than two."""
        from .proposals import correlation

        rows = self.both
        if rows.sum() < 2:
            return 1.0
        ranks = [_mid(values[rows]) for values in (self.before, self.after)]
        return float(correlation(np.column_stack(ranks))[0, 1])

    def top(self, size: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(who enters the first `size` places, who leaves them)."""
        was = (self.place_before > 0) & (self.place_before <= size)
        now = (self.place_after > 0) & (self.place_after <= size)
        names = np.array(self.ids, dtype=object)
        return tuple(names[now & ~was]), tuple(names[was & ~now])

    def reasons(self, row: int, count: int = 3) -> list[tuple[str, float]]:
        """The indicators that move one unit most, with their points."""
        effects = self.effects[row]
        order = np.argsort(-np.abs(effects), kind="stable")[:count]
        return [(self.codes[i], float(effects[i])) for i in order if abs(effects[i]) >= 0.005]


def compare(before: tuple[Scores, Scheme], after: tuple[Scores, Scheme]) -> Comparison:
    """Scores of the same units under two schemes (or of two years under one), matched by id."""
    known = {unit: row for row, unit in enumerate(after[0].ids)}
    ids = tuple(unit for unit in before[0].ids if unit in known)
    rows = [[i for i, unit in enumerate(before[0].ids) if unit in known], [known[unit] for unit in ids]]
    codes = tuple(dict.fromkeys(item.code for _, scheme in (before, after) for item in scheme.indicators))
    parts = [_aligned(scores, scheme, codes, np.array(own, dtype=np.int64))
             for (scores, scheme), own in zip((before, after), rows, strict=True)]  # fmt: skip
    (w0, s0, own0, total0, place0, off0), (w1, s1, own1, total1, place1, off1) = parts
    s0, s1 = np.where(own0, s0, s1), np.where(own1, s1, s0)
    by_weight, by_curve = (w1 - w0) * (s0 + s1) / 2, (s1 - s0) * (w0 + w1) / 2
    deductions = -(off1 - off0) / 100
    rest = (total1 - total0) / 100 - by_weight.sum(axis=1) - by_curve.sum(axis=1) - deductions
    return Comparison(ids, total0, total1, place0, place1, codes, by_weight, by_curve, deductions, rest)


def _aligned(
    scores: Scores, scheme: Scheme, codes: tuple[str, ...], rows: Ints
) -> tuple[Floats, Floats, npt.NDArray[np.bool_], Ints, Places, Ints]:
    place = {item.code: index for index, item in enumerate(scheme.indicators)}
    weights, shares = np.zeros((2, len(rows), len(codes)))
    own: Mapping[int, int] = {i: place[code] for i, code in enumerate(codes) if code in place}
    for column, index in own.items():
        weights[:, column] = scores.patterns[scores.pattern[rows], index] / WEIGHT_SCALE
        shares[:, column] = scores.normalised[rows, index] / (POINT_SCALE // WEIGHT_SCALE)
    ranked = rows[scores.ranked[rows]]
    order = ranked[np.argsort(-scores.total[ranked], kind="stable")]
    has = np.array([i in own for i in range(len(codes))])
    return (
        weights,
        shares,
        has,
        scores.total[rows],
        places(order, scores.total)[0][rows],
        scores.deductions[rows],
    )


def _mid(values: Ints) -> Floats:
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which])

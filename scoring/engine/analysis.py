"""Honest statistics before anything is published: does every indicator tell units apart, does every weight weigh?

Sources: OECD/JRC handbook (2008), steps 4 to 7; Cronbach (1951); effective weights as the covariance share of each
indicator in the total (they sum to 1; a negative one works against the total).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .facts import Facts
from .proposals import correlation, values
from .raw import Columns, raw_values
from .relative import shape
from .scheme import Scheme
from .score import IS_MISSING, IS_NOT_APPLICABLE, VALUE, Scores

Floats = npt.NDArray[np.float64]
LOW_ALPHA, TWINS, MOST = 0.5, 0.92, 0.8


@dataclass(frozen=True)
class IndicatorFacts:
    """One indicator over the ranked units; shares and values 0..1. weight = mean share of all weights, effective = share
    of the total's variance; siblings = mean r with the others of its dimension, rest = r with the total without it.
    """

    code: str
    dimension: str
    known: int
    missing: float
    mean: float
    low_quartile: float
    median: float
    high_quartile: float
    at_zero: float
    at_cap: float
    skew: float
    kurtosis: float
    siblings: float
    rest: float
    weight: float
    effective: float
    box_cox: (
        float | None
    )  # power that makes the raw values most normal; a proposal; None = no raw values given

    @property
    def spread(self) -> float:
        """Interquartile range."""
        return self.high_quartile - self.low_quartile


@dataclass(frozen=True)
class DimensionFacts:
    """Cronbach's alpha of the indicators below a node (None with fewer than two that vary), mean share of points."""

    code: str
    indicators: int
    alpha: float | None
    mean: float
    median: float
    weight: float
    effective: float


REMARKS = {
    "nobody": "no unit is ranked",
    "empty": "no unit has a value",
    "gaps": "{share:.0%} of the units have no value",
    "at_zero": "{share:.0%} of the units get 0: it tells few apart",
    "at_cap": "{share:.0%} of the units get full points: it tells few apart",
    "narrow": "half of the units lie within {spread:.3f}: an outlier rule or another function is needed",
    "against": "runs against the rest of the total (r = {r:.2f})",
    "weight": "weighs {weight:.1%} on paper, {effective:.1%} in effect",
    "twin": "nearly the same as {other} (r = {r:.2f}): counted twice",
    "alpha": "Cronbach alpha {alpha:.2f}: its indicators do not measure one thing",
}


@dataclass(frozen=True)
class Remark:
    """What to look at in an indicator, a dimension or the scheme: a kind of REMARKS with its figures."""

    code: str
    kind: str
    figures: Mapping[str, float | str]

    def __str__(self) -> str:
        return REMARKS[self.kind].format(**self.figures)


@dataclass(frozen=True)
class Analysis:
    units: int
    indicators: tuple[IndicatorFacts, ...]
    dimensions: tuple[DimensionFacts, ...]
    correlations: Floats  # (indicators, indicators)
    remarks: tuple[Remark, ...]


def analyse(
    scores: Scores, scheme: Scheme, *, facts: Facts | None = None, group: str | None = None
) -> Analysis:
    """Statistics over the ranked units (of one group). With `facts`, a Box-Cox power is proposed for the raw values."""
    table = values(scores, scheme, group)
    rows = scores.ranked if group is None else scores.ranked & (
        scores.group == scores.group_labels.index(group))  # fmt: skip
    cells, weights = scores.cells[rows], scores.weights[rows] / 1e10
    n = len(table)
    if n == 0:
        return Analysis(0, (), (), np.eye(len(scheme.indicators)), (Remark(scheme.code, "nobody", {}),))
    contribution = table * weights
    total = contribution.sum(axis=1)
    effective = _shares_of_variance(contribution, total)
    related = correlation(table)
    powers = _powers(facts, scheme, scores, rows) if facts is not None else [None] * len(scheme.indicators)
    whole = weights.sum(axis=1).mean()
    items = []
    for index, item in enumerate(scheme.indicators):
        known = ~np.isin(cells[:, index], (IS_MISSING, IS_NOT_APPLICABLE))
        own = table[known, index]
        brothers = [
            i for i, other in enumerate(scheme.indicators) if other.dimension == item.dimension and i != index
        ]
        quartiles = np.quantile(own, (0.25, 0.5, 0.75)).tolist() if len(own) else [0.0] * 3
        skew, kurtosis = shape(own) if len(own) else (0.0, 0.0)
        items.append(IndicatorFacts(
            code=item.code, dimension=item.dimension, known=int(known.sum()),
            missing=float((cells[:, index] == IS_MISSING).mean()), mean=float(own.mean()) if len(own) else 0.0,
            low_quartile=quartiles[0], median=quartiles[1], high_quartile=quartiles[2],
            at_zero=float((own == 0).mean()) if len(own) else 0.0, at_cap=float((own == 1).mean()) if len(own) else 0.0,
            skew=skew, kurtosis=kurtosis, siblings=float(related[index, brothers].mean()) if brothers else 0.0,
            rest=_r(table[:, index], total - contribution[:, index]), weight=float(weights[:, index].mean() / whole),
            effective=float(effective[index]), box_cox=powers[index],
        ))  # fmt: skip
    nodes = [_dimension(scheme, d.code, table, weights, effective) for d in scheme.dimensions]
    return Analysis(n, tuple(items), tuple(nodes), related, tuple(_remarks(items, nodes, related)))


def alpha(table: Floats) -> float | None:
    """Cronbach's alpha over columns that vary, each scaled to variance 1; None with fewer than two."""
    live = table[:, table.std(axis=0) > 1e-12]
    k = live.shape[1]
    if k < 2 or len(live) < 3:
        return None
    scaled = (live - live.mean(axis=0)) / live.std(axis=0)
    return float(k / (k - 1) * (1 - k / scaled.sum(axis=1).var()))


def _shares_of_variance(contribution: Floats, total: Floats) -> Floats:
    off, whole = contribution - contribution.mean(axis=0), total - total.mean()
    variance = float((whole**2).mean())
    if variance <= 1e-24:
        return np.zeros(contribution.shape[1])
    return np.asarray((off * whole[:, None]).mean(axis=0) / variance)


def _r(one: Floats, two: Floats) -> float:
    return float(correlation(np.column_stack((one, two)))[0, 1])


def _dimension(
    scheme: Scheme, code: str, table: Floats, weights: Floats, effective: Floats
) -> DimensionFacts:
    below, more = {code}, True
    while more:
        found = {d.code for d in scheme.dimensions if d.parent in below} | below
        more, below = found != below, found
    members = [i for i, item in enumerate(scheme.indicators) if item.dimension in below]
    weight = weights[:, members].sum(axis=1)
    share = (table[:, members] * weights[:, members]).sum(axis=1) / np.where(weight > 0, weight, 1)
    return DimensionFacts(
        code, len(members), alpha(table[:, members]) if members else None, float(share.mean()), float(np.median(share)),
        float(weight.mean() / weights.sum(axis=1).mean()), float(effective[members].sum()),
    )  # fmt: skip


def _powers(facts: Facts, scheme: Scheme, scores: Scores, rows: npt.NDArray[np.bool_]) -> list[float | None]:
    columns = Columns(facts, scheme)
    found: list[float | None] = []
    for index, item in enumerate(scheme.indicators):
        x = raw_values(columns, item, scores.group).x
        x = x[rows & (scores.cells[:, index] == VALUE) & np.isfinite(x)]
        found.append(best_power(x) if len(x) >= 10 and np.ptp(x) > 0 else None)
    return found


def best_power(x: Floats) -> float:
    """Box-Cox power of highest likelihood on a grid of 0.1 between -2 and 2, of the distance from the smallest value
    plus 1 % of the range (as `outliers: box_cox` bends it)."""
    distance = (x - x.min()) / np.ptp(x) + 0.01
    logs = np.log(distance)
    best, where = -np.inf, 1.0
    for step in range(-20, 21):
        power = step / 10
        bent = (distance**power - 1) / power if step else logs
        likelihood = -len(x) / 2 * np.log(bent.var()) + (power - 1) * logs.sum()
        if likelihood > best:
            best, where = likelihood, power
    return where


def _remarks(items: list[IndicatorFacts], nodes: list[DimensionFacts], related: Floats) -> Iterator[Remark]:
    for item in items:
        many = item.known > 0 and item.at_zero > MOST, item.known > 0 and item.at_cap > MOST
        lost = item.weight > 0.02 and item.effective < item.weight / 4
        swollen = item.weight > 0 and item.effective > 2.5 * item.weight and item.effective > 0.05
        rules: tuple[tuple[bool, str, dict[str, float]], ...] = (
            (item.known == 0, "empty", {}),
            (item.missing > 0.35, "gaps", {"share": item.missing}),
            (many[0], "at_zero", {"share": item.at_zero}),
            (many[1], "at_cap", {"share": item.at_cap}),
            (item.known > 2 and item.spread < 0.05 and not any(many), "narrow", {"spread": item.spread}),
            (item.rest < -0.1, "against", {"r": item.rest}),
            (lost or swollen, "weight", {"weight": item.weight, "effective": item.effective}),
        )
        yield from (Remark(item.code, kind, figures) for hit, kind, figures in rules if hit)
    for a, one in enumerate(items):
        for b in range(a + 1, len(items)):
            if abs(related[a, b]) > TWINS and min(one.known, items[b].known) > 2:
                yield Remark(one.code, "twin", {"other": items[b].code, "r": float(related[a, b])})
    for node in nodes:
        if node.alpha is not None and node.alpha < LOW_ALPHA:
            yield Remark(node.code, "alpha", {"alpha": node.alpha})

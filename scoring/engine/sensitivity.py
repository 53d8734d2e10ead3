"""How sure a place is: Monte Carlo over the choices a method rests on, rank intervals, Sobol indices, leave-one-out.

One draw = one row of uniform numbers: a factor for every weight, which indicator is left out (if any), which
normalisation, which aggregation, how the total is rounded. Weights, factors and shares are integers, so sums are exact
in float64 and an arithmetic scheme gives the same places on every machine, in every order of rows.

Sources: OECD/JRC, Handbook on Constructing Composite Indicators (2008), ch. 1.7; first-order indices by the estimator of
Saltelli et al. (2010), total indices by Jansen (1999).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .boards import MIDRANK_SCALE, BoardResult
from .errors import EngineError
from .facts import Facts, Ints, id_order
from .raw import Columns, raw_values
from .relative import UNIT, less_and_equal
from .scheme import WEIGHT_SCALE, Scheme
from .score import IS_IMPUTED, VALUE, Scores

Floats = npt.NDArray[np.float64]
FACTOR_SCALE = 1_000  # factors of weights are integers in 1e-3
WEIGHT_UNIT = WEIGHT_SCALE // 10**5  # weights in 1e-5: 900 points x shares in 1e-4 x factors stay below 2**53
TOTAL_SCALE = 10**6
A_TIE = 1e-8  # of the unit rounded to: more than float64 loses, less than any true distance from a tie
CHUNK_CELLS = 1 << 20
NORMALISATIONS = ("scheme", "percentile", "min_max")
AGGREGATIONS = ("scheme", "geometric", "harmonic")
FACTORS = ("weights", "left_out", "normalisation", "aggregation", "rounding")


@dataclass(frozen=True)
class Choices:
    """What is varied. weights: every weight times U(1 - w, 1 + w), then scaled back. left_out: share of the draws in which
    one indicator, each as likely, is left out. normalisation, aggregation, rounding: equally likely options; "percentile"
    and "min_max" are taken inside the group, "geometric" and "harmonic" replace the aggregation of the top dimensions,
    rounding is the number of decimals of the total.
    """

    weights: float = 0.2
    left_out: float = 0.5
    normalisation: tuple[str, ...] = ("scheme", "percentile")
    aggregation: tuple[str, ...] = ("scheme",)
    rounding: tuple[int, ...] = (2,)

    def __post_init__(self) -> None:
        wrong = (set(self.normalisation) - set(NORMALISATIONS)) | (set(self.aggregation) - set(AGGREGATIONS))
        if wrong:
            raise EngineError(f"sensitivity: unknown choice {', '.join(sorted(wrong))}")
        if not (0 <= self.weights < 1 and 0 <= self.left_out <= 1):
            raise EngineError("sensitivity: weights must lie in [0, 1), left_out in [0, 1]")
        if not all(0 <= decimals <= 4 for decimals in self.rounding):
            raise EngineError("sensitivity: rounding must be 0 to 4 decimals")
        if not (self.normalisation and self.aggregation and self.rounding):
            raise EngineError("sensitivity: every choice needs at least one option")

    @property
    def varied(self) -> tuple[str, ...]:
        """Factors that have more than one option."""
        open_ = {
            "weights": self.weights > 0,
            "left_out": self.left_out > 0,
            "normalisation": len(self.normalisation) > 1,
            "aggregation": len(self.aggregation) > 1,
            "rounding": len(self.rounding) > 1,
        }
        return tuple(name for name in FACTORS if open_[name])


USUAL = Choices()
EVERYTHING = Choices(
    normalisation=NORMALISATIONS, aggregation=("scheme", "geometric"), rounding=(2, 1, 4)
)  # fmt: skip


@dataclass(frozen=True)
class Intervals:
    """Places of n units, in the order of the scores, over all draws; 0 = takes no part.

    low..high hold `level` of the draws (low = the better place); place is the one of the method as it stands.
    It may lie outside: then the place rests on one choice of the method. top_share = share of draws among the `top` first.
    """

    ids: tuple[str, ...]
    place: Ints
    low: Ints
    median: Ints
    high: Ints
    top: int
    top_share: Floats
    draws: int
    seed: str
    level: float


def rank_intervals(
    scores: Scores,
    scheme: Scheme,
    *,
    draws: int = 1000,
    seed: int | str = 0,
    choices: Choices = USUAL,
    within: str = "all",
    facts: Facts | None = None,
    level: float = 0.9,
    top: int = 10,
) -> Intervals:
    """Places of all ranked units over `draws` variations of the method.

    seed: an integer or any text (a run hash); the same seed gives the same draws everywhere. within: "all" = overall
    places, "group" = places inside the group. facts: where given, the other normalisations are taken of the raw values,
    else of the normalised ones (what the curve ties then stays tied). Memory: 4 bytes x draws x units.
    """
    task = _of_total(scores, scheme, choices, within, facts)
    return _intervals(task, draws, seed, choices, level=level, top=top)


def board_intervals(
    board: BoardResult,
    scores: Scores,
    scheme: Scheme,
    *,
    draws: int = 1000,
    seed: int | str = 0,
    choices: Choices = USUAL,
    level: float = 0.9,
) -> Intervals:
    """The same for one board. Its own normalisation is the midrank; "percentile" stands for the scheme's curve here."""
    task, top = _of_board(board, scores, scheme), scheme.board_rules.size
    return _intervals(task, draws, seed, choices, level=level, top=top)


@dataclass(frozen=True)
class Indices:
    """Sobol indices by factor: of the mean shift in places over all units, and of every unit's place (n, factors).

    first = share of the variance that the factor explains alone, total = with all its interactions; the sum of `first`
    below 1 means that the factors act together. NaN where a place never moves. variance: of the mean shift.
    """

    factors: tuple[str, ...]
    first: Floats
    total: Floats
    mean_shift: float
    variance: float
    ids: tuple[str, ...]
    unit_first: Floats
    unit_total: Floats
    samples: int
    seed: str


def sobol_indices(
    scores: Scores,
    scheme: Scheme,
    *,
    samples: int = 1024,
    seed: int | str = 0,
    choices: Choices = EVERYTHING,
    by_indicator: bool = False,
    facts: Facts | None = None,
) -> Indices:
    """Which choice moves the places most. Costs samples x (factors + 2) draws; by_indicator: a factor for every weight."""
    task = _of_total(scores, scheme, choices, "all", facts)
    names, columns = _factors(task, choices, by_indicator=by_indicator)
    uniform = _uniform(seed, (2, samples, task.width))
    rows = task.rows
    one, two = (task.places(part, choices)[:, rows].astype(np.float64) for part in uniform)
    base = task.base[rows]
    if not len(rows):
        nothing, units = np.full(len(names), np.nan), np.full((len(task.ids), len(names)), np.nan)
        return Indices(names, nothing, nothing, 0.0, 0.0, task.ids, units, units, samples, str(seed))
    spread = np.concatenate((one, two)).var(axis=0)
    shift_one, shift_two = (np.abs(part - base).mean(axis=1) for part in (one, two))
    shift_spread = float(np.concatenate((shift_one, shift_two)).var())
    first, total = np.full(len(names), np.nan), np.full(len(names), np.nan)
    unit_first, unit_total = (np.full((len(task.ids), len(names)), np.nan) for _ in range(2))
    for index, own in enumerate(columns):
        mixed = uniform[0].copy()
        mixed[:, own] = uniform[1][:, own]
        both = task.places(mixed, choices)[:, rows].astype(np.float64)
        shift = np.abs(both - base).mean(axis=1)
        first[index], total[index] = _estimate(shift_one, shift_two, shift, shift_spread)
        unit_first[rows, index], unit_total[rows, index] = _estimate(one, two, both, spread)
    mean_shift = float(np.concatenate((shift_one, shift_two)).mean())
    unit_first, unit_total = task.back(unit_first), task.back(unit_total)
    return Indices(
        names, first, total, mean_shift, shift_spread, task.ids, unit_first, unit_total, samples, str(seed)
    )


def leave_one_out(scores: Scores, scheme: Scheme) -> Ints:
    """Places (n, indicators) when one indicator is left out and the others keep their proportions; 0 = takes no part."""
    task = _of_total(scores, scheme, USUAL, "all", None)
    factors = np.full((len(scheme.indicators),) * 2, FACTOR_SCALE, dtype=np.float64)
    np.fill_diagonal(factors, 0)
    totals = task.totals(factors, "scheme", "scheme", np.full(len(factors), 2))
    return np.asarray(task.back(task.placed(totals).T), dtype=np.int64)


@dataclass(frozen=True)
class _Node:
    """A node of the tree: indicators that hang on it, nodes below it."""

    method: str
    leaves: tuple[int, ...]
    children: tuple[_Node, ...]


@dataclass(frozen=True)
class _Task:
    """Everything a draw needs, units sorted by id (`order` = their rows in the scores, which the caller sees).

    shares: normalised values (m, n) in 1/share_scale by normalisation; weights (m, n), integers of any unit.
    """

    ids: tuple[str, ...]
    order: Ints
    base: Ints
    weights: Floats
    shares: Mapping[str, Floats]
    trees: Mapping[str, _Node]
    deductions: Ints  # in 1e-6
    points: float  # of the total
    bonus_points: float
    share_scale: int
    more_decimals: int  # that the score has, beyond the two of a total
    cohorts: tuple[Ints, ...]
    codes: tuple[str, ...]  # of the indicators

    @property
    def width(self) -> int:
        """Uniform numbers of one draw: a weight each, then left out, normalisation, aggregation, rounding."""
        return len(self.weights) + len(FACTORS) - 1

    def back(self, values: Any) -> Any:
        """Values of units sorted by id, in the order of the scores."""
        result = np.empty_like(values)
        result[self.order] = values
        return result

    @property
    def rows(self) -> Ints:
        return np.concatenate(self.cohorts) if self.cohorts else np.zeros(0, dtype=np.int64)

    def places(self, uniform: Floats, choices: Choices) -> npt.NDArray[np.int32]:
        """Places (draws, n) of draws given as uniform numbers (draws, width)."""
        m = len(self.weights)
        factors = np.floor((1 - choices.weights + 2 * choices.weights * uniform[:, :m]) * FACTOR_SCALE + 0.5)
        out = np.flatnonzero((uniform[:, m] < choices.left_out) & (m > 1))  # the only one cannot be left out
        if len(out):
            which = (uniform[out, m] / choices.left_out * m).astype(np.int64)
            factors[out, np.minimum(which, m - 1)] = 0
        normalisation = _option(uniform[:, m + 1], choices.normalisation)
        aggregation = _option(uniform[:, m + 2], choices.aggregation)
        decimals = np.array(choices.rounding)[_option(uniform[:, m + 3], choices.rounding)]
        result = np.zeros((len(uniform), len(self.ids)), dtype=np.int32)
        for rows in self._blocks(normalisation * len(choices.aggregation) + aggregation):
            share = choices.normalisation[normalisation[rows[0]]]
            tree = choices.aggregation[aggregation[rows[0]]]
            result[rows] = self.placed(self.totals(factors[rows], share, tree, decimals[rows]))
        return result

    def _blocks(self, kind: Ints) -> Iterator[Ints]:
        size = max(1, CHUNK_CELLS // max(1, len(self.ids)))
        for value in np.unique(kind):
            rows = np.flatnonzero(kind == value)
            yield from (rows[start : start + size] for start in range(0, len(rows), size))

    def totals(self, factors: Floats, share: str, tree: str, decimals: Ints) -> Ints:
        """Totals (draws, n) as integers in 1e-6: rounded half-up to the draw's decimals, deductions taken off."""
        shares, scale = self.shares[share], self.share_scale
        total = _mean(self.trees[tree], factors, self.weights, shares, scale)[1] * (self.points / scale)
        if self.bonus_points:
            total += _mean(self.trees["bonus"], factors, self.weights, shares, scale)[1] * (
                self.bonus_points / scale
            )
        unit = 10 ** (6 - decimals - self.more_decimals)[:, None]
        whole = np.floor(total * TOTAL_SCALE / unit + (0.5 + A_TIE))
        return np.asarray(np.maximum(whole.astype(np.int64) * unit - self.deductions, 0))

    def placed(self, totals: Ints) -> npt.NDArray[np.int32]:
        """Places (draws, n): equal totals share the best one. Sorted as one integer (total, row): no argsort."""
        result = np.zeros(totals.shape, dtype=np.int32)
        for cohort in self.cohorts:
            mine = totals if len(cohort) == totals.shape[1] else totals[:, cohort]
            bits = max(1, int(len(cohort) - 1).bit_length())
            key = np.sort((-mine << bits) + np.arange(len(cohort)), axis=1)
            row, value = key & ((1 << bits) - 1), key >> bits
            number = np.ones(key.shape, dtype=np.int32)
            number[:, 1:] = np.where(value[:, 1:] == value[:, :-1], 1, np.arange(2, len(cohort) + 1))
            np.maximum.accumulate(number, axis=1, out=number)
            np.put_along_axis(result, cohort[row], number, axis=1)
        return result


def _option(uniform: Floats, options: Sequence[Any]) -> Ints:
    return np.minimum((uniform * len(options)).astype(np.int64), len(options) - 1)


_DEAD = {"geometric": -1e7, "harmonic": 1e12}


def _spread(method: str, share: Floats, scale: int) -> Floats:
    """What is averaged: the share, its logarithm, its reciprocal; a share of 0 outweighs everything."""
    if method == "arithmetic":
        return share
    alive = share > 0
    safe = np.where(alive, share / scale, 1.0)
    return np.where(alive, np.log(safe) if method == "geometric" else 1 / safe, _DEAD[method])


def _mean(node: _Node, factors: Floats, weights: Floats, shares: Floats, scale: int) -> tuple[Floats, Floats]:
    """(weight, weighted mean of the shares in 1/scale) of a node, both (draws, n)."""
    leaves = list(node.leaves)
    own = weights[leaves]
    weight = factors[:, leaves] @ own
    value = factors[:, leaves] @ (own * _spread(node.method, shares[leaves], scale))
    for child in node.children:
        child_weight, child_value = _mean(child, factors, weights, shares, scale)
        weight += child_weight
        value += child_weight * _spread(node.method, child_value, scale)
    with np.errstate(all="ignore"):
        mean = np.where(weight > 0, value / weight, 0.0)
        if node.method == "geometric":
            mean = np.where(weight > 0, np.exp(mean) * scale, 0.0)
        elif node.method == "harmonic":
            mean = np.where(mean > 0, scale / mean, 0.0)
    return weight, mean


def _tree(scheme: Scheme, top: str = "", *, bonus: bool = False) -> _Node:
    """The scheme's tree (or that of its bonus); arithmetic nodes below arithmetic ones are merged into them."""

    def build(code: str, method: str) -> _Node:
        leaves = [i for i, item in enumerate(scheme.indicators) if item.dimension == code]
        children: list[_Node] = []
        for dimension in scheme.dimensions:
            if dimension.parent != code or (not code and dimension.bonus != bonus):
                continue
            child = build(dimension.code, dimension.aggregate)
            if child.method == method == "arithmetic":
                leaves += child.leaves
                children += child.children
            else:
                children.append(child)
        return _Node(method, tuple(leaves), tuple(children))

    return build("", "arithmetic" if bonus else top or scheme.aggregate)


def _of_total(scores: Scores, scheme: Scheme, choices: Choices, within: str, facts: Facts | None) -> _Task:
    order = id_order(scores.ids)
    ranked = scores.ranked[order]
    cohorts = [np.flatnonzero(ranked)]
    if within == "group":
        cohorts = [np.flatnonzero(ranked & (scores.group[order] == g)) for g in np.unique(scores.group)]
    shares: dict[str, npt.NDArray[Any]] = {"scheme": scores.normalised}
    for name in choices.normalisation:
        if name != "scheme":
            shares[name] = _renormalised(name, scores, scheme, facts)
    trees = {name: _tree(scheme, "" if name == "scheme" else name) for name in AGGREGATIONS}
    trees["bonus"] = _tree(scheme, bonus=True)
    task = _Task(
        ids=scores.ids, order=order, base=np.zeros(0, dtype=np.int64),
        weights=np.rint(scores.weights[order].T / WEIGHT_UNIT), deductions=scores.deductions[order] * 10_000,
        shares={name: np.ascontiguousarray(table[order].T, dtype=np.float64) for name, table in shares.items()},
        trees=trees, points=float(scheme.total_points), bonus_points=float(scheme.bonus_points), share_scale=UNIT, more_decimals=0,
        cohorts=tuple(c for c in cohorts if len(c)),
        codes=tuple(item.code for item in scheme.indicators),
    )  # fmt: skip
    return _with_base(task, scores.total[order])


def _of_board(board: BoardResult, scores: Scores, scheme: Scheme) -> _Task:
    order = id_order(scores.ids)
    members = [index for index, item in enumerate(scheme.indicators) if item.code in board.indicators]
    given = next(item.weights for item in scheme.boards if item.code == board.code)
    weights = np.array([float(given[scheme.indicators[i].code]) * 100 for i in members])
    eligible, curve = (
        board.eligible[order],
        scores.normalised[order][:, members].T.astype(np.float64) * (MIDRANK_SCALE // UNIT),
    )
    cohorts = [np.flatnonzero(eligible)]
    if scheme.board_rules.scope == "per_group":
        cohorts = [np.flatnonzero(eligible & (scores.group[order] == g)) for g in np.unique(scores.group)]
    flat = _Node("arithmetic", tuple(range(len(members))), ())
    task = _Task(
        ids=scores.ids, order=order, base=np.zeros(0, dtype=np.int64),
        weights=np.repeat(np.rint(weights)[:, None], len(order), axis=1), deductions=np.zeros(len(order), dtype=np.int64),
        shares={"scheme": board.midranks[order].T.astype(np.float64), "percentile": curve, "min_max": curve},
        trees=dict.fromkeys(AGGREGATIONS, flat), points=100.0, bonus_points=0.0, share_scale=MIDRANK_SCALE, more_decimals=2,
        cohorts=tuple(c for c in cohorts if len(c)),
        codes=board.indicators,
    )  # fmt: skip
    return _with_base(task, board.score[order])


def _with_base(task: _Task, totals: Ints) -> _Task:
    return replace(task, base=task.placed(totals[None, :])[0].astype(np.int64))


def _renormalised(name: str, scores: Scores, scheme: Scheme, facts: Facts | None) -> npt.NDArray[np.int16]:
    """Every indicator normalised in another way inside the groups, in 1e-4; cells without a value keep what they have."""
    columns = Columns(facts, scheme) if facts is not None else None
    result = scores.normalised.copy()
    for index, item in enumerate(scheme.indicators):
        x = scores.normalised[:, index].astype(np.float64)
        if columns is not None:
            x = raw_values(columns, item, scores.group).x * (1 if item.higher_better else -1)
        usable = np.isin(scores.cells[:, index], (VALUE, IS_IMPUTED)) & np.isfinite(x)
        if columns is not None:
            usable &= scores.cells[:, index] == VALUE
        for group in np.unique(scores.group):
            rows = np.flatnonzero(usable & (scores.group == group))
            if len(rows):
                result[rows, index] = _relative(name, x[rows])
    return result


def _relative(name: str, x: Floats) -> Ints:
    if name == "percentile":
        ranks = np.unique(x, return_inverse=True)[1]
        less, equal = less_and_equal(ranks)
        n = len(x)
        return (
            np.full(n, UNIT) if n == 1 else np.asarray(((2 * less + equal - 1) * UNIT + n - 1) // (2 * n - 2))
        )
    low, high = np.quantile(x, (0.01, 0.99))  # one far value must not squeeze all the others into nothing
    if high <= low:
        return np.full(len(x), UNIT // 2)
    return np.asarray(np.floor(np.clip((x - low) / (high - low), 0, 1) * UNIT + 0.5), dtype=np.int64)


def _uniform(seed: int | str, shape: tuple[int, ...]) -> Floats:
    """Uniform numbers in [0, 1) from raw bits: NumPy keeps those streams for ever, unlike its distributions."""
    number = seed if isinstance(seed, int) else int(hashlib.sha256(seed.encode()).hexdigest(), 16)
    raw = np.random.PCG64(number).random_raw(int(np.prod(shape)))
    return np.asarray((raw >> 11) * 2.0**-53).reshape(shape)


def _intervals(
    task: _Task, draws: int, seed: int | str, choices: Choices, *, level: float, top: int
) -> Intervals:
    if draws < 1 or not 0 < level < 1:
        raise EngineError("sensitivity: at least one draw and a level between 0 and 1 are needed")
    places = task.places(_uniform(seed, (draws, task.width)), choices)
    tail = (1 - level) / 2 * (draws - 1)
    kth = (int(tail), (draws - 1) // 2, draws - 1 - int(tail))
    found, share = np.zeros((3, len(task.ids)), dtype=np.int64), np.zeros(len(task.ids))
    for start in range(0, len(task.ids), 512):
        part = np.ascontiguousarray(places[:, start : start + 512].T)
        share[start : start + 512] = ((part <= top) & (part > 0)).mean(axis=1)
        part.partition(sorted(set(kth)), axis=1)
        found[:, start : start + 512] = part[:, kth].T
    place, low, median, high = (task.back(values) for values in (task.base, *found))
    return Intervals(task.ids, place, low, median, high, top, task.back(share), draws, str(seed), level)


def _factors(task: _Task, choices: Choices, *, by_indicator: bool) -> tuple[tuple[str, ...], list[list[int]]]:
    m = len(task.weights)
    columns = {name: [m + index - 1] for index, name in enumerate(FACTORS) if index} | {
        "weights": list(range(m))
    }
    names = [name for name in choices.varied if not (by_indicator and name == "weights")]
    found = [(name, columns[name]) for name in names]
    if by_indicator and choices.weights:
        found = [(f"weight.{task.codes[index]}", [index]) for index in range(m)] + found
    return tuple(name for name, _ in found), [own for _, own in found]


def _estimate(one: Any, two: Any, mixed: Any, variance: Any) -> tuple[Any, Any]:
    """(first-order, total) index of outputs along the first axis."""
    with np.errstate(all="ignore"):
        first = (two * (mixed - one)).mean(axis=0) / variance
        total = ((one - mixed) ** 2).mean(axis=0) / (2 * variance)
    still = np.asarray(variance) <= 0
    return np.where(still, np.nan, first), np.where(still, np.nan, total)


__all__ = [
    "EVERYTHING", "USUAL", "Choices", "Indices", "Intervals", "board_intervals", "leave_one_out", "rank_intervals",
    "sobol_indices",
]  # fmt: skip

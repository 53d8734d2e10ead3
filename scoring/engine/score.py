"""Scoring: facts and a scheme in, exact integer arrays out. Pure; the same facts give the same digits everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from . import expressions
from .aggregate import POINT_SCALE, tree_points
from .digest import ENGINE_VERSION
from .errors import FactsError
from .facts import Facts, Ints
from .functions import ONE, ZERO, approximate, exact, half_up, parameters
from .raw import Bools, Columns, Floats, Raw, exact_keys, exact_raw, order_inputs, raw_values
from .relative import UNIT, cohort_scores, dense_order, divide_half_up, span_scores
from .scheme import WEIGHT_SCALE, Indicator, Scheme
from .weights import base_weights, effective_weights

(
    PROVISIONAL,
    VETO,
    HAS_MISSING,
    HAS_NOT_APPLICABLE,
    IMPUTED,
    REFUSED,
    GROUP_SET,
    GROUP_DEFAULTED,
    LIMIT_REACHED,
) = (1 << bit for bit in range(9))
FLAGS = (
    "PROVISIONAL", "VETO", "HAS_MISSING", "HAS_NOT_APPLICABLE", "IMPUTED", "REFUSED", "GROUP_SET",
    "GROUP_DEFAULTED", "LIMIT_REACHED",
)  # fmt: skip
SCHEME_FLAG_BIT = 12
BATCH = 32_768
VALUE, IS_MISSING, IS_NOT_APPLICABLE, IS_IMPUTED, IS_UNDEFINED, IS_FORCED_ZERO = range(6)
CELL_STATES = ("value", "missing", "not_applicable", "imputed", "undefined", "forced_zero")


@dataclass(frozen=True)
class Scores:
    """Scores of n units, all exact integers.

    normalised (n, indicators) in 1e-4; weights in 1e-10; points in 1e-14; dimensions (n, dimensions) in 1e-14. Weights
    are kept once a pattern (group and what does not apply): `pattern` (n,) is a row of `patterns`; points follow.
    total and deductions in 1e-2; completeness in 1e-2 per cent; group = index into group_labels;
    cells = index into CELL_STATES; flags = bit word, see `flag_names`; vetoes (n,) bit word over the scheme's vetoes.
    """

    ids: tuple[str, ...]
    group_labels: tuple[str, ...]
    group: Ints
    normalised: npt.NDArray[np.int16]
    patterns: Ints
    pattern: npt.NDArray[np.int32]
    dimensions: Ints
    deductions: Ints
    total: Ints
    completeness: Ints
    flags: Ints
    vetoes: Ints
    cells: npt.NDArray[np.uint8]
    scheme_digest: str
    engine_version: str = ENGINE_VERSION

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def weights(self) -> Ints:
        return self.patterns[self.pattern]

    @property
    def points(self) -> Ints:
        return self.points_of(slice(None))

    def points_of(self, rows: Ints | slice | int) -> Ints:
        """Points of some units: of a million units all of them would be a quarter of a gigabyte."""
        return self.patterns[self.pattern[rows]] * self.normalised[rows]

    @property
    def ranked(self) -> Bools:
        """Units that take part in places: neither provisional, vetoed nor refused."""
        return (self.flags & (PROVISIONAL | VETO | REFUSED)) == 0


def flag_names(scheme: Scheme, flags: int) -> tuple[str, ...]:
    """Names of the flags set in one flag word."""
    names = [name for bit, name in enumerate(FLAGS) if flags >> bit & 1]
    own = [name for bit, name in enumerate(scheme.flag_names) if flags >> (SCHEME_FLAG_BIT + bit) & 1]
    return tuple(names + own)


def score(facts: Facts, scheme: Scheme) -> Scores:
    """Score all units. Never fails on odd values: what is undefined scores 0 and is marked in `cells`.

    Under an absolute scheme in batches, which bounds memory and stays in the processor's cache; the bytes are the same.
    """
    if scheme.relative or len(facts) <= BATCH:
        return _score(facts, scheme)
    whole: dict[str, Any] = {}
    patterns: list[Ints] = []
    for at in range(0, len(facts), BATCH):
        part = _score(facts.take(slice(at, at + BATCH)), scheme)
        known = sum(map(len, patterns))
        patterns.append(part.patterns)
        for item in fields(Scores):
            rows = getattr(part, item.name)
            if isinstance(rows, np.ndarray) and item.name != "patterns":
                table = whole.setdefault(item.name, np.empty((len(facts), *rows.shape[1:]), dtype=rows.dtype))
                table[at : at + len(part)] = rows + known if item.name == "pattern" else rows
    return Scores(
        ids=facts.ids, group_labels=facts.group_labels, patterns=np.concatenate(patterns), scheme_digest=scheme.digest,
        **whole,
    )  # fmt: skip


def _score(facts: Facts, scheme: Scheme) -> Scores:
    columns = Columns(facts, scheme)
    group, flags = groups_of(columns)
    n, m = len(facts), len(scheme.indicators)
    normalised: npt.NDArray[Any] = np.zeros((n, m), dtype=np.int16)
    cells = np.zeros((n, m), dtype=np.uint8)
    for index, indicator in enumerate(scheme.indicators):
        normalised[:, index], cells[:, index], own = _indicator(columns, indicator, group)
        for name, where in own:
            flags[where] |= 1 << (SCHEME_FLAG_BIT + scheme.flag_names.index(name))
    absent = cells == IS_NOT_APPLICABLE
    patterns, pattern, denied = effective_weights(
        scheme, base_weights(scheme, facts.group_labels), group, absent
    )
    weights = patterns[pattern]
    cells[denied] = IS_MISSING
    flags |= np.where(denied.any(axis=1), LIMIT_REACHED, 0)
    dimensions, whole = tree_points(scheme, weights, normalised)
    completeness, provisional = _completeness(scheme, weights, cells)
    flags |= _cell_flags(scheme, cells, provisional)
    deductions, vetoes = _penalties(columns)
    flags |= np.where(vetoes > 0, VETO, 0)
    rounded = _rounded_totals(scheme, weights, normalised, whole, absent)
    total = np.where(flags & REFUSED, 0, np.maximum(rounded - deductions, 0))
    return Scores(
        ids=facts.ids, group_labels=facts.group_labels, group=group, normalised=normalised, patterns=patterns,
        pattern=pattern, dimensions=dimensions, deductions=deductions, total=total, completeness=completeness,
        flags=flags, vetoes=vetoes, cells=cells, scheme_digest=scheme.digest,
    )  # fmt: skip


def score_one(facts: Facts, scheme: Scheme, row: int = 0) -> Scores:
    """Score one unit alone, digit for digit as in the batch; refused where scores depend on the cohort."""
    if scheme.relative:
        raise FactsError("scores of this scheme depend on the cohort; one unit cannot be scored alone")
    return score(facts.take([row]), scheme)


def groups_of(columns: Columns) -> tuple[Ints, Ints]:
    """(group index, flag word) of every unit: the group given, else the first rule that holds, else the default."""
    facts, scheme = columns.facts, columns.scheme
    group = facts.group.copy()
    flags = np.where(group >= 0, 0 if scheme.group_column else GROUP_SET, 0)
    open_ = group < 0
    env = columns.environment({}, group)
    for index, item in enumerate(scheme.groups):
        truth, doubt = expressions.test_columns(item.rule, env)
        truth = np.broadcast_to(truth, len(facts)).copy()
        for row in np.flatnonzero(np.broadcast_to(doubt, len(facts)) & open_):
            exact_env = {name: columns.exact(name, int(row)) for name in item.rule.names}
            truth[row] = expressions.test_exact(item.rule, exact_env)
        known = (
            np.all([columns.state(name) > 0 for name in item.rule.names], axis=0) if item.rule.names else True
        )
        hit = open_ & (group < 0) & truth & known
        group[hit] = index
    left = group < 0
    if scheme.groups:
        flags = flags | np.where(left, GROUP_DEFAULTED, 0)
    default = scheme.group_default if scheme.group_default in facts.group_labels else facts.group_labels[0]
    group[left] = facts.group_labels.index(default)
    return group, flags.astype(np.int64)


Own = list[tuple[str, Bools]]


def _indicator(
    columns: Columns, indicator: Indicator, group: Ints
) -> tuple[Ints, npt.NDArray[np.uint8], Own]:
    raw = raw_values(columns, indicator, group)
    cells = np.where(raw.not_applicable, IS_NOT_APPLICABLE, np.where(raw.missing, IS_MISSING, VALUE))
    cells = np.where((cells == VALUE) & np.isnan(raw.x), IS_UNDEFINED, cells)
    zero = np.any(raw.zero, axis=0) if raw.zero else np.zeros(len(group), dtype=bool)
    cells = np.where(zero & ((cells == VALUE) | (cells == IS_UNDEFINED)), IS_FORCED_ZERO, cells).astype(
        np.uint8
    )
    own = [
        (check.flag, where & ~raw.blank)
        for check, where in zip(indicator.zero_when, raw.zero, strict=True) if check.flag
    ]  # fmt: skip
    scores = _relative if indicator.relative else _absolute
    s, cells = scores(columns, indicator, group, raw, cells)
    s[cells != VALUE] = 0
    return *_impute(columns, indicator, group, s, cells), own


def _absolute(
    columns: Columns, indicator: Indicator, group: Ints, raw: Raw, cells: npt.NDArray[np.uint8]
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    n = len(group)
    s, bound = np.zeros(n), np.zeros(n)
    branches = (False, True) if raw.alternative.any() else (False,)
    present = np.flatnonzero(np.bincount(group, minlength=1))
    for index in present:
        for branch in branches:
            alone = len(present) == 1 and len(branches) == 1
            rows = slice(None) if alone else np.flatnonzero((group == index) & (raw.alternative == branch))
            values = parameters(indicator, columns.facts.group_labels[index], alternative=branch)
            x = np.nan_to_num(raw.x[rows], nan=0.0)
            s[rows], bound[rows] = approximate(indicator.function, values, x, raw.error[rows])
    scaled = s * UNIT
    result = np.floor(scaled + 0.5).astype(np.int64)
    near = np.abs(scaled - np.floor(scaled) - 0.5) <= UNIT * np.maximum(1e-9, bound)
    doubtful = (near & (cells == VALUE)) | (raw.unsure & ~raw.blank)
    _settle(columns, indicator, group, np.flatnonzero(doubtful), result=result, cells=cells)
    return result, cells


def _settle(
    columns: Columns,
    indicator: Indicator,
    group: Ints,
    rows: Ints,
    *,
    result: Ints,
    cells: npt.NDArray[np.uint8],
) -> None:
    """Decide doubtful cells in decimal arithmetic, equal facts once."""
    if len(rows) == 0:
        return
    cells_of = (columns.facts.columns[place][rows] for place in columns.places(indicator.inputs))
    key = np.column_stack((group[rows], *cells_of))
    _, first, which = np.unique(key, axis=0, return_index=True, return_inverse=True)
    decided = [
        exact_cell(columns, indicator, int(rows[i]), columns.facts.group_labels[group[rows[i]]])
        for i in first
    ]
    for position, row in enumerate(rows):
        result[row], cells[row] = decided[which.ravel()[position]]


def exact_cell(columns: Columns, indicator: Indicator, row: int, label: str) -> tuple[int, int]:
    """(normalised value in 1e-4, cell state) of one cell of an absolute function, in decimal arithmetic."""
    value = exact_raw(columns, indicator, row, label)
    if value.missing or value.not_applicable:
        return 0, IS_MISSING if value.missing else IS_NOT_APPLICABLE
    if any(value.zero):
        return 0, IS_FORCED_ZERO
    if value.x is None:
        return 0, IS_UNDEFINED
    s = exact(indicator.function, parameters(indicator, label, alternative=value.alternative), value.x)
    return half_up(min(ONE, max(ZERO, s)), 4), VALUE


def _relative(
    columns: Columns, indicator: Indicator, group: Ints, raw: Raw, cells: npt.NDArray[np.uint8]
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    n = len(group)
    result, x, error = np.zeros(n, dtype=np.int64), raw.x.copy(), raw.error.copy()
    labels = columns.facts.group_labels

    def exact_x(row: int) -> Decimal:
        value = exact_raw(columns, indicator, row, labels[group[row]]).x
        return ZERO if value is None else value

    for row in np.flatnonzero(raw.unsure & (cells == VALUE)):
        value = exact_raw(columns, indicator, int(row), labels[group[row]]).x
        cells[row] = VALUE if value is not None else IS_UNDEFINED
        x[row] = float(value or 0)
        error[row] = abs(x[row]) * expressions.ROUND_OFF
    usable = cells == VALUE
    whole = indicator.scoring.get("within", "group") == "all"
    trimmed = indicator.outliers.get("method", "none") != "none" or indicator.scoring.get("zero_is_zero")
    plain = indicator.function == "min_max" and not trimmed
    counts = np.bincount(group[usable], minlength=len(labels))
    for index in (0,) if whole else np.unique(group[usable]):
        mine = np.flatnonzero(usable if whole else usable & (group == index))
        small = not whole and counts[index] < columns.scheme.min_group
        cohort = np.flatnonzero(usable) if small else mine
        if plain:
            keys = partial(_keys_of_cohort, columns, indicator, group, cohort)
            values = span_scores(x[cohort], error[cohort], keys, higher=indicator.higher_better)
        else:
            values = cohort_scores(
                indicator, labels[index], x=x[cohort], error=error[cohort],
                ranks=order_of(columns, indicator, group, cohort, (x, error)), exact=partial(_of_cohort, exact_x, cohort),
            )  # fmt: skip
        result[mine] = values if len(mine) == len(cohort) else values[np.searchsorted(cohort, mine)]
    return result, cells


def order_of(
    columns: Columns, indicator: Indicator, group: Ints, rows: Ints, raw: tuple[Floats, Floats]
) -> Ints:
    """Dense order of some units by their raw values (value, error bound), decided exactly where float64 cannot."""
    return dense_order(
        raw[0][rows],
        raw[1][rows],
        lambda part: order_inputs(columns, indicator, group, rows[part]),
        lambda part: exact_keys(columns, indicator, group, rows[part]),
    )


def _keys_of_cohort(
    columns: Columns, indicator: Indicator, group: Ints, cohort: Ints, rows: Ints
) -> list[int]:
    return exact_keys(columns, indicator, group, cohort[rows])


def _of_cohort(exact_x: Callable[[int], Decimal], cohort: Ints, row: int) -> Decimal:
    return exact_x(int(cohort[row]))


def _impute(
    columns: Columns, indicator: Indicator, group: Ints, s: Ints, cells: npt.NDArray[np.uint8]
) -> tuple[Ints, npt.NDArray[np.uint8]]:
    rule = indicator.missing
    gaps = cells == IS_MISSING
    if rule == "not_applicable":
        return s, np.where(gaps, IS_NOT_APPLICABLE, cells).astype(np.uint8)
    if rule not in ("group_mean", "group_median") or not gaps.any():
        return s, cells
    for index in np.unique(group[gaps]):
        members, holes = (group == index) & ~gaps & (cells != IS_NOT_APPLICABLE), (group == index) & gaps
        known = np.sort(s[members])
        if len(known) == 0:
            continue
        pair = known[(len(known) - 1) // 2] + known[len(known) // 2]
        value = divide_half_up(known.sum(), len(known)) if rule == "group_mean" else divide_half_up(pair, 2)
        s[holes], cells[holes] = value, IS_IMPUTED
    return s, cells


def _rounded_totals(scheme: Scheme, weights: Ints, normalised: Ints, whole: Ints, absent: Bools) -> Ints:
    """Totals in 1e-2, half-up. Shared-out weights are cut at 10 decimals: near a tie the fractions themselves decide."""
    unit = POINT_SCALE // 100
    rounded = np.asarray(divide_half_up(whole, unit))
    shares = (
        any(node.aggregate != "arithmetic" for node in scheme.dimensions) or scheme.aggregate != "arithmetic"
    )
    if shares:
        return rounded
    near = np.abs(whole % unit - unit // 2) <= 10**7 * len(scheme.indicators)
    for row in np.flatnonzero(near & absent.any(axis=1)):
        total = Fraction(0)
        for dimension in scheme.dimensions:
            members = [i for i, item in enumerate(scheme.indicators) if item.dimension == dimension.code]
            total += _fair_points(members, weights[row], normalised[row])
        hundredths = total * 100
        rounded[row] = (2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator)
    return rounded


def _fair_points(members: list[int], weights: Ints, normalised: Ints) -> Fraction:
    """Points of one dimension with its whole weight shared in exact proportion to the effective weights.

    The effective weights are fractions of small denominators cut at 10 decimals; the nearest such fraction is meant.
    """
    total = Fraction(0)
    for index in members:
        weight = Fraction(int(weights[index]), WEIGHT_SCALE).limit_denominator(20_000)
        total += weight * Fraction(int(normalised[index]), 10_000)
    return total


def _completeness(scheme: Scheme, weights: Ints, cells: npt.NDArray[np.uint8]) -> tuple[Ints, Bools]:
    """(share of the weight that has data, in 1e-2 per cent, half-up; whether it is below the threshold, exactly)."""
    asked = ~np.array(scheme.bonus_indicators, dtype=bool)
    weights, cells = weights[:, asked], cells[:, asked]
    there = np.where((cells == IS_MISSING) | (cells == IS_IMPUTED), 0, weights).sum(axis=1)
    whole = np.maximum(weights.sum(axis=1), 1)
    below = there * 10_000 < whole * half_up(scheme.provisional_below * 100, 0)
    return np.asarray(divide_half_up(there * 10_000, whole), dtype=np.int64), below


def _cell_flags(scheme: Scheme, cells: npt.NDArray[np.uint8], provisional: Bools) -> Ints:
    refusing = np.array([item.missing == "refuse" for item in scheme.indicators])
    gaps = cells == IS_MISSING
    flags = np.where(provisional, PROVISIONAL, 0)
    flags |= np.where(gaps.any(axis=1), HAS_MISSING, 0)
    flags |= np.where((cells == IS_NOT_APPLICABLE).any(axis=1), HAS_NOT_APPLICABLE, 0)
    flags |= np.where((cells == IS_IMPUTED).any(axis=1), IMPUTED, 0)
    flags |= np.where((gaps & refusing).any(axis=1), REFUSED, 0)
    return np.asarray(flags, dtype=np.int64)


def _penalties(columns: Columns) -> tuple[Ints, Ints]:
    """(deductions in 1e-2, capped; bit word of vetoes)."""
    scheme, n = columns.scheme, len(columns.facts)
    deductions, vetoes, bit = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), 0
    for penalty in scheme.penalties:
        hit = columns.facts.columns[columns.place[penalty.column]] > 0
        if penalty.veto:
            vetoes |= np.where(hit, 1 << bit, 0)
            bit += 1
        else:
            deductions += np.where(hit, half_up(penalty.points * 100, 0), 0)
    return np.minimum(deductions, half_up(scheme.deduction_cap * 100, 0)), vetoes


def points_text(points: int) -> str:
    """Points (1e-14) as a plain decimal, trailing zeros cut."""
    text = f"{Decimal(points).scaleb(-14):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


__all__ = [
    "CELL_STATES",
    "FLAGS",
    "POINT_SCALE",
    "WEIGHT_SCALE",
    "Scores",
    "flag_names",
    "score",
    "score_one",
]

"""Raw values x of indicators: over all units in float64 with error bounds, and exactly for one unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from . import expressions
from .facts import MISSING, NOT_APPLICABLE, Facts, Ints
from .functions import half_up
from .scheme import LEVELLED, Indicator, Scheme, for_group

LEVEL_SCALE = 10**6
MOST_LEVEL_POINTS, MOST_ENTRIES = 10**4, 10**7  # of one entry, of one level: their products stay in 64 bits
KEPT_CELLS = 1 << 22  # of forms of the facts that were made: all inputs of a zone, a few of a nation
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Raw:
    """x of one indicator: value and error bound; missing / not applicable; branch, forced zero; what is unsure."""

    x: Floats
    error: Floats
    missing: Bools
    not_applicable: Bools
    alternative: Bools
    zero: tuple[Bools, ...]
    unsure: Bools

    @property
    def blank(self) -> Bools:
        return self.missing | self.not_applicable


class Columns:
    """Views of the facts by name, and their float forms in formula units, made once and shared."""

    def __init__(self, facts: Facts, scheme: Scheme) -> None:
        self.facts, self.scheme = facts, scheme
        self.place = {name: index for index, name in enumerate(scheme.fact_columns)}
        self.input_place = {item.code: index for index, item in enumerate(scheme.inputs)}
        self._approximate: dict[str, expressions.Approx] = {}
        self._levels: dict[str, Ints] = {}

    def divisor(self, name: str) -> int:
        item = self.scheme.input_by_code[name]
        return item.scale * (10_000 if item.type == "money" and self.scheme.money_unit == "wan" else 1)

    def integer(self, name: str) -> Ints:
        """The input in minor units; the number of entries for a list."""
        first, *others = self.of_input(name)
        return sum(others, first)

    def of_input(self, name: str) -> Iterator[Ints]:
        """The columns of one input: one, or one a level of a list."""
        for place in self.places((name,)):
            yield self.facts.columns[place].astype(np.int64, copy=False)

    def number(self, column: str, row: int) -> int:
        """One column of one unit."""
        return int(self.facts.columns[self.place[column]][row])

    def places(self, names: tuple[str, ...]) -> list[int]:
        return [self.place[column] for name in names for column in self.scheme.input_by_code[name].columns]

    def state(self, name: str) -> npt.NDArray[np.uint8]:
        return self.facts.states[:, self.input_place[name]]

    def approximate(self, name: str) -> expressions.Approx:
        if name not in self._approximate:
            self._make_room()
            number, divisor = self.integer(name), self.divisor(name)
            value = number.astype(np.float64)
            if divisor == 1 and (not len(number) or np.abs(value).max() < 2.0**53):
                self._approximate[name] = (value, np.zeros(len(value)))
            else:
                value /= divisor
                self._approximate[name] = (value, np.abs(value) * expressions.ROUND_OFF)
        return self._approximate[name]

    def level_points(self, indicator: Indicator) -> Ints:
        """x of level_sum and level_max in millionths."""
        if indicator.code not in self._levels:
            self._make_room()
            self._levels[indicator.code] = self._of_levels(indicator)
        return self._levels[indicator.code]

    def _of_levels(self, indicator: Indicator) -> Ints:
        found = np.zeros(len(self.facts), dtype=np.int64)
        levels = self.of_input(indicator.formula.single_name)
        for counts, points in zip(levels, level_points(self.scheme, indicator), strict=True):
            if indicator.function == "level_sum":
                found += np.minimum(counts, MOST_ENTRIES) * points
            else:
                found = np.maximum(found, np.where(counts > 0, points, 0))
        return found

    def _make_room(self) -> None:
        if (len(self._approximate) + len(self._levels)) * len(self.facts) > KEPT_CELLS:
            self._approximate.clear()
            self._levels.clear()

    def exact(self, name: str, row: int) -> Decimal:
        """One input of one unit in formula units."""
        columns = self.scheme.input_by_code[name].columns
        total = sum(self.number(column, row) for column in columns)
        return expressions.EXACT.divide(Decimal(total), Decimal(self.divisor(name)))

    def environment(self, constants: Mapping[str, Any], group: Ints) -> _Environment:
        return _Environment(self, constants, group)


class _Environment(dict[str, expressions.Approx]):
    """Names of one expression, looked up when asked for."""

    def __init__(self, columns: Columns, constants: Mapping[str, Any], group: Ints) -> None:
        super().__init__()
        self.columns, self.constants, self.group = columns, constants, group

    def __missing__(self, name: str) -> expressions.Approx:
        if name not in self.constants:
            return self.columns.approximate(name)
        labels = self.columns.facts.group_labels
        table = np.array([float(for_group(self.constants[name], label)) for label in labels])
        value = table[self.group]
        self[name] = (value, np.abs(value) * expressions.ROUND_OFF)
        return self[name]


def level_points(scheme: Scheme, indicator: Indicator) -> Ints:
    """Points of every column of the indicator's list, in millionths."""
    source = scheme.input_by_code[indicator.formula.single_name]
    levels, factors = indicator.scoring["levels"], indicator.scoring.get("rank_factor", {})
    points = []
    for level in source.levels:
        for rank in source.ranks or ("",):
            value = Decimal(str(levels.get(level, 0))) * Decimal(str(factors.get(rank, 1)))
            points.append(half_up(value * LEVEL_SCALE, 0))
    return np.array(points, dtype=np.int64)


def order_inputs(columns: Columns, indicator: Indicator, group: Ints, rows: Ints) -> Ints:
    """The integers that x comes from, a row a unit: equal rows have equal x."""
    if indicator.function in LEVELLED:
        return columns.level_points(indicator)[rows].reshape(-1, 1)
    names = dict.fromkeys((*indicator.names(alternative=False), *indicator.names(alternative=True)))
    parts = [columns.integer(name)[rows] for name in names]
    if indicator.constants:
        parts.append(group[rows])
    return np.column_stack(parts)


KEY_SCALE = 10**45  # as `functions.SETTLED`


def exact_keys(columns: Columns, indicator: Indicator, group: Ints, rows: Ints) -> list[int]:
    """x of some units as integers in 1e-45, half-up: equal where x is equal; undefined = 0. All rows at once."""
    if indicator.function in LEVELLED:
        return [int(value) for value in columns.level_points(indicator)[rows]]
    labels, when, other = (
        columns.facts.group_labels,
        indicator.alternative_when,
        indicator.alternative_formula,
    )
    parts = [part for part in (indicator.formula, when, other) if part]
    if not all(map(expressions.is_rational, parts)):
        one_by_one = (exact_raw(columns, indicator, int(row), labels[group[row]]).x for row in rows)
        return [half_up(x or Decimal(0), 45) for x in one_by_one]
    env: dict[str, expressions.Rational] = {
        name: (columns.integer(name)[rows].astype(object), columns.divisor(name)) for name in indicator.inputs
    }
    for name, value in indicator.constants.items():
        ratios = [Decimal(str(for_group(value, label))).as_integer_ratio() for label in labels]
        table = np.array(ratios, dtype=object).reshape(-1, 2)[group[rows]]
        env[name] = table[:, 0], table[:, 1]
    top, bottom = expressions.evaluate_rational(indicator.formula, env)
    if when and other:
        top, bottom = expressions.picked(
            expressions.test_rational(when, env), expressions.evaluate_rational(other, env), (top, bottom)
        )
    tops, bottoms = (np.broadcast_to(np.asarray(part, object), len(rows)).tolist() for part in (top, bottom))
    return [_key(n, d) for n, d in zip(tops, bottoms, strict=True)]


def _key(n: int, d: int) -> int:
    """Half away from zero, as decimals are rounded everywhere here."""
    if not d:
        return 0
    size = (2 * abs(n) * KEY_SCALE + d) // (2 * d)
    return size if n >= 0 else -size


def raw_values(columns: Columns, indicator: Indicator, group: Ints) -> Raw:
    """x of every unit. Where float64 cannot decide (a branch, a forced zero) the unit is marked unsure."""
    n = len(columns.facts)
    env = columns.environment(indicator.constants, group)
    alternative, unsure = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    x, error = _formula(columns, indicator, env)
    if indicator.alternative_when and indicator.alternative_formula:
        truth, doubt = expressions.test_columns(indicator.alternative_when, env)
        alternative, unsure = np.broadcast_to(truth, n), unsure | doubt
        other, other_error = expressions.evaluate_columns(indicator.alternative_formula, env)
        x, error = np.where(alternative, other, x), np.where(alternative, other_error, error)
    missing, absent = _states(columns, indicator.names(alternative=False))
    if indicator.alternative_formula:
        other_missing, other_absent = _states(columns, indicator.names(alternative=True))
        missing = np.where(alternative, other_missing, missing)
        absent = np.where(alternative, other_absent, absent)
    zero = []
    for check in indicator.zero_when:
        truth, doubt = expressions.test_columns(check.expression, env)
        zero.append(np.broadcast_to(truth, n))
        unsure = unsure | doubt
    if not indicator.not_applicable:
        missing, absent = missing | absent, np.zeros(n, dtype=bool)
    value, bound = np.broadcast_to(x, n).astype(float), np.broadcast_to(error, n).astype(float)
    bound = np.where(np.isinf(value), np.inf, bound)
    return Raw(value, bound, missing & ~absent, absent, alternative, tuple(zero), unsure | np.isinf(bound))


def _formula(columns: Columns, indicator: Indicator, env: _Environment) -> expressions.Approx:
    if indicator.function not in LEVELLED:
        return expressions.evaluate_columns(indicator.formula, env)
    value = columns.level_points(indicator) / LEVEL_SCALE
    return value, np.abs(value) * expressions.ROUND_OFF


def _states(columns: Columns, names: tuple[str, ...]) -> tuple[Bools, Bools]:
    missing, absent = np.zeros(len(columns.facts), dtype=bool), np.zeros(len(columns.facts), dtype=bool)
    for name in names:
        state = columns.state(name)
        missing |= state == MISSING
        absent |= state == NOT_APPLICABLE
    return missing, absent


@dataclass(frozen=True)
class ExactRaw:
    """x of one unit, exactly: None = undefined (a division by zero)."""

    x: Decimal | None
    alternative: bool
    zero: tuple[bool, ...]
    missing: bool
    not_applicable: bool


def exact_raw(columns: Columns, indicator: Indicator, row: int, group: str) -> ExactRaw:
    """The same as `raw_values`, for one unit, in decimal arithmetic."""
    env: dict[str, Decimal | None] = {name: columns.exact(name, row) for name in indicator.inputs}
    for name, value in indicator.constants.items():
        env[name] = Decimal(str(for_group(value, group)))
    when, other = indicator.alternative_when, indicator.alternative_formula
    alternative = bool(when and other and expressions.test_exact(when, env))
    x: Decimal | None
    if indicator.function in LEVELLED:
        one = Columns(columns.facts.take([row]), columns.scheme)
        x = Decimal(int(one.level_points(indicator)[0])) / LEVEL_SCALE
    else:
        x = expressions.evaluate_exact(other if alternative and other else indicator.formula, env)
    states = [int(columns.state(name)[row]) for name in indicator.names(alternative=alternative)]
    absent = indicator.not_applicable and NOT_APPLICABLE in states
    missing = not absent and (MISSING in states or NOT_APPLICABLE in states)
    zero = tuple(expressions.test_exact(check.expression, env) for check in indicator.zero_when)
    return ExactRaw(x, alternative, zero, missing, absent)

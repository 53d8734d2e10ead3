"""Facts: a column of integers per fact, a state per unit and input; money in fen, counts in units, lists as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import FactsError
from .scheme import Input, Scheme

Ints = npt.NDArray[np.int64]
MISSING, REPORTED, PREFILLED, ZERO_CONFIRMED, NOT_APPLICABLE = range(5)
STATES = ("missing", "reported", "prefilled", "zero_confirmed", "not_applicable")
LIMIT = 2**63 - 1


@dataclass(frozen=True)
class Facts:
    """Facts of n units in the order of `scheme.fact_columns` (columns) and `scheme.inputs` (states).

    columns: one (n,) each, in the smallest integers that hold it; states: uint8 (n, inputs); ids: unit ids (USCC), unique.
    group: index into group_labels, or -1 = decided by the scheme's rule.
    """

    ids: tuple[str, ...]
    columns: tuple[npt.NDArray[np.integer[Any]], ...]
    states: npt.NDArray[np.uint8]
    group: npt.NDArray[np.int64]
    group_labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Sequence[int] | Ints | slice) -> Facts:
        """The facts of some rows, in the order given."""
        if isinstance(rows, slice):
            ids = self.ids[rows]
        else:
            rows = np.asarray(rows, dtype=np.int64)
            ids = tuple(self.ids[i] for i in rows)
        return replace(
            self, ids=ids, columns=tuple(column[rows] for column in self.columns),
            states=self.states[rows], group=self.group[rows],
        )  # fmt: skip

    def table(self, rows: Ints | slice = slice(None)) -> Ints:
        """Some rows as int64 (rows, columns): eight bytes a cell, so ask for few of them at a time."""
        return np.stack([column[rows] for column in self.columns], axis=1, dtype=np.int64)


def make_facts(
    scheme: Scheme,
    *,
    ids: Sequence[str],
    values: Any,
    states: Any,
    group: Any = None,
    group_labels: Sequence[str] = (),
) -> Facts:
    """Facts from dense arrays (as a snapshot stores them); FactsError when shapes do not fit the scheme."""
    matrix = np.asarray(values, dtype=np.int64).reshape(
        len(ids), -1 if len(ids) else len(scheme.fact_columns)
    )
    state = np.ascontiguousarray(states, dtype=np.uint8).reshape(
        len(ids), -1 if len(ids) else len(scheme.inputs)
    )
    if len(ids) and (matrix.shape[1] != len(scheme.fact_columns) or state.shape[1] != len(scheme.inputs)):
        wanted = f"{len(scheme.fact_columns)} values and {len(scheme.inputs)} states"
        raise FactsError(f"a fact row needs {wanted}, not {matrix.shape[1]} and {state.shape[1]}")
    if len(set(ids)) != len(ids):
        raise FactsError("unit ids must be unique")
    labels = tuple(group_labels) or scheme.group_codes
    which = np.full(len(ids), -1) if group is None else np.asarray(group)
    if len(ids) and (which.min() < -1 or which.max() >= len(labels)):
        raise FactsError("a group index is out of range")
    columns = tuple(_smallest(column) for column in matrix.T)
    return Facts(tuple(ids), columns, state, which.astype(np.int64), labels)


def _smallest(column: Ints) -> npt.NDArray[np.integer[Any]]:
    """A copy in the smallest integers that hold it: most columns are counts of a level of a list."""
    low, high = column.min(initial=0), column.max(initial=0)
    kinds = (np.int8, np.int16, np.int32)
    fits = (kind for kind in kinds if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max)
    return column.astype(next(fits, np.int64))


def id_order(ids: Sequence[str]) -> Ints:
    """Numbers of the rows sorted by their ids, in the order of code points, which is that of their UTF-8 bytes."""
    if all(one < next_one for one, next_one in pairwise(ids)):  # as a snapshot is read
        return np.arange(len(ids))
    return np.argsort(np.array(ids, dtype=np.str_), kind="stable")


def facts_from_rows(scheme: Scheme, rows: Sequence[Mapping[str, Any]]) -> Facts:
    """Facts from plain rows {"id", "group"?, "<input>": value, "<input>.state"?, "penalty.<code>"?}.

    Money in yuan; a list input is a list of "level" or ("level", rank), or a count; None = missing,
    "n/a" = not applicable. FactsError names unit and input.
    """
    groups = [str(row.get("group") or "") for row in rows]
    names = scheme.group_codes if not scheme.group_column else tuple(sorted({g or "default" for g in groups}))
    if scheme.group_column:
        groups = [g or "default" for g in groups]
    index = {name: position for position, name in enumerate(names)}
    for row, name in zip(rows, groups, strict=True):
        if name and name not in index:
            raise FactsError(f"{row['id']}: there is no group {name!r}")
    parsed = [fact_row(scheme, row) for row in rows]
    return make_facts(
        scheme, ids=[str(row["id"]) for row in rows], values=[p[0] for p in parsed], states=[p[1] for p in parsed],
        group=[index.get(g, -1) for g in groups], group_labels=names,
    )  # fmt: skip


def fact_row(scheme: Scheme, row: Mapping[str, Any]) -> tuple[list[int], list[int]]:
    """(values, states) of one plain row as `facts_from_rows` takes it."""
    values: list[int] = []
    states: list[int] = []
    for item in scheme.inputs:
        try:
            cells, state = _cells(item, row.get(item.code))
        except (ValueError, ArithmeticError) as error:
            raise FactsError(f"{row.get('id')}: {item.code}: {error}") from error
        given = row.get(f"{item.code}.state")
        if given and given not in STATES:
            raise FactsError(
                f"{row.get('id')}: {item.code}.state: {given!r} is not one of {', '.join(STATES)}"
            )
        values += cells
        states.append(STATES.index(given) if given else state)
    for penalty in scheme.penalties:
        values.append(int(bool(row.get(penalty.column))))
    return values, states


def _cells(item: Input, value: Any) -> tuple[list[int], int]:
    width = len(item.columns)
    if value is None or value == "n/a":
        return [0] * width, (MISSING if value is None else NOT_APPLICABLE)
    if item.is_list and isinstance(value, (list, tuple)):
        return _counts(item, value), REPORTED
    if item.is_list and width > 1:
        raise ValueError("a list of levels is needed")
    return [minor_units(value, item.scale)], REPORTED


def _counts(item: Input, entries: Sequence[Any]) -> list[int]:
    if not item.levels:
        return [len(entries)]
    counts = dict.fromkeys(item.columns, 0)
    for entry in entries:
        level, rank = (entry, "") if isinstance(entry, str) else (entry[0], str(entry[1]))
        column = f"{item.code}.{level}#{rank_bucket(item, rank)}" if item.ranks else f"{item.code}.{level}"
        if column not in counts:
            raise ValueError(f"unknown level {level!r}")
        counts[column] += 1
    return list(counts.values())


def rank_bucket(item: Input, rank: str) -> str:
    """The bucket of a rank: "4" falls into "3+"; no rank is the first bucket."""
    if not rank or rank in item.ranks:
        return rank or item.ranks[0]
    last = item.ranks[-1]
    if last.endswith("+") and rank.isdigit() and int(rank) >= int(last[:-1]):
        return last
    raise ValueError(f"unknown rank {rank!r}")


def minor_units(value: Any, scale: int) -> int:
    """A number as minor units, half-up; refuses text, NaN, infinity and what 64 bits cannot hold."""
    number = Decimal(str(value).strip())
    if not number.is_finite():
        raise ValueError(f"{value} is not a finite number")
    if abs(number) * scale > LIMIT:
        raise ValueError(f"{value} is too large")
    return int((number * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))

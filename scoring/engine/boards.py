"""Places overall and per group, and boards by cohort midrank. No randomness: equal scores are told apart by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import expressions
from .facts import Facts, Ints, id_order
from .raw import Bools, Columns, Floats, exact_raw, raw_values
from .relative import divide_half_up, midrank
from .scheme import Board, Scheme
from .score import IS_IMPUTED, IS_MISSING, IS_NOT_APPLICABLE, VALUE, Scores, order_of

MIDRANK_SCALE = 10**8
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class BoardResult:
    """One board over all units; place 0 = not eligible. score in 1e-4 of 100; `place` is shared by equal scores (1, 1, 3),
    `position` is the total order; midranks (n, indicators of the board) in 1e-8; `winners` are row numbers in order.
    """

    code: str
    eligible: Bools
    score: Ints
    place: Places
    position: Places
    indicators: tuple[str, ...]
    midranks: npt.NDArray[np.int32]
    winners: tuple[int, ...]


@dataclass(frozen=True)
class Ranking:
    """Places of all units: overall, inside the group, on each board; 0 = takes no part."""

    overall: Places
    overall_position: Places
    group: Places
    group_percentile: Places  # midrank of the total inside the group, in 1e-4
    boards: Mapping[str, BoardResult]


def places(order: Sequence[int] | Ints, score: Ints) -> tuple[Places, Places]:
    """(place, position) for rows in order, best first; equal scores share a place: 1, 1, 3."""
    place, position = np.zeros(len(score), dtype=np.int32), np.zeros(len(score), dtype=np.int32)
    rows = np.asarray(order, dtype=np.int64)
    if len(rows) == 0:
        return place, position
    ordered = score[rows]
    fresh = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    numbers = np.arange(1, len(rows) + 1)
    place[rows] = np.maximum.accumulate(np.where(fresh, numbers, 0))
    position[rows] = numbers
    return place, position


def rank(
    scores: Scores,
    facts: Facts,
    scheme: Scheme,
    *,
    confirmed_at: Any = None,
    allowed: Any = None,
) -> Ranking:
    """Places of all units and all boards.

    confirmed_at: a number per unit, earlier wins ties (absent = no difference). allowed: a truth per unit, false keeps
    the unit off the boards (publication refused, not verified); it keeps its overall place.
    """
    ids = np.argsort(id_order(facts.ids))
    ranked = np.flatnonzero(scores.ranked)
    order = ranked[np.lexsort((ids[ranked], -scores.total[ranked]))]
    overall, position = places(order, scores.total)
    inside, percentile = np.zeros(len(facts), dtype=np.int32), np.zeros(len(facts), dtype=np.int32)
    for index in np.unique(scores.group):
        mine = order[scores.group[order] == index]
        inside += places(mine, scores.total)[0]
        if len(mine):
            percentile[mine] = midrank(np.unique(scores.total[mine], return_inverse=True)[1], 10_000)
    times = np.zeros(len(facts)) if confirmed_at is None else np.asarray(confirmed_at)
    columns = Columns(facts, scheme)
    base = _eligible(columns) & scores.ranked
    if allowed is not None:
        base &= np.asarray(allowed, dtype=bool)
    boards = {b.code: _board(b, columns, scores, base=base, times=times, ids=ids) for b in scheme.boards}
    return Ranking(overall, position, inside, percentile, boards)


def _eligible(columns: Columns) -> Bools:
    n = len(columns.facts)
    result = np.ones(n, dtype=bool)
    env = columns.environment({}, columns.facts.group)
    for check in columns.scheme.board_rules.eligibility:
        names = check.expression.names
        truth, doubt = expressions.test_columns(check.expression, env)
        truth = np.broadcast_to(truth, n).copy()
        for row in np.flatnonzero(np.broadcast_to(doubt, n)):
            truth[row] = expressions.test_exact(
                check.expression, {name: columns.exact(name, int(row)) for name in names}
            )
        for name in names:
            truth &= (columns.state(name) > 0) & (columns.state(name) < IS_STATE_ABSENT)
        result &= truth
    return result


IS_STATE_ABSENT = 4


def _board(
    board: Board, columns: Columns, scores: Scores, *, base: Bools, times: Any, ids: Ints
) -> BoardResult:
    scheme, n = columns.scheme, len(columns.facts)
    members = [index for index, item in enumerate(scheme.indicators) if item.code in board.weights]
    shares = [int(board.weights[scheme.indicators[i].code] * 10**6) for i in members]
    whole, there = _weight_with_data(scores, members, shares)
    eligible = base & (there * 10_000 >= whole * int(scheme.board_rules.completeness * 100)) & (whole > 0)
    heaviest = members[int(np.argmax(shares))]
    midranks = np.zeros((n, len(members)), dtype=np.int32)
    heavy, weighted = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    cohorts = [np.flatnonzero(eligible)]
    if scheme.board_rules.scope == "per_group":
        cohorts = [np.flatnonzero(eligible & (scores.group == g)) for g in np.unique(scores.group)]
    for position, index in enumerate(members):
        valued = scores.cells[:, index] == VALUE
        x, error = _raw(columns, scores, index, valued & eligible)
        for cohort in cohorts:
            values, order = _cohort_midranks(columns, scores, index, cohort[valued[cohort]], (x, error))
            midranks[:, position] += values.astype(np.int32)
            weighted += values * (shares[position] // 100)
            if index == heaviest:
                heavy[cohort] = order[cohort]
    result = np.where(eligible, divide_half_up(weighted, 10**8), 0)
    return _placed(
        board, columns, scores, (eligible, result, midranks, heavy), (times, ids, cohorts, members)
    )


def _weight_with_data(scores: Scores, members: list[int], shares: list[int]) -> tuple[Ints, Ints]:
    """(a board's weight that applies to each unit, how much of it has data) in the unit of the shares.

    One indicator after the other: a table of all would be the largest of the whole ranking.
    """
    whole, there = np.zeros(len(scores), dtype=np.int64), np.zeros(len(scores), dtype=np.int64)
    for index, share in zip(members, shares, strict=True):
        cells = scores.cells[:, index]
        applies = cells != IS_NOT_APPLICABLE
        whole += applies * share
        there += (applies & (cells != IS_MISSING) & (cells != IS_IMPUTED)) * share
    return whole, there


def _raw(columns: Columns, scores: Scores, index: int, rows: Bools) -> tuple[Floats, Floats]:
    """Raw values of an indicator with their error bounds, exact where float64 was unsure."""
    indicator, labels = columns.scheme.indicators[index], columns.facts.group_labels
    raw = raw_values(columns, indicator, scores.group)
    x, error = raw.x, raw.error
    for row in np.flatnonzero(raw.unsure & rows):
        x[row] = float(exact_raw(columns, indicator, int(row), labels[scores.group[row]]).x or 0)
        error[row] = abs(x[row]) * expressions.ROUND_OFF
    return x, error


def _cohort_midranks(
    columns: Columns, scores: Scores, index: int, rows: Ints, raw: tuple[Floats, Floats]
) -> tuple[Ints, Ints]:
    """(midranks in 1e-8, dense order with the best highest; -1 without a value) of all units that have one: `rows`."""
    scheme, indicator, n = columns.scheme, columns.scheme.indicators[index], len(columns.facts)
    dense = order_of(columns, indicator, scores.group, rows, raw)
    if not indicator.higher_better and len(dense):
        dense = dense.max() - dense
    midranks, order = np.zeros(n, dtype=np.int64), np.full(n, -1, dtype=np.int64)
    midranks[rows], order[rows] = midrank(dense, MIDRANK_SCALE), dense
    if indicator.unit in scheme.board_rules.zero_units:
        midranks[rows[raw[0][rows] == 0]] = 0
    return midranks, order


def _placed(board: Board, columns: Columns, scores: Scores, measured: Any, keys: Any) -> BoardResult:
    (eligible, result, midranks, heavy), (times, ids, cohorts, members) = measured, keys
    rules, n = columns.scheme.board_rules, len(columns.facts)
    tie_keys = {"total": -scores.total, "heaviest": -heavy, "confirmed_at": times, "id": ids}
    place, position = np.zeros(n, dtype=np.int32), np.zeros(n, dtype=np.int32)
    winners: list[int] = []
    for cohort in cohorts:
        sort = [tie_keys[name][cohort] for name in (*rules.tie_break, "id")]
        order = cohort[np.lexsort((*reversed(sort), -result[cohort]))]
        own_place, own_position = places(order, result)
        place, position = place + own_place, position + own_position
        shown = own_position if rules.cut == "tie_break" else own_place
        winners += order[shown[order] <= rules.size].tolist()
    codes = tuple(columns.scheme.indicators[i].code for i in members)
    return BoardResult(board.code, eligible, result, place, position, codes, midranks, tuple(winners))

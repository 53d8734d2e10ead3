"""Places overall and per group, and boards by cohort midrank. No randomness: equal scores are told apart by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from . import expressions
from .facts import Facts, Ints
from .raw import Bools, Columns, exact_raw, order_inputs, raw_values
from .relative import dense_order, divide_half_up, midrank
from .scheme import Board, Scheme
from .score import IS_NOT_APPLICABLE, VALUE, Scores

MIDRANK_SCALE = 10**8


@dataclass(frozen=True)
class BoardResult:
    """One board over all units; place 0 = not eligible. score in 1e-4 of 100; `place` is shared by equal scores (1, 1, 3),
    `position` is the total order; midranks (n, indicators of the board) in 1e-8; `winners` are row numbers in order.
    """

    code: str
    eligible: Bools
    score: Ints
    place: Ints
    position: Ints
    indicators: tuple[str, ...]
    midranks: Ints
    winners: tuple[int, ...]


@dataclass(frozen=True)
class Ranking:
    """Places of all units: overall, inside the group, on each board; 0 = takes no part."""

    overall: Ints
    overall_position: Ints
    group: Ints
    group_percentile: Ints  # midrank of the total inside the group, in 1e-4
    boards: Mapping[str, BoardResult]


def places(order: Sequence[int] | Ints, score: Ints) -> tuple[Ints, Ints]:
    """(place, position) for rows in order, best first; equal scores share a place: 1, 1, 3."""
    place, position = np.zeros(len(score), dtype=np.int64), np.zeros(len(score), dtype=np.int64)
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
    ids = _id_order(facts.ids)
    ranked = np.flatnonzero(scores.ranked)
    order = ranked[np.lexsort((ids[ranked], -scores.total[ranked]))]
    overall, position = places(order, scores.total)
    inside, percentile = np.zeros(len(facts), dtype=np.int64), np.zeros(len(facts), dtype=np.int64)
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


def _id_order(ids: tuple[str, ...]) -> Ints:
    order = sorted(range(len(ids)), key=lambda i: ids[i].encode("utf-8"))
    place = np.empty(len(ids), dtype=np.int64)
    place[order] = np.arange(len(ids))
    return place


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
    shares = np.array(
        [int(board.weights[scheme.indicators[i].code] * 10**6) for i in members], dtype=np.int64
    )
    # Completeness in millionths of the board's weight; what is not applicable does not count against the unit.
    cells = scores.cells[:, members]
    whole = np.where(cells == IS_NOT_APPLICABLE, 0, shares).sum(axis=1)
    there = np.where((cells == IS_NOT_APPLICABLE) | (cells == 1) | (cells == 3), 0, shares).sum(axis=1)
    eligible = base & (there * 10_000 >= whole * int(scheme.board_rules.completeness * 100)) & (whole > 0)
    heaviest = members[int(np.argmax(shares))]
    midranks, heavy = np.zeros((n, len(members)), dtype=np.int64), np.zeros(n, dtype=np.int64)
    cohorts = [np.flatnonzero(eligible)]
    if scheme.board_rules.scope == "per_group":
        cohorts = [np.flatnonzero(eligible & (scores.group == g)) for g in np.unique(scores.group)]
    for cohort in cohorts:
        part = Columns(
            columns.facts.take(cohort), scheme
        )  # once a cohort: copying the facts costs more than ranking them
        for position, index in enumerate(members):
            values, order = _cohort_midranks(part, scores, index, cohort)
            midranks[cohort, position] = values
            if index == heaviest:
                heavy[cohort] = order
    result = np.where(eligible, divide_half_up(midranks @ (shares // 100), 10**8), 0)
    return _placed(
        board, columns, scores, (eligible, result, midranks, heavy), (times, ids, cohorts, members)
    )


def _cohort_midranks(part: Columns, scores: Scores, index: int, cohort: Ints) -> tuple[Ints, Ints]:
    """(midranks in 1e-8, dense order with the best highest; -1 without a value) of one indicator in one cohort.

    `part` has the columns of the cohort only, in its order.
    """
    scheme, indicator = part.scheme, part.scheme.indicators[index]
    group = scores.group[cohort]
    raw = raw_values(part, indicator, group)
    valued = np.flatnonzero(scores.cells[cohort, index] == VALUE)
    labels = part.facts.group_labels
    x, error = raw.x.copy(), raw.error.copy()

    def exact_x(row: int) -> Decimal:
        return exact_raw(part, indicator, row, labels[group[row]]).x or Decimal(0)

    for row in valued[raw.unsure[valued]]:
        x[row] = float(exact_x(int(row)))
        error[row] = abs(x[row]) * expressions.ROUND_OFF
    inputs = order_inputs(part, indicator, group, valued)
    dense = dense_order(x[valued], error[valued], inputs, lambda i: exact_x(int(valued[i])))
    if not indicator.higher_better and len(dense):
        dense = dense.max() - dense
    midranks, order = np.zeros(len(cohort), dtype=np.int64), np.full(len(cohort), -1, dtype=np.int64)
    midranks[valued], order[valued] = midrank(dense, MIDRANK_SCALE), dense
    if indicator.unit in scheme.board_rules.zero_units:
        midranks[x == 0] = 0
    return midranks, order


def _placed(board: Board, columns: Columns, scores: Scores, measured: Any, keys: Any) -> BoardResult:
    (eligible, result, midranks, heavy), (times, ids, cohorts, members) = measured, keys
    rules, n = columns.scheme.board_rules, len(columns.facts)
    tie_keys = {"total": -scores.total, "heaviest": -heavy, "confirmed_at": times, "id": ids}
    place, position = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    winners: list[int] = []
    for cohort in cohorts:
        sort = [tie_keys[name][cohort] for name in (*rules.tie_break, "id")]
        order = cohort[np.lexsort((*reversed(sort), -result[cohort]))]
        own_place, own_position = places(order, result)
        place, position = place + own_place, position + own_position
        shown = own_position if rules.cut == "tie_break" else own_place
        winners += [int(row) for row in order if shown[row] <= rules.size]
    codes = tuple(columns.scheme.indicators[i].code for i in members)
    return BoardResult(board.code, eligible, result, place, position, codes, midranks, tuple(winners))

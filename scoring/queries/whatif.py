"""What-if 试一试: the firm's frozen facts with a few figures changed; peers show only as steps of percentiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

from scoring import engine
from scoring.engine.expressions import test_exact
from scoring.engine.facts import MISSING, NOT_APPLICABLE, REPORTED
from scoring.engine.functions import line, parameters
from scoring.engine.raw import Columns, raw_values
from scoring.engine.score import groups_of

from .. import rules
from ..models import Scenario, ScoreResult
from ..statistics import percentile_at
from . import facts
from .alternatives import COHORT_LIMIT, Scored, row_of, score_rows, stacked
from .schemes import name_of, names_of, scheme_of
from .wording import flag_label

ZERO = Decimal(0)
FEN_A_WAN = Decimal(1_000_000)
Changes = Mapping[str, int]  # fact column -> minor units


@dataclass(frozen=True, slots=True)
class Field:
    """A fact that may be changed: its column, name, unit, and the frozen figure in that unit (None: no figure)."""

    column: str
    input: str
    name: str
    unit: str
    current: Decimal | None
    is_money: bool
    divisor: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """Points of a dimension before and after."""

    code: str
    name: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Board:
    """Where the firm would stand on a board: a range of places among the eligible, or not eligible (None)."""

    name: str
    eligible: int
    before: tuple[int, int] | None
    after: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the changed figures give. `percentile` is a step of rules.BAND in the stage; `places` the overall range."""

    before: Decimal
    total: Decimal
    parts: list[Part]
    stage_before: str
    stage_after: str
    percentile: tuple[int, int] | None
    places: tuple[int, int] | None
    ranked: int
    boards: list[Board]
    flags: list[str]
    full: list[str]

    @property
    def change(self) -> Decimal:
        return self.total - self.before


def fields_of(row: ScoreResult, frozen: engine.Facts) -> list[Field]:
    """Every fact of the scheme that a firm can change, in the scheme's order."""
    scheme = scheme_of(row.run.scheme_version)
    columns = Columns(frozen, scheme)
    found = []
    for item in scheme.inputs:
        known = columns.state(item.code)[0] not in (MISSING, NOT_APPLICABLE)
        money = item.type == "money"
        divisor = FEN_A_WAN if money and scheme.money_unit == "wan" else Decimal(item.scale)
        for column in item.columns:
            value = Decimal(int(frozen.values[0, columns.place[column]])) / divisor if known else None
            name = name_of(item) + _level(item, column)
            unit = "万元" if money and scheme.money_unit == "wan" else item.unit
            found.append(Field(column, item.code, name, unit, value, money, divisor))
    return found


def _level(item: engine.scheme.Input, column: str) -> str:
    if len(item.columns) == 1:
        return ""
    level, _hash, rank = column.removeprefix(f"{item.code}.").partition("#")
    return f" · {name_of(dict(item.levels.get(level, {})) | {'code': level})}{f' ({rank})' if rank else ''}"


def frozen_row(row: ScoreResult) -> engine.Facts:
    """The enterprise's row of the snapshot."""
    return row_of(row.run, row.uscc)


def changed(frozen: engine.Facts, scheme: engine.Scheme, changes: Changes) -> engine.Facts:
    """The row with some columns set; an input that had no figure has one now."""
    values, states = frozen.values.copy(), frozen.states.copy()
    place = {name: number for number, name in enumerate(scheme.fact_columns)}
    inputs = {column: number for number, item in enumerate(scheme.inputs) for column in item.columns}
    for column, amount in changes.items():
        values[0, place[column]] = amount
        states[0, inputs[column]] = REPORTED
    return engine.make_facts(
        scheme,
        ids=frozen.ids,
        values=values,
        states=states,
        group=frozen.group,
        group_labels=frozen.group_labels,
    )


def broken_rules(frozen: engine.Facts, scheme: engine.Scheme, changes: Changes) -> list[tuple[str, str]]:
    """(input, sentence) of rules of the scheme that hold for the frozen figures and would not hold any more."""
    before = _failing(frozen, scheme)
    return [item for item in _failing(changed(frozen, scheme, changes), scheme) if item not in before]


def _failing(row: engine.Facts, scheme: engine.Scheme) -> list[tuple[str, str]]:
    columns = Columns(row, scheme)
    env = {
        item.code: None
        if columns.state(item.code)[0] in (MISSING, NOT_APPLICABLE)
        else columns.exact(item.code, 0)
        for item in scheme.inputs
    }
    return [
        (item.code, name_of({"zh": check.zh, "en": check.en}))
        for item in scheme.inputs
        for check in item.checks
        if check.level == "E"
        and all(env.get(name) is not None for name in check.expression.names)
        and not test_exact(check.expression, env)
    ]


def outcome(row: ScoreResult, frozen: engine.Facts, changes: Changes) -> Outcome:
    """Score the changed figures by the production rules and place them in the frozen cohort."""
    run, scheme = row.run, scheme_of(row.run.scheme_version)
    after = changed(frozen, scheme, changes)
    old, new = score_rows(scheme, frozen, cohort=run)[0], score_rows(scheme, after, cohort=run)[0]
    stage = run.statistics.get("stages", {}).get(new.stage, {})
    percentile = percentile_at(stage.get("quantiles", ()), float(new.total))
    stages = names_of(scheme.groups)
    places, ranked, boards = _places(row, scheme, after)
    return Outcome(
        before=old.total,
        total=new.total,
        parts=[
            Part(item.code, name_of(item), old.dimensions[item.code], new.dimensions[item.code])
            for item in scheme.dimensions
        ],
        stage_before=stages.get(old.stage, old.stage),
        stage_after=stages.get(new.stage, new.stage),
        percentile=None if percentile is None else rules.band(percentile),
        places=places,
        ranked=ranked,
        boards=boards,
        flags=[flag_label(code, scheme) for code in new.flags if code not in old.flags],
        full=[name_of(item) for item in scheme.indicators if new.s[item.code] == 1 and old.s[item.code] < 1],
    )


def _places(
    row: ScoreResult, scheme: engine.Scheme, after: engine.Facts
) -> tuple[tuple[int, int] | None, int, list[Board]]:
    """(range of the overall place, ranked, boards) with the changed row in the cohort; nothing for very large ones."""
    if row.run.rows > COHORT_LIMIT:
        return None, row.run.statistics.get("ranked", 0), []
    cohort = facts.read(row.run.snapshot, scheme)
    here = cohort.facts.ids.index(row.uscc)
    values, states = cohort.facts.values.copy(), cohort.facts.states.copy()
    values[here], states[here] = after.values[0], after.states[0]
    moved = engine.make_facts(
        scheme, ids=cohort.facts.ids, values=values, states=states, group=cohort.facts.group,
        group_labels=cohort.facts.group_labels,
    )  # fmt: skip
    ranking = engine.rank(
        engine.score(moved, scheme), moved, scheme, confirmed_at=cohort.confirmed_at, allowed=cohort.allowed
    )
    names = names_of(scheme.boards)
    boards = [
        Board(
            names[code],
            int(board.eligible.sum()),
            _range(row.board_places[n], row.run.statistics["boards"][code]),
            _range(int(board.place[here]), int(board.eligible.sum())),
        )
        for n, (code, board) in enumerate(ranking.boards.items())
    ]
    ranked = int((ranking.overall > 0).sum())
    return _range(int(ranking.overall[here]), ranked), ranked, boards


def _range(place: int, cohort: int) -> tuple[int, int] | None:
    """The step of rules.BAND per cent that a place falls into, as places; never narrower than five firms."""
    if place == 0:
        return None
    step = max(rules.SMALLEST_GROUP, -(-cohort * rules.BAND // 100))
    number = (place - 1) // step
    return number * step + 1, min((number + 1) * step, cohort)


# --- the cheapest ways up ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One way up: a fact moved to the next break of an indicator's curve, and what the whole total gains by it.

    `reached_by`: "half" or "quarter" of the peers of the stage reach that score already, or "few".
    """

    field: Field
    indicator: str
    before: Decimal
    after: Decimal
    gain: Decimal
    reached_by: str
    minor: int

    @property
    def effort(self) -> Decimal | None:
        """Change of the fact in per cent; None from nothing."""
        return (self.after - self.before) / abs(self.before) * 100 if self.before else None


@dataclass(frozen=True, slots=True)
class Advice:
    """Ways up by gain, and the fewest of them that together give the wished points (or all, when they do not)."""

    ways: list[Way]
    together: list[Way]
    gain: Decimal

    @property
    def is_enough(self) -> bool:
        return self.gain >= rules.WISHED_POINTS


def advice(row: ScoreResult, frozen: engine.Facts) -> Advice:
    """What moves the score most. Only absolute schemes can be advised on; figures that would invite gaming are left out."""
    scheme = scheme_of(row.run.scheme_version)
    if scheme.relative:
        return Advice([], [], ZERO)
    now = score_rows(scheme, frozen)[0]
    fields = {field.column: field for field in fields_of(row, frozen)}
    stage = row.run.statistics.get("stages", {}).get(now.stage, {}).get("indicators", {})
    columns = Columns(frozen, scheme)
    ways = []
    for item in scheme.indicators:
        if now.weights[item.code] == 0 or now.s[item.code] == 1 or now.cells[item.code] != "value":
            continue
        for column, minor in _moves(columns, item, now):
            if not broken_rules(frozen, scheme, {column: minor}):
                ways.append((item, fields[column], minor))
    rows = [changed(frozen, scheme, {field.column: minor}) for _item, field, minor in ways]
    scored = score_rows(scheme, stacked(rows)) if rows else []
    best: dict[str, Way] = {}
    for (item, field, minor), new in zip(ways, scored, strict=True):
        way = Way(
            field, name_of(item), field.current or ZERO, Decimal(minor) / field.divisor, new.total - now.total,
            _reached(stage.get(item.code), new.s[item.code]), minor,
        )  # fmt: skip
        if way.gain > 0 and (item.code not in best or best[item.code].gain < way.gain):
            best[item.code] = way
    found = sorted(best.values(), key=lambda way: (-way.gain, way.effort or ZERO))
    easier_first = sorted(found, key=lambda way: abs(way.effort or ZERO) > rules.LARGE_EFFORT)
    return Advice(found, *_together(easier_first, scheme, frozen, now))


def _reached(summary: list[float] | None, s: Decimal) -> str:
    if not summary:
        return "few"
    return "half" if float(s) <= summary[2] else "quarter" if float(s) <= summary[3] else "few"


def _together(
    ways: list[Way], scheme: engine.Scheme, frozen: engine.Facts, now: Scored
) -> tuple[list[Way], Decimal]:
    chosen: dict[str, Way] = {}
    gain = ZERO
    for way in ways:
        known = chosen.get(way.field.column)
        if known is not None and abs(known.minor) >= abs(way.minor):
            continue
        changes = {column: item.minor for column, item in chosen.items()} | {way.field.column: way.minor}
        if broken_rules(frozen, scheme, changes):
            continue
        chosen[way.field.column] = way
        gain = score_rows(scheme, changed(frozen, scheme, changes))[0].total - now.total
        if gain >= rules.WISHED_POINTS:
            break
    return list(chosen.values()), gain


def _moves(columns: Columns, item: engine.scheme.Indicator, now: Scored) -> list[tuple[str, int]]:
    """(column, minor units) of the smallest moves that reach the next break of the curve, one for each fact that can."""
    scheme = columns.scheme
    inputs = [scheme.input_by_code[name] for name in item.inputs]
    free = [
        one
        for one in inputs
        if one.type not in rules.NOT_ADVISED_TYPES
        and one.code not in rules.NOT_ADVISED
        and not one.period.startswith("prev")
    ]
    if item.function in ("level_sum", "level_max"):
        return [move for one in free if one.is_list for move in _one_more(columns, item, one, now)]
    target = _next_break(columns, item, now)
    if target is None:
        return []
    moves = []
    for one in free:
        if one.is_list or columns.state(one.code)[0] in (MISSING, NOT_APPLICABLE):
            continue
        minor = _solve(columns, item, one, target)
        if minor is not None:
            moves.append((one.code, minor))
    return moves


def _one_more(
    columns: Columns, item: engine.scheme.Indicator, source: engine.scheme.Input, now: Scored
) -> list[tuple[str, int]]:
    """One more entry of the lowest level that adds points (of a level_max: the lowest above what is there)."""
    have = now.s[item.code] if item.function == "level_max" else ZERO
    counted = sorted(
        (points, level) for level, points in item.scoring["levels"].items() if Decimal(str(points)) > have
    )
    if not counted:
        return []
    level = counted[0][1]
    column = f"{source.code}.{level}#{source.ranks[-1]}" if source.ranks else f"{source.code}.{level}"
    return [(column, int(columns.facts.values[0, columns.place[column]]) + 1)]


def _next_break(columns: Columns, item: engine.scheme.Indicator, now: Scored) -> float | None:
    """x of the nearest break that scores more; a curve without breaks is cut at every quarter of the score."""
    values = parameters(item, now.stage, alternative=_other(columns, item))
    s = now.s[item.code]
    if item.function == "log_cap":
        wanted = float(min(Decimal(int(s * 4) + 1) / 4, Decimal(1)))
        k, cap = float(values["k"]), float(values["cap"])
        return float(k * ((1 + cap / k) ** wanted - 1))
    points = list(values["tiers"]) if item.function == "step" else line(item.function, values)
    better = [x for x, score in points if score > s]
    if not better:
        return None
    return float(min(better) if item.higher_better else max(better))


def _other(columns: Columns, item: engine.scheme.Indicator) -> bool:
    when = item.alternative_when
    return bool(when and test_exact(when, {name: columns.exact(name, 0) for name in item.inputs}))


GRID, REACH = 512, 4.0  # a fact may be advised to grow to REACH + 1 times itself, not more


def _solve(
    columns: Columns, item: engine.scheme.Indicator, source: engine.scheme.Input, target: float
) -> int | None:
    """The smallest change of one fact (in minor units) that brings x to the target; None when it is out of reach.

    A good indicator is raised by more of a fact, a bad one lowered by less of it; nothing is advised to shrink for the
    sake of a ratio.
    """
    start = int(columns.facts.values[0, columns.place[source.code]])
    unit = 1 if source.type != "money" else 10_000  # advice in whole hundreds of yuan
    if start <= 0:
        return None
    amounts = start * (1 + np.linspace(0, REACH if item.higher_better else -1, GRID))
    hit = _first(columns, item, source, amounts, target)
    if not hit:
        return None
    fine = np.linspace(amounts[hit - 1], amounts[hit], GRID)
    exact = fine[_first(columns, item, source, fine, target) or GRID - 1]
    rounding = ROUND_CEILING if item.higher_better else ROUND_FLOOR
    return int((Decimal(float(exact)) / unit).quantize(Decimal(1), rounding)) * unit


def _first(
    columns: Columns,
    item: engine.scheme.Indicator,
    source: engine.scheme.Input,
    amounts: NDArray,
    target: float,
) -> int | None:
    """Number of the first amount whose x reaches the target."""
    rows = np.zeros(len(amounts), dtype=np.int64)
    place = columns.place[source.code]
    values = np.repeat(columns.facts.values, len(amounts), axis=0)
    values[:, place] = np.round(amounts).astype(np.int64)
    table = engine.Facts(
        tuple(map(str, range(len(amounts)))),
        values,
        np.repeat(columns.facts.states, len(amounts), axis=0),
        rows + columns.facts.group[0],
        columns.facts.group_labels,
    )
    many = Columns(table, columns.scheme)
    group, _flags = groups_of(many)
    x = raw_values(many, item, group).x
    reached = np.flatnonzero(x >= target - 1e-9 if item.higher_better else x <= target + 1e-9)
    return int(reached[0]) if len(reached) else None


# --- plans that were kept ------------------------------------------------------------------------------------------


def scenarios(row: ScoreResult) -> list[Scenario]:
    """Plans the enterprise kept against this run, newest first."""
    return list(Scenario.objects.filter(run_id=row.run_id, enterprise_id=row.enterprise_id).order_by("-pk"))

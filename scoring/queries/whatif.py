"""What-if 试一试: the firm's frozen facts with a few figures changed; peers show only as steps of percentiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from urllib.parse import urlencode

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
from . import charts, facts
from .alternatives import Scored, peers_of, row_of, score_rows, stacked, with_row
from .places import place_of
from .schemes import name_of, names_of, scheme_of, unit_of
from .wording import flag_label

ZERO = Decimal(0)
FEN_A_WAN = Decimal(1_000_000)
SLIDE = 3  # a slider reaches so many times the figure
CURVES = 6  # curves shown at once
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

    @property
    def top(self) -> Decimal:
        """The slider's end: three times the figure, rounded up to 1, 2 or 5 and zeros."""
        wished = max(abs(self.current or ZERO) * SLIDE, Decimal(1000 if self.is_money else 10))
        ten = Decimal(10) ** wished.adjusted()
        return next(ten * lead for lead in (1, 2, 5, 10) if ten * lead >= wished)

    @property
    def bottom(self) -> Decimal:
        """The slider's start: 0, and as far below it as above for a figure that is negative."""
        return -self.top if (self.current or ZERO) < 0 else ZERO

    @property
    def step(self) -> Decimal:
        """A step of the slider: a two-hundredth for money, at least one for what is counted."""
        return self.top / 200 if self.is_money else max(Decimal(1), self.top // 200)


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
class Point:
    """An indicator that moved: its curve in the stage, where the firm stood on it (None in another stage) and stands."""

    code: str
    name: str
    unit: str
    curve: charts.Curve
    before: tuple[float, float] | None
    after: tuple[float, float] | None
    points_before: Decimal
    points_after: Decimal

    @property
    def change(self) -> Decimal:
        return self.points_after - self.points_before


@dataclass(frozen=True, slots=True)
class Among:
    """Where the firm would stand: a step of rules.BAND per cent in its stage, a range of places, the boards."""

    percentile: tuple[int, int] | None
    places: tuple[int, int] | None
    ranked: int
    boards: list[Board]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the changed figures give. `among` tells of peers, so it is only filled for a question that was counted."""

    before: Decimal
    total: Decimal
    parts: list[Part]
    points: list[Point]
    stage_before: str
    stage_after: str
    flags: list[str]
    full: list[str]
    among: Among | None

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
            value = Decimal(columns.number(column, 0)) / divisor if known else None
            name = name_of(item) + _level(item, column)
            unit = unit_of("万元" if money and scheme.money_unit == "wan" else item.unit)
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
    values, states = frozen.table(), frozen.states.copy()
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


def outcome(row: ScoreResult, frozen: engine.Facts, changes: Changes, *, among_peers: bool = True) -> Outcome:
    """Score the changed figures by the production rules; `among_peers` places them in the frozen cohort as well."""
    run, scheme = row.run, scheme_of(row.run.scheme_version)
    after = changed(frozen, scheme, changes)
    old, new = score_rows(scheme, frozen, cohort=run)[0], score_rows(scheme, after, cohort=run)[0]
    stages = names_of(scheme.groups)
    return Outcome(
        before=old.total,
        total=new.total,
        parts=[
            Part(item.code, name_of(item), old.dimensions[item.code], new.dimensions[item.code])
            for item in scheme.dimensions
        ],
        points=[] if scheme.relative else _points(scheme, frozen, after, old, new),
        stage_before=stages.get(old.stage, old.stage),
        stage_after=stages.get(new.stage, new.stage),
        flags=[flag_label(code, scheme) for code in new.flags if code not in old.flags],
        full=[name_of(item) for item in scheme.indicators if new.s[item.code] == 1 and old.s[item.code] < 1],
        among=_among(row, scheme, after, new) if among_peers else None,
    )


def _points(
    scheme: engine.Scheme, frozen: engine.Facts, after: engine.Facts, old: Scored, new: Scored
) -> list[Point]:
    """The indicators whose value moved, the largest change of points first."""
    traces = engine.explain(frozen, scheme).indicators, engine.explain(after, scheme).indicators
    found = []
    for was, now in zip(*traces, strict=True):
        item = scheme.indicator_by_code[now.code]
        same = old.stage == new.stage and was.alternative == now.alternative
        curve = charts.curve_of(
            item, new.stage, alternative=now.alternative, xs=[now.x, was.x if same else ""]
        )
        if curve is None or was.x == now.x:
            continue
        found.append(
            Point(
                now.code, name_of(item), unit_of(item.unit), curve, _at(was) if same else None, _at(now),
                old.points[now.code], new.points[now.code],
            )
        )  # fmt: skip
    return sorted(found, key=lambda point: -abs(point.change))[:CURVES]


def _at(item: engine.trace.IndicatorTrace) -> tuple[float, float] | None:
    return (float(item.x), float(item.s)) if item.x else None


def _among(row: ScoreResult, scheme: engine.Scheme, after: engine.Facts, new: Scored) -> Among:
    """The changed row among its peers, whose figures stay as they were frozen."""
    run, peers = row.run, peers_of(row.run, scheme)
    own = facts.read(run.snapshot, scheme, usccs=[row.uscc])
    others = np.flatnonzero(peers.rows.uscc != row.uscc.encode())
    table = with_row(peers.rows.facts, after)
    ranking = engine.rank(
        engine.score(table, scheme),
        table,
        scheme,
        confirmed_at=np.append(peers.rows.confirmed_at[others], own.confirmed_at),
        allowed=np.append(peers.rows.allowed[others], own.allowed),
    )
    names, stored = names_of(scheme.boards), run.statistics

    def placed(place: int, ranked: int, of: int) -> tuple[tuple[int, int] | None, int]:
        """(range of places, how many): exact among all, else by the run's own count."""
        of = ranked if peers.are_all else of
        return _range(peers.place(place, ranked, of), of), of

    boards = []
    for n, (code, board) in enumerate(ranking.boards.items()):
        after_places, size = placed(int(board.place[-1]), int(board.eligible.sum()), stored["boards"][code])
        before = _range(row.board_places[n], stored["boards"][code])
        boards.append(Board(names[code], size, before, after_places))
    is_ranked = bool(ranking.overall[-1])
    ranked = stored["ranked"] - (row.place is not None) + is_ranked
    if not is_ranked:
        place = 0
    elif scheme.relative:  # the others' totals move as well
        place = peers.place(int(ranking.overall[-1]), int((ranking.overall > 0).sum()), ranked)
    else:
        place = place_of(run, new.total, instead_of=row)
    places = _range(place, ranked)
    percentile = percentile_at(
        run.statistics.get("stages", {}).get(new.stage, {}).get("quantiles", ()), float(new.total)
    )
    return Among(
        percentile=None if percentile is None else rules.band(percentile),
        places=places,
        ranked=ranked,
        boards=boards,
    )


def _range(place: int, cohort: int) -> tuple[int, int] | None:
    """The step of rules.BAND per cent that a place falls into, as places; never narrower than five firms."""
    if place == 0:
        return None
    step = max(rules.SMALLEST_GROUP, -(-cohort * rules.BAND // 100))
    number = (min(place, cohort) - 1) // step
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

    @property
    def others(self) -> list[Way]:
        """Ways that are not among the fewest."""
        return [way for way in self.ways if way not in self.together]

    @property
    def query(self) -> str:
        """The fewest ways as the address of the page takes them."""
        return urlencode({way.field.column: f"{way.after.normalize():f}" for way in self.together})


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
    return [(column, columns.number(column, 0) + 1)]


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
    start = columns.number(source.code, 0)
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
    facts = columns.facts.take([0] * len(amounts))
    changed_columns = list(facts.columns)
    changed_columns[columns.place[source.code]] = np.round(amounts).astype(np.int64)
    many = Columns(replace(facts, columns=tuple(changed_columns)), columns.scheme)
    group, _flags = groups_of(many)
    x = raw_values(many, item, group).x
    reached = np.flatnonzero(x >= target - 1e-9 if item.higher_better else x <= target + 1e-9)
    return int(reached[0]) if len(reached) else None


# --- plans that were kept ------------------------------------------------------------------------------------------


def scenarios(row: ScoreResult) -> list[Scenario]:
    """Plans the enterprise kept against this run, newest first."""
    return list(Scenario.objects.filter(run_id=row.run_id, enterprise_id=row.enterprise_id).order_by("-pk"))

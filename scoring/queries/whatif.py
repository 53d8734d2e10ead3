"""What-if 试一试: the firm's frozen facts with a few figures changed; peers show only as steps of percentiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from scoring import engine
from scoring.engine.expressions import test_exact
from scoring.engine.facts import MISSING, NOT_APPLICABLE, REPORTED
from scoring.engine.raw import Columns

from .. import rules
from ..models import Scenario, ScoreResult
from ..statistics import percentile_at
from . import charts, facts
from .alternatives import Scored, peers_of, row_of, score_rows, with_row
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


def scenarios(row: ScoreResult) -> list[Scenario]:
    """Plans the enterprise kept against this run, newest first."""
    return list(Scenario.objects.filter(run_id=row.run_id, enterprise_id=row.enterprise_id).order_by("-pk"))

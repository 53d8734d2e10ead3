"""The cheapest ways up 怎样多得 5 分: one fact of a firm moved to the next break of a curve, scored whole by the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from scoring import engine
from scoring.engine.expressions import test_exact
from scoring.engine.facts import MISSING, NOT_APPLICABLE
from scoring.engine.functions import line, parameters
from scoring.engine.raw import Columns, raw_values
from scoring.engine.score import groups_of

from .. import rules
from ..models import ScoreResult
from .alternatives import Scored, score_rows, stacked
from .schemes import name_of, scheme_of
from .whatif import ZERO, Field, broken_rules, changed, fields_of


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

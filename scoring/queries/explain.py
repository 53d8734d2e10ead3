"""Why a score is what it is: the frozen row is scored again and must give the stored digits."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from enterprises.queries import verified
from enterprises.queries.declarations import source_names
from indicators.queries.schemes import FUNCTION_LABELS
from innovscore.core.problems import Conflict, NotFound
from parks.queries import people
from scoring import engine

from ..models import CurrentRun, ScoreResult, ScoreRun, SnapshotRow
from ..statistics import percentile_at
from . import charts, facts
from .results import flags_of
from .schemes import in_words, levels_of, name_of, names_of, scheme_of, unit_of
from .standing import Standing, standings_of
from .wording import CELL_LABELS, STATE_LABELS, flag_label

NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """One indicator of the score page; `quarter` is 1 (best) to 4 among the ranked of the stage, `percentile` (0 to 100)
    its place among them; None where it does not apply."""

    code: str
    name: str
    dimension: str
    x: str
    unit: str
    function: str
    s: str
    weight: str
    points: str
    state: str
    note: str
    low: float
    median: float
    high: float
    quarter: int
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class DimensionLine:
    """Points of a dimension, what could be reached, the same of the stage's median, and its indicators."""

    code: str
    name: str
    points: Decimal
    reachable: Decimal
    median: float
    low: float
    high: float
    indicators: list[IndicatorLine]

    @property
    def percent(self) -> float:
        return float(self.points / self.reachable * 100) if self.reachable else 0.0

    @property
    def median_percent(self) -> float:
        return self.median / float(self.reachable) * 100 if self.reachable else 0.0

    def strips(self, base: str = "") -> list[charts.StripRow]:
        """Scores of the indicators against the stage's middle half, the heaviest first; `base` + code is their page."""
        heaviest = sorted(self.indicators, key=lambda line: -Decimal(line.weight))
        return [
            charts.StripRow(
                line.name,
                None if line.state == "not_applicable" else float(line.s),
                line.low,
                line.median,
                line.high,
                1,
                f"{base}{line.code}/" if base else "",
            )
            for line in heaviest
        ]


@dataclass(frozen=True, slots=True)
class ScorePage:
    """Everything of the score page of one enterprise in one run."""

    run: ScoreRun
    result: ScoreResult
    standing: Standing
    stage_name: str
    dimensions: list[DimensionLine]
    flags: list[str]
    deductions: list[tuple[str, str]]
    vetoes: list[str]
    history: list[Standing]

    @property
    def strips(self) -> list[charts.StripRow]:
        return [
            charts.StripRow(
                item.name, float(item.points), item.low, item.median, item.high, float(item.reachable)
            )
            for item in self.dimensions
        ]


@dataclass(frozen=True, slots=True)
class InputLine:
    """One input of an indicator with where it comes from."""

    name: str
    value: str
    unit: str
    state: str
    source: str
    as_of: str
    verifier: str
    proof: verified.Proof | None = None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """How one indicator was scored, from the inputs to the points."""

    page: ScorePage
    line: IndicatorLine
    definition: str
    evidence: str
    inputs: list[InputLine]
    formula: str
    formula_words: str
    formula_numbers: str
    constants: list[tuple[str, str]]
    alternative: bool
    curve: charts.Curve | None
    levels: list[tuple[str, str]]

    @property
    def strip(self) -> charts.StripRow:
        """The score against the middle half of the stage."""
        line = self.line
        me = None if line.state == "not_applicable" else float(line.s)
        return charts.StripRow(line.name, me, line.low, line.median, line.high, 1)

    @property
    def share(self) -> Decimal | None:
        """Points per cent of the total."""
        total = self.page.standing.total
        return Decimal(self.line.points) / total * 100 if total else None

    @property
    def proofs(self) -> list[InputLine]:
        """Inputs that have something to show behind their value."""
        return [item for item in self.inputs if item.proof is not None]

    @property
    def next_break(self) -> tuple[str, str] | None:
        """(x, s) of the nearest break of the curve that scores more; None at the top or without a curve."""
        if self.curve is None or not self.line.x:
            return None
        here, s = Decimal(self.line.x), Decimal(self.line.s)
        better = [item for item in self.curve.breaks if Decimal(item[1]) > s]
        return min(better, key=lambda item: abs(Decimal(item[0]) - here), default=None)

    @property
    def next_gain(self) -> Decimal:
        """Points that the next break adds."""
        found = self.next_break
        return (Decimal(found[1]) - Decimal(self.line.s)) * Decimal(self.line.weight) if found else Decimal(0)


def result_of(*, year: int, **whose: int | None) -> ScoreResult:
    """The result of an enterprise in the current run of a year; NotFound when there is none.

    `whose` is a lookup of one enterprise: `enterprise_id` or `enterprise__organisation_id`.
    """
    rows = ScoreResult.objects.filter(run__pk__in=_current(year)).select_related(
        "enterprise", "run__cycle", "run__snapshot__scheme_version", "run__scheme_version"
    )
    row = rows.filter(**whose).first()
    if row is None:
        raise NotFound(code="no_score", message=_("%(year)s 年度还没有这家企业的积分。") % {"year": year})
    return row


def _current(year: int) -> Any:
    return CurrentRun.objects.filter(cycle__year=year).values("run_id")


def trace_of(row: ScoreResult) -> engine.Trace:
    """The engine's account of a stored result. Raises Conflict when it does not give the stored digits."""
    run = row.run
    scheme = scheme_of(run.scheme_version)
    rows = facts.read(run.snapshot, scheme, usccs=() if scheme.relative else [row.uscc])
    if row.uscc in rows.facts.ids:
        trace = engine.explain(rows.facts, scheme, rows.facts.ids.index(row.uscc))
        stored = [f"{Decimal(max(s, 0)).scaleb(-4):.4f}" for s in row.normalised]
        if trace.total == f"{row.total:.2f}" and [item.s for item in trace.indicators] == stored:
            return trace
    raise Conflict(
        code="not_reproduced", message=_("重新计算的结果与已保存的不同，已停止显示。请联系园区审计员。")
    )


def score_page(row: ScoreResult) -> ScorePage:
    return _page(row, trace_of(row))


def item_page(row: ScoreResult, code: str) -> ItemPage:
    """How one indicator was scored; NotFound for an indicator that the scheme does not have."""
    scheme = scheme_of(row.run.scheme_version)
    indicator = scheme.indicator_by_code.get(code)
    if indicator is None:
        raise NotFound(code="no_such_indicator", message=_("指标体系里没有这个指标。"))
    trace = trace_of(row)
    item = next(item for item in trace.indicators if item.code == code)
    page = _page(row, trace)
    line = next(line for dimension in page.dimensions for line in dimension.indicators if line.code == code)
    inputs = _inputs(row, scheme, item)
    words = {entry.code: name_of(scheme.input_by_code[entry.code]) for entry in item.inputs}
    numbers = {entry.code: _grouped(entry.value or "0") for entry in item.inputs} | item.constants
    return ItemPage(
        page=page,
        line=line,
        definition=name_of(indicator.definition),
        evidence=indicator.evidence,
        inputs=inputs,
        formula=item.formula,
        formula_words=in_words(item.formula, words),
        formula_numbers=in_words(item.formula, numbers),
        constants=sorted(item.constants.items()),
        alternative=item.alternative,
        curve=charts.curve_of(indicator, row.stage, alternative=item.alternative, xs=[item.x]),
        levels=levels_of(scheme, indicator),
    )


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _inputs(row: ScoreResult, scheme: engine.Scheme, item: Any) -> list[InputLine]:
    proofs = verified.proofs_of(
        enterprise_id=row.enterprise_id,
        cycle_id=row.run.cycle_id,
        codes=[entry.code for entry in item.inputs],
    )
    origins = _origins(row)
    verifiers = people.names(origins.get(entry.code, {}).get("verifier") for entry in item.inputs)
    sources = source_names(scheme)
    key = "en" if _english() else "zh"
    lines = []
    for entry in item.inputs:
        source = scheme.input_by_code[entry.code]
        origin = origins.get(entry.code, {})
        name = origin.get("source", "")
        wan = source.type == "money" and scheme.money_unit == "wan"
        lines.append(
            InputLine(
                name=name_of(source),
                value=_grouped(_level_words(source, entry.value, key)),
                unit=unit_of("万元" if wan else source.unit),
                state=str(STATE_LABELS.get(entry.state, entry.state)),
                source=sources.get(name, name),
                as_of=origin.get("as_of", ""),
                verifier=verifiers.get(origin.get("verifier"), origin.get("verifier", "")),
                proof=proofs.get(entry.code),
            )
        )
    return lines


def _origins(row: ScoreResult) -> dict[str, dict[str, Any]]:
    """What was frozen beside the figures: source, day and verifier by input."""
    frozen = SnapshotRow.objects.only("provenance").get(snapshot_id=row.run.snapshot_id, uscc=row.uscc)
    found: dict[str, dict[str, Any]] = json.loads(frozen.provenance)
    return found


def sources_of(page: ScorePage) -> dict[str, str]:
    """By indicator: who the figures behind it come from, and as of which day; empty where there is no figure."""
    scheme = scheme_of(page.run.scheme_version)
    names = source_names(scheme)
    origins = {
        code: f"{names.get(origin['source'], origin['source'])} {origin.get('as_of', '')}".strip()
        for code, origin in _origins(page.result).items()
        if "source" in origin
    }
    return {
        item.code: "；".join(dict.fromkeys(origins[code] for code in item.inputs if code in origins))
        for item in scheme.indicators
    }


def _grouped(value: str) -> str:
    """A number with commas between its thousands; anything else as it is."""
    return f"{Decimal(value):,}" if NUMBER.fullmatch(value) else value


def _level_words(source: engine.scheme.Input, value: str, key: str) -> str:
    """Counts of levels in words: "provincial=1" -> "省级 × 1"."""
    if not source.levels:
        return value
    parts = []
    for part in filter(None, value.split("; ")):
        column, _equals, count = part.partition("=")
        level, _hash, rank = column.partition("#")
        label = str(source.levels.get(level, {}).get(key, level))
        parts.append(f"{label}{f' ({rank})' if rank else ''} × {count}")
    return "；".join(parts) or "0"


def _page(row: ScoreResult, trace: engine.Trace) -> ScorePage:
    run = row.run
    scheme = scheme_of(run.scheme_version)
    stage = run.statistics.get("stages", {}).get(row.stage, {})
    lines = [_line(scheme.indicator_by_code[item.code], item, stage) for item in trace.indicators]
    history = standings_of(row.enterprise_id)
    standing = next(item for item in history if item.run_id == run.pk)
    penalties = names_of(scheme.penalties)
    return ScorePage(
        run=run,
        result=row,
        standing=standing,
        stage_name=names_of(scheme.groups).get(row.stage, row.stage),
        dimensions=[_dimension(item, standing, stage, lines) for item in scheme.dimensions],
        flags=[flag_label(code, scheme) for code in flags_of(row, run.flag_codes) if code],
        deductions=[(penalties[code], points) for code, points in trace.deductions.items()],
        vetoes=[penalties[code] for code in trace.vetoes],
        history=history,
    )


def _line(indicator: engine.scheme.Indicator, item: Any, stage: Mapping[str, Any]) -> IndicatorLine:
    summary = stage.get("indicators", {}).get(item.code) or [0.0] * 5
    low, median, high = summary[1:4]
    return IndicatorLine(
        code=item.code,
        name=name_of(indicator),
        dimension=item.dimension,
        x=_short(item.x, percent=indicator.unit == "%"),
        unit=unit_of(indicator.unit),
        function=str(FUNCTION_LABELS.get(item.function, item.function)),
        s=item.s,
        weight=item.weight,
        points=item.points,
        state=item.state,
        note=str(CELL_LABELS.get(item.state, item.state)),
        low=low,
        median=median,
        high=high,
        quarter=_quarter(float(item.s), low, median, high),
        percentile=None
        if item.state == "not_applicable"
        else percentile_at(stage.get("spread", {}).get(item.code, ()), float(item.s)),
    )


def _quarter(s: float, low: float, median: float, high: float) -> int:
    """1 = in the best quarter of the stage and above its median, 4 = in the last and below it."""
    if s >= high and s > median:
        return 1
    if s <= low and s < median:
        return 4
    return 2 if s >= median else 3


def _short(x: str, *, percent: bool) -> str:
    """At most 4 decimals for the eye, per cent with at least 2."""
    if not x or ("." not in x and not percent):
        return x
    digits = f"{Decimal(x):.4f}".rstrip("0")
    whole, _point, decimals = digits.partition(".")
    return f"{whole}.{decimals:0<2}" if percent else digits.rstrip(".")


def _dimension(
    dimension: engine.scheme.Dimension,
    standing: Standing,
    stage: Mapping[str, Any],
    lines: list[IndicatorLine],
) -> DimensionLine:
    summary = stage.get("dimensions", {}).get(dimension.code) or [0.0] * 5
    own = [line for line in lines if line.dimension == dimension.code]
    return DimensionLine(
        code=dimension.code,
        name=name_of(dimension),
        points=standing.dimensions[dimension.code],
        reachable=sum((Decimal(line.weight) for line in own), Decimal(0)),
        low=summary[1],
        median=summary[2],
        high=summary[3],
        indicators=own,
    )

"""The portrait 画像 around a score: how firm the place is, the industry, strengths and gaps, the years, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from scoring import engine

from .. import rules
from ..models import PlaceInterval, RunReview, ScoreResult, ScoreRun
from ..statistics import percentile_at
from .alternatives import Scored, row_of, score_rows, with_stage
from .explain import IndicatorLine, ScorePage
from .schemes import name_of, names_of, scheme_of, unit_of
from .standing import Standing

SMALL = Decimal("0.005")
Line = tuple[IndicatorLine, float]


@dataclass(frozen=True, slots=True)
class Interval:
    """Places in 5 and in 95 of 100 variations of the method."""

    low: int
    high: int
    draws: int
    weights: float

    @property
    def percent(self) -> int:
        """By how much weights were varied."""
        return round(self.weights * 100)


@dataclass(frozen=True, slots=True)
class Peers:
    """Strengths and gaps among one kind of peers: lines with their percentile."""

    strengths: list[Line]
    gaps: list[Line]


@dataclass(frozen=True, slots=True)
class TrendYear:
    """One year: the total of its own method, and the same figures under this year's method (None: not comparable)."""

    year: int
    total: Decimal
    place: int | None
    ranked: int
    fair: Decimal | None
    method_changed: bool


@dataclass(frozen=True, slots=True)
class Mover:
    """One indicator's part in the change: x before and after, points before and after."""

    code: str
    name: str
    unit: str
    x_before: str
    x_after: str
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Change:
    """Why the total is another than last year's; the parts sum to the whole.

    method: last year's figures under this year's scheme; stage: the same under this year's stage; data: new figures;
    deductions: penalties. `rounding` is what the two decimals of the totals leave. `place_alone` is the place that this
    year's total would have had among last year's firms: what is left of the way to the new place is the others' doing.
    """

    year: int
    before: Decimal
    after: Decimal
    place_before: int | None
    ranked_before: int
    method: Decimal
    stage: Decimal
    deductions: Decimal
    movers: list[Mover]
    stage_before: str
    stage_after: str
    place_alone: int | None

    @property
    def whole(self) -> Decimal:
        return self.after - self.before

    @property
    def data(self) -> Decimal:
        return sum((mover.change for mover in self.movers), Decimal(0))

    @property
    def rounding(self) -> Decimal:
        return self.whole - self.method - self.stage - self.deductions - self.data

    @property
    def shown(self) -> list[Mover]:
        """Indicators that moved, the largest first."""
        moved = [mover for mover in self.movers if abs(mover.change) >= SMALL]
        return sorted(moved, key=lambda mover: -abs(mover.change))


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything around a score."""

    interval: Interval | None
    industry: str
    industry_size: int
    industry_percentile: float | None
    stage: Peers
    in_industry: Peers | None
    trend: list[TrendYear]
    change: Change | None


def portrait(page: ScorePage) -> Portrait:
    """The portrait of a score page."""
    row, review = page.result, RunReview.objects.filter(run=page.run, finished_at__isnull=False).first()
    lines = [line for dimension in page.dimensions for line in dimension.indicators]
    industry = row.enterprise.industry
    size, percentile = _in_industry(row, industry)
    earlier = [item for item in page.history if item.cycle_year < page.standing.cycle_year]
    scheme, runs = scheme_of(page.run.scheme_version), _runs(earlier)
    return Portrait(
        interval=_interval(row, review),
        industry=industry,
        industry_size=size,
        industry_percentile=percentile,
        stage=_peers([(line, line.percentile) for line in lines]),
        in_industry=_industry_peers(lines, review, industry),
        trend=trend(earlier, page.standing),
        change=_change(page, earlier[-1], runs[earlier[-1].run_id], scheme) if earlier else None,
    )


def trend(earlier: Sequence[Standing], now: Standing) -> list[TrendYear]:
    """The years, oldest first, the last one `now`; under another method their frozen figures are scored again under its."""
    runs = _runs([*earlier, now])
    scheme = scheme_of(runs[now.run_id].scheme_version)
    return [*(_year(item, scheme, runs[item.run_id], item.uscc) for item in earlier), _this_year(now)]


def _runs(standings: Sequence[Standing]) -> dict[int, ScoreRun]:
    rows = ScoreRun.objects.filter(pk__in=[item.run_id for item in standings])
    return {run.pk: run for run in rows.select_related("snapshot__scheme_version", "scheme_version")}


def _interval(row: ScoreResult, review: RunReview | None) -> Interval | None:
    found = PlaceInterval.objects.filter(run_id=row.run_id, enterprise_id=row.enterprise_id).first()
    if found is None or review is None:
        return None
    return Interval(
        found.low, found.high, review.sensitivity.get("draws", 0), review.sensitivity.get("weights", 0)
    )


def _in_industry(row: ScoreResult, industry: str) -> tuple[int, float | None]:
    """(ranked enterprises of the industry, midrank percentile of the total among them)."""
    if not industry or row.place is None:
        return 0, None
    counted = ScoreResult.objects.filter(
        run_id=row.run_id, place__isnull=False, enterprise__industry=industry
    ).aggregate(
        n=Count("pk"),
        below=Count("pk", filter=Q(total__lt=row.total)),
        equal=Count("pk", filter=Q(total=row.total)),
    )
    if counted["n"] < rules.SMALLEST_INDUSTRY:
        return counted["n"], None
    return counted["n"], 100 * (2 * counted["below"] + counted["equal"] - 1) / 2 / (counted["n"] - 1)


def _peers(lines: Sequence[tuple[IndicatorLine, float | None]]) -> Peers:
    """The rule printed under the lists: at least the 70th percentile, at most the 30th; the first five each."""
    known = [(line, value) for line, value in lines if value is not None]
    strong = [item for item in known if rules.strength(item[1]) == "strong"]
    weak = [item for item in known if rules.strength(item[1]) == "weak"]
    return Peers(
        sorted(strong, key=lambda item: (-item[1], -float(item[0].weight)))[: rules.SHOWN],
        sorted(weak, key=lambda item: (item[1], -float(item[0].weight)))[: rules.SHOWN],
    )


def _industry_peers(lines: list[IndicatorLine], review: RunReview | None, industry: str) -> Peers | None:
    group = review.groups.get("industry", {}).get(industry) if review else None
    if not group or group["ranked"] < rules.SMALLEST_INDUSTRY:
        return None
    measured = [line for line in lines if line.state != "not_applicable"]
    return _peers(
        [(line, percentile_at(group["indicators"].get(line.code, ()), float(line.s))) for line in measured]
    )


def _this_year(standing: Standing) -> TrendYear:
    return TrendYear(
        standing.cycle_year,
        standing.total,
        standing.place,
        standing.ranked,
        standing.total,
        method_changed=False,
    )


def _year(standing: Standing, scheme: engine.Scheme, run: ScoreRun, uscc: str) -> TrendYear:
    """An earlier year; under another method its frozen figures are scored again under this year's."""
    changed = run.scheme_digest != scheme.digest
    fair: Decimal | None = standing.total
    if changed:
        fair = None if scheme.relative or not _has_inputs(run, scheme) else _rescored(run, uscc, scheme).total
    return TrendYear(
        standing.cycle_year, standing.total, standing.place, standing.ranked, fair, method_changed=changed
    )


def _has_inputs(run: ScoreRun, scheme: engine.Scheme) -> bool:
    return {item.code for item in scheme.inputs} <= set(run.snapshot.inputs)


def _rescored(run: ScoreRun, uscc: str, scheme: engine.Scheme) -> Scored:
    return score_rows(scheme, row_of(run, uscc, scheme))[0]


def _change(page: ScorePage, last: Standing, run: ScoreRun, scheme: engine.Scheme) -> Change | None:
    """None where scores depend on the cohort or the old figures do not suffice: then parts cannot be told apart."""
    if scheme.relative or not _has_inputs(run, scheme):
        return None
    uscc, stage = page.result.uscc, page.result.stage
    old_row, new_row = row_of(run, uscc, scheme), row_of(page.run, uscc)
    method, now = score_rows(scheme, old_row)[0], score_rows(scheme, new_row)[0]
    moved = with_stage(old_row, stage) if method.stage != stage else old_row
    staged = score_rows(scheme, moved)[0] if method.stage != stage else method
    old_trace, new_trace = engine.explain(moved, scheme), engine.explain(new_row, scheme)
    stages = names_of(scheme.groups)
    return Change(
        year=last.cycle_year,
        before=last.total,
        after=now.total,
        place_before=last.place,
        ranked_before=last.ranked,
        method=method.total - last.total,
        stage=staged.total - method.total,
        deductions=staged.deductions - now.deductions,
        movers=[
            _mover(scheme, pair, staged, now)
            for pair in zip(old_trace.indicators, new_trace.indicators, strict=True)
        ],
        stage_before=stages.get(last.stage, last.stage),
        stage_after=stages.get(stage, stage),
        place_alone=_place_among(run, page.result) if page.standing.place and last.place else None,
    )


def _place_among(run: ScoreRun, row: ScoreResult) -> int:
    """Where the total of a row would stand among the other firms of an earlier run."""
    above = ScoreResult.objects.filter(run=run, place__isnull=False, total__gt=row.total)
    return above.exclude(enterprise_id=row.enterprise_id).count() + 1


def _mover(scheme: engine.Scheme, pair: Any, before: Scored, after: Scored) -> Mover:
    old, new = pair
    indicator = scheme.indicator_by_code[new.code]
    return Mover(
        code=new.code,
        name=name_of(indicator),
        unit=unit_of(indicator.unit),
        x_before=_short(old.x),
        x_after=_short(new.x),
        before=before.points[new.code],
        after=after.points[new.code],
    )


def _short(x: str) -> str:
    return f"{Decimal(x):.2f}".rstrip("0").rstrip(".") if "." in x else x

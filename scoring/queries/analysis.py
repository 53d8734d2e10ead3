"""The park's view of a run: spread by stage, industry and sub-park, two indicators against each other, leaders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet

from parks.models import SubPark
from scoring import engine

from .. import rules
from ..models import RunReview, ScoreResult, ScoreRun
from .schemes import name_of, names_of

TOTAL = "total"
LEADERS = 10
POINTS_SHOWN = 3000
SCALE = 10_000
IN_ORDER = ("stage", "year")  # kinds of groups that are not sorted by their median


@dataclass(frozen=True, slots=True)
class Spread:
    """Box plots of one kind of group: a five-number summary a group, sorted by median; a key filters the run's list."""

    kind: str
    labels: list[str]
    counts: list[int]
    summaries: list[list[float]]
    keys: list[str]

    @property
    def rows(self) -> list[tuple[object, ...]]:
        return [
            (label, n, *five) for label, n, five in zip(self.labels, self.counts, self.summaries, strict=True)
        ]

    @property
    def titles(self) -> list[str]:
        return [f"{label} n={n}" for label, n in zip(self.labels, self.counts, strict=True)]


@dataclass(frozen=True, slots=True)
class Leader:
    """One of the first by a measure."""

    enterprise_id: int
    name: str
    stage: str
    value: str
    total: Decimal


def measures(scheme: engine.Scheme) -> list[tuple[str, str]]:
    """What can be looked at: the total, then every indicator."""
    return [(item.code, name_of(item)) for item in scheme.indicators]


def spreads(run: ScoreRun, scheme: engine.Scheme, review: RunReview | None, measure: str) -> list[Spread]:
    """Box plots by stage, industry and sub-park of the total (points) or of one indicator (0 to 1)."""
    stages = run.statistics.get("stages", {})
    names = names_of(scheme.groups)
    by_stage = {names.get(code, code): stages[code] for code in run.stages if code in stages}
    groups = review.groups if review else {}
    found = [_spread("stage", by_stage, measure, {names.get(code, code): code for code in run.stages})]
    found += [_spread("industry", groups.get("industry", {}), measure, {})]
    parks = dict(SubPark.objects.values_list("name", "pk")) if groups.get("sub_park") else {}
    found += [_spread("sub_park", groups.get("sub_park", {}), measure, parks)]
    return [spread for spread in found if spread.labels]


def years(review: RunReview | None) -> Spread | None:
    """Box plots of the totals of the years, all by the method of the run; None while there is one year only."""
    by_year = review.groups.get("year", {}) if review else {}
    return _spread("year", by_year, TOTAL, {}) if len(by_year) > 1 else None


def _spread(kind: str, groups: dict[str, Any], measure: str, keys: Mapping[str, object]) -> Spread:
    """`keys` by label, where the list is filtered by something else than the label."""
    rows = [
        (label, group["ranked"], group["total"] if measure == TOTAL else group["indicators"].get(measure, []))
        for label, group in groups.items()
    ]
    rows = [row for row in rows if row[2] and row[1] >= rules.SMALLEST_GROUP]
    if kind not in IN_ORDER:
        rows.sort(key=lambda row: -row[2][2])
    labels = [row[0] for row in rows]
    return Spread(
        kind, labels, [row[1] for row in rows], [row[2] for row in rows], [str(keys.get(one, one)) for one in labels]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dot:
    """One enterprise in the scatter of two indicators, scores from 0 to 1."""

    enterprise_id: int
    name: str
    x: float
    y: float


def pairs(run: ScoreRun, first: str, second: str) -> list[Dot]:
    """Scores of two indicators of the ranked, those to whom both apply, by place; at most POINTS_SHOWN."""
    x, y = run.indicators.index(first), run.indicators.index(second)
    rows = ScoreResult.objects.filter(run=run, place__isnull=False).order_by("place")
    values = rows.values_list("enterprise_id", "enterprise__name", f"normalised__{x}", f"normalised__{y}")
    return [Dot(pk, name, a / SCALE, b / SCALE) for pk, name, a, b in values[:POINTS_SHOWN] if min(a, b) >= 0]


def heaviest(scheme: engine.Scheme) -> list[str]:
    """Indicators by their weight, all stages together."""
    weigh = {item.code: sum(item.weight(group) for group in scheme.group_codes) for item in scheme.indicators}
    return sorted(weigh, key=lambda code: -weigh[code])


def correlation(points: list[tuple[float, float]]) -> float | None:
    """Pearson's r; None where one of the two is constant or there are fewer than three points."""
    n = len(points)
    if n < 3:
        return None
    mean_x, mean_y = sum(x for x, _y in points) / n, sum(y for _x, y in points) / n
    spread_x = sum((x - mean_x) ** 2 for x, _y in points)
    spread_y = sum((y - mean_y) ** 2 for _x, y in points)
    if not spread_x or not spread_y:
        return None
    together = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return float(together / (spread_x * spread_y) ** 0.5)


def leaders(run: ScoreRun, scheme: engine.Scheme, measure: str) -> list[Leader]:
    """The first by the total or by one indicator; equal scores by the total."""
    rows: QuerySet[ScoreResult] = ScoreResult.objects.filter(run=run, place__isnull=False).select_related(
        "enterprise"
    )
    if measure == TOTAL:
        rows = rows.order_by("place", "uscc")
    else:
        index = run.indicators.index(measure)
        rows = rows.order_by(F(f"normalised__{index}").desc(), "-total", "uscc")
    stages = names_of(scheme.groups)
    return [
        Leader(
            row.enterprise_id,
            row.enterprise.name,
            stages.get(row.stage, row.stage),
            str(row.total) if measure == TOTAL else f"{row.normalised[index] / SCALE:.4f}",
            row.total,
        )
        for row in rows[:LEADERS]
    ]


def review_of(run: ScoreRun) -> RunReview | None:
    """The review of a run, finished or not."""
    return RunReview.objects.filter(run=run).select_related("job").first()


@dataclass(frozen=True, slots=True)
class AroundCut:
    """A firm near the last place of a board: its place, the range it keeps, and how often it stays on the board."""

    label: str
    place: int
    low: int
    high: int
    share: float

    @property
    def percent(self) -> float:
        return 100 * self.share


def around_the_cuts(
    run: ScoreRun, scheme: engine.Scheme, review: RunReview
) -> list[tuple[str, list[AroundCut], int]]:
    """(board, firms, largest place shown) for every board of the run."""
    boards = review.sensitivity.get("boards", {})
    ids = {line["id"] for lines in boards.values() for line in lines}
    known = dict(ScoreResult.objects.filter(run=run, uscc__in=ids).values_list("uscc", "enterprise__name"))
    names = names_of(scheme.boards)
    found = []
    for code, lines in boards.items():
        rows = [
            AroundCut(
                known.get(line["id"], line["id"]), line["place"], line["low"], line["high"], line["share"]
            )
            for line in lines
        ]
        if rows:
            found.append((names.get(code, code), rows, max(row.high for row in rows)))
    return found

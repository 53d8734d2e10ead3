"""Results of runs for the office's lists."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, Q, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from scoring import engine

from ..models import CurrentRun, ScoreResult, ScoreRun, Snapshot
from .schemes import names_of
from .wording import flag_label

POINT = Decimal(10) ** 14  # `points` and `dimensions` of a result count in 1e-14 points


def runs_of(cycle_id: int) -> QuerySet[ScoreRun]:
    """Runs of a cycle, newest first, with what their lines show."""
    return (
        ScoreRun.objects.filter(cycle_id=cycle_id)
        .select_related("scheme_version", "snapshot", "job")
        .order_by("-pk")
    )


def get_run(run_id: int) -> ScoreRun:
    """One run of the park entered; NotFound when absent or foreign."""
    run = (
        ScoreRun.objects.select_related("scheme_version", "snapshot", "cycle", "job")
        .filter(pk=run_id)
        .first()
    )
    if run is None:
        raise NotFound(code="no_such_run", message=_("没有这次计算。"))
    return run


def run_by_hash(run_hash: str) -> ScoreRun | None:
    """A run of the park entered by its hash, or by the hash's first digits; or None."""
    found = ScoreRun.objects.select_related("scheme_version", "snapshot", "cycle")
    return found.filter(run_hash__startswith=run_hash).order_by("pk").first()


def current_run_id(cycle_id: int) -> int | None:
    return CurrentRun.objects.filter(cycle_id=cycle_id).values_list("run_id", flat=True).first()


def latest_snapshot(cycle_id: int) -> Snapshot | None:
    """The snapshot that counts: the one no other corrects."""
    return Snapshot.objects.filter(cycle_id=cycle_id).order_by("-pk").first()


def of_run(run: ScoreRun) -> QuerySet[ScoreResult]:
    """Results of a run by place, those without a place last."""
    rows = ScoreResult.objects.filter(run=run).select_related("enterprise", "enterprise__sub_park")
    return rows.order_by("place", "-total", "uscc")


def called(text: str) -> Q:
    """Results of enterprises with this in their name, or whose code begins so."""
    return Q(enterprise__name__icontains=text) | Q(uscc__startswith=text.upper())


def dimension_points(row: ScoreResult) -> list[Decimal]:
    """Points of each dimension, exact, rounded to 2 decimals for the eye."""
    return [(Decimal(value) / POINT).quantize(Decimal("0.01")) for value in row.dimensions]


def flags_of(row: ScoreResult, codes: list[str]) -> tuple[str, ...]:
    return tuple(code for bit, code in enumerate(codes) if row.flags >> bit & 1)


@dataclass(frozen=True, slots=True)
class Line:
    """One enterprise in the list of a run."""

    result: ScoreResult
    stage: str
    dimensions: list[Decimal]
    flags: list[str]


def line(row: ScoreResult, run: ScoreRun, scheme: engine.Scheme) -> Line:
    codes = [code for code in flags_of(row, run.flag_codes) if code]
    stages = names_of(scheme.groups)
    return Line(
        row,
        stages.get(row.stage, row.stage),
        dimension_points(row),
        [flag_label(code, scheme) for code in codes],
    )


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the zone a run covers, and how complete the data are."""

    scored: int
    ranked: int
    excluded: int
    complete: int
    provisional: int
    average: Decimal | None

    @property
    def share(self) -> Decimal:
        """Scored enterprises per cent of all that declared."""
        return Decimal(100 * self.scored) / max(self.scored + self.excluded, 1)


def coverage(run: ScoreRun) -> Coverage:
    """应评尽评 of a run: declarations that count against those left out at the freeze; completeness of the data."""
    found = ScoreResult.objects.filter(run=run).aggregate(
        scored=Count("pk"),
        ranked=Count("pk", filter=Q(place__isnull=False)),
        complete=Count("pk", filter=Q(completeness=100)),
        average=Avg("completeness"),
    )
    return Coverage(
        scored=found["scored"],
        ranked=found["ranked"],
        excluded=sum(run.snapshot.excluded.values()),
        complete=found["complete"],
        provisional=run.statistics.get("flags", {}).get("PROVISIONAL", 0),
        average=found["average"],
    )


def filter_choices(run: ScoreRun, scheme: engine.Scheme) -> dict[str, list[tuple[str, str]]]:
    """Choices of the list's filter: what occurs in this run."""
    rows = ScoreResult.objects.filter(run=run)
    stages = names_of(scheme.groups)
    parks = rows.exclude(enterprise__sub_park=None).values_list(
        "enterprise__sub_park_id", "enterprise__sub_park__name"
    )
    industries = rows.exclude(enterprise__industry="").values_list("enterprise__industry", flat=True)
    counts = run.statistics.get("flags", {})
    return {
        "stage": [(code, stages.get(code, code)) for code in run.stages],
        "sub_park": [(str(pk), name) for pk, name in parks.distinct().order_by("enterprise__sub_park_id")],
        "industry": [(name, name) for name in industries.distinct().order_by("enterprise__industry")],
        "flag": [(code, flag_label(code, scheme)) for code in run.flag_codes if counts.get(code)],
    }

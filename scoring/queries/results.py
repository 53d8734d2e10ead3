"""Results of runs for the office's lists."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import QuerySet

from innovscore.core.problems import NotFound
from django.utils.translation import gettext as _

from ..models import CurrentRun, ScoreResult, ScoreRun, Snapshot

POINT = Decimal(10) ** 14  # `points` and `dimensions` of a result count in 1e-14 points


def runs_of(cycle_id: int) -> QuerySet[ScoreRun]:
    """Runs of a cycle, newest first, with what their lines show."""
    return ScoreRun.objects.filter(cycle_id=cycle_id).select_related("scheme_version", "snapshot", "job").order_by("-pk")


def get_run(run_id: int) -> ScoreRun:
    """One run of the park entered; NotFound when absent or foreign."""
    run = ScoreRun.objects.select_related("scheme_version", "snapshot", "cycle", "job").filter(pk=run_id).first()
    if run is None:
        raise NotFound(code="no_such_run", message=_("没有这次计算。"))
    return run


def current_run_id(cycle_id: int) -> int | None:
    return CurrentRun.objects.filter(cycle_id=cycle_id).values_list("run_id", flat=True).first()


def latest_snapshot(cycle_id: int) -> Snapshot | None:
    """The snapshot that counts: the one no other corrects."""
    return Snapshot.objects.filter(cycle_id=cycle_id).order_by("-pk").first()


def of_run(run: ScoreRun) -> QuerySet[ScoreResult]:
    """Results of a run by place, those without a place last."""
    rows = ScoreResult.objects.filter(run=run).select_related("enterprise", "enterprise__sub_park")
    return rows.order_by("place", "-total", "uscc")


def dimension_points(row: ScoreResult) -> list[Decimal]:
    """Points of each dimension, exact, rounded to 2 decimals for the eye."""
    return [(Decimal(value) / POINT).quantize(Decimal("0.01")) for value in row.dimensions]


def flags_of(row: ScoreResult, codes: list[str]) -> tuple[str, ...]:
    return tuple(code for bit, code in enumerate(codes) if row.flags >> bit & 1)

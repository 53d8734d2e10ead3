"""Anomalies of a run: what the office still has to look at."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet

from ..models import Anomaly, ScoreRun


def open_count(run: ScoreRun) -> int:
    """How many anomalies of a run nobody has cleared; above 0 no board may be proposed from it."""
    return Anomaly.objects.filter(run=run, cleared_at__isnull=True).count()


def of_run(run: ScoreRun) -> QuerySet[Anomaly]:
    """Anomalies of a run, the open ones first."""
    rows = Anomaly.objects.filter(run=run).select_related("enterprise__sub_park")
    return rows.order_by("cleared_at", "rule", "enterprise__name", "pk")


def counts(run: ScoreRun) -> dict[str, Any]:
    """{"open", "cleared"} of a run."""
    return Anomaly.objects.filter(run=run).aggregate(
        open=Count("pk", filter=Q(cleared_at__isnull=True)), cleared=Count("pk", filter=Q(cleared_at__isnull=False))
    )

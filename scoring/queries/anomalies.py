"""Anomalies of a run: what the office still has to look at."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from ..models import Anomaly, ScoreRun
from .schemes import names_of, scheme_of


def open_count(run: ScoreRun) -> int:
    """How many anomalies of a run nobody has cleared; above 0 no board may be proposed from it."""
    return Anomaly.objects.filter(run=run, cleared_at__isnull=True).count()


def of_run(run: ScoreRun) -> QuerySet[Anomaly]:
    """Anomalies of a run, the open ones first."""
    rows = Anomaly.objects.filter(run=run).select_related("enterprise__sub_park")
    return rows.order_by(F("cleared_at").asc(nulls_first=True), "rule", "enterprise__name", "pk")


def counts(run: ScoreRun) -> dict[str, Any]:
    """{"open", "cleared"} of a run."""
    return Anomaly.objects.filter(run=run).aggregate(
        open=Count("pk", filter=Q(cleared_at__isnull=True)),
        cleared=Count("pk", filter=Q(cleared_at__isnull=False)),
    )


def sentence(row: Anomaly, run: ScoreRun) -> str:
    """What is odd, with its figures."""
    detail = row.detail
    if row.rule == Anomaly.Rule.TOTAL_JUMP:
        return _("总分由 %(year)s 年度的 %(last)s 变为 %(total)s。") % detail + _basis(detail)
    if row.rule == Anomaly.Rule.PLACE_JUMP:
        said = _("名次由 %(year)s 年度的第 %(last)s 名变为第 %(place)s 名，变动超过全体的一半。") % detail
        return said + _basis(detail)
    names = names_of(scheme_of(run.scheme_version).boards)
    places = [
        _("%(board)s第 %(place)s 名") % {"board": names.get(code, code), "place": place}
        for code, place in detail.items()
    ]
    return _("榜单候选，公示前须核对：%(places)s。") % {"places": "；".join(places)}


def _basis(detail: dict[str, str]) -> str:
    """By which method last year was scored again, when it was."""
    return _("（%(year)s 年度按 %(method)s 版方法重算）") % detail if "method" in detail else ""

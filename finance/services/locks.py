"""Locks are taken in one order everywhere: pool, guarantor (total, client, group), consent, line, application."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, Value, When

from ..models import Guarantee, ProductVersion, RiskCounter
from ..states import RiskKind, RiskScope

ORDER = Case(
    When(kind=RiskKind.POOL, then=Value(0)),
    When(scope=RiskScope.TOTAL, then=Value(1)),
    When(scope=RiskScope.CLIENT, then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


def counters(version_id: int, enterprise_id: int, application_id: int) -> None:
    """Lock the counters that steps of an application may move."""
    version = ProductVersion.objects.get(pk=version_id)
    houses = [house for house in (version.pool_id, version.guarantor_id) if house]
    if not houses:
        return
    groups = Guarantee.objects.filter(application_id=application_id, live=True).values_list(
        "group_name", flat=True
    )
    touched = (
        Q(scope=RiskScope.TOTAL)
        | Q(scope=RiskScope.CLIENT, key=str(enterprise_id))
        | Q(scope=RiskScope.GROUP, key__in=list(groups))
    )
    rows = RiskCounter.objects.filter(touched, organisation_id__in=houses)
    list(rows.annotate(rank=ORDER).order_by("rank", "pk").select_for_update(of=("self",)))

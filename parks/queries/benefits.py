"""What public money a firm holds."""

from __future__ import annotations

from django.db.models import QuerySet

from ..clock import BEIJING, db_now
from ..models import Benefit


def standing(organisation_id: int) -> QuerySet[Benefit]:
    """Entries that count, newest first."""
    rows = Benefit.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    return rows.order_by("-held_at", "-pk")


def of_this_year(organisation_id: int) -> QuerySet[Benefit]:
    """Those entered in this calendar year (Beijing)."""
    now = db_now().astimezone(BEIJING)
    return standing(organisation_id).filter(
        held_at__gte=now.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    )

"""Declarations that the clock looks at."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet
from django.db.models.functions import Coalesce

from parks.models import Notification

from ..models import Declaration
from ..states import CycleState, DeclarationState


def open_before(moment: dt.datetime) -> QuerySet[Declaration]:
    """Open declarations of open cycles whose deadline lies before a moment."""
    return (
        Declaration.objects.select_related("cycle", "enterprise")
        .filter(state=DeclarationState.OPEN, cycle__state=CycleState.OPEN)
        .annotate(until=Coalesce("extended_to", "cycle__declaration_deadline"))
        .filter(until__lt=moment)
        .order_by("pk")
    )


def returned_due(now: dt.datetime) -> QuerySet[Declaration]:
    """Returned declarations whose date has passed."""
    return Declaration.objects.filter(
        state=DeclarationState.RETURNED, return_due_at__lte=now, cycle__state=CycleState.OPEN
    ).order_by("pk")


def reminders_since(moment: dt.datetime) -> set[str]:
    """Keys of the reminders that were sent since a moment."""
    rows = Notification.objects.filter(kind=Notification.Kind.DEADLINE, created_at__gte=moment)
    return set(rows.exclude(dedupe_key="").values_list("dedupe_key", flat=True))

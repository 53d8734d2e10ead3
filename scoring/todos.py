"""What waits for people in this room: registered with parks.todo when the application starts."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from parks import access, todo
from parks.actors import Actor

from .models import Anomaly, CurrentRun


@todo.source("scoring")
def todos(actor: Actor) -> Iterator[todo.Todo]:
    """Anomalies of the runs that count, which bar boards until somebody has looked at them."""
    if not access.may(actor.role, "scoring:anomalies", "POST"):
        return
    waiting = Anomaly.objects.filter(cleared_at__isnull=True, run_id__in=CurrentRun.objects.values("run_id"))
    for run_id, year, count in (
        waiting.values_list("run_id", "run__cycle__year")
        .annotate(n=Count("pk"))
        .order_by("-run__cycle__year")
    ):
        url = reverse("scoring:anomalies", kwargs={"park": actor.park_code, "run_id": run_id})
        yield todo.Todo(_("%(year)s 年度积分异常待核查") % {"year": year}, url, count)

"""Reading notices: the office's list with how many read them, a firm's own."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound

from ..models import Broadcast, BroadcastFirm
from . import audience
from .matching_facts import Firm


def sent() -> QuerySet[Broadcast]:
    """Newest first, with how many firms it went to and how many of them opened it."""
    return (
        Broadcast.objects.select_related("sub_park")
        .annotate(told=Count("firms"), read=Count("firms__read_at"))
        .order_by("-sent_at", "-pk")
    )


def get(broadcast_id: int) -> Broadcast:
    row = sent().filter(pk=broadcast_id).first()
    if row is None:
        raise NotFound(code="no_such_notice", message=_("没有这条通知。"))
    return row


def own_url(row: Broadcast) -> str:
    """Where a firm reads the notice."""
    return reverse("cultivation:notice", kwargs={"park": row.park.code, "broadcast_id": row.pk})


def firms_of(broadcast: Broadcast) -> QuerySet[BroadcastFirm]:
    """Those that have not opened it first."""
    rows = BroadcastFirm.objects.filter(broadcast=broadcast).select_related("enterprise__sub_park")
    return rows.order_by("-read_at", "enterprise__name", "pk")


def to_enterprise(enterprise_id: int) -> QuerySet[Broadcast]:
    """What a firm was sent, newest first."""
    return Broadcast.objects.filter(firms__enterprise_id=enterprise_id).order_by("-sent_at", "-pk")


def of_enterprise(broadcast_id: int, enterprise_id: int) -> BroadcastFirm:
    """The notice as it went to a firm; raises NotFound when it did not."""
    rows = BroadcastFirm.objects.filter(broadcast_id=broadcast_id, enterprise_id=enterprise_id)
    row = rows.select_related("broadcast").first()
    if row is None:
        raise NotFound(code="no_such_notice", message=_("没有这条通知。"))
    return row


def receivers(*, stages: list[str], qualifications: list[str], sub_park_id: int | None) -> list[Firm]:
    firms = audience.addressed(stages=stages, qualifications=qualifications)
    if sub_park_id is None:
        return firms
    there = set(enterprises.members().filter(sub_park_id=sub_park_id).values_list("pk", flat=True))
    return [firm for firm in firms if firm.id in there]

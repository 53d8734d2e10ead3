"""Reading financing needs: an enterprise's own, those a partner may answer, bottlenecks for the park."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Partnership

from ..models import Need, NeedAnswer
from ..states import NeedState
from .acting import organisation_of

ANSWERING = ("bank", "guarantor", "fund", "credit_bureau")
"""Kinds of organisations that answer needs."""


def of_enterprise(enterprise_id: int) -> QuerySet[Need]:
    return (
        Need.objects.filter(enterprise_id=enterprise_id)
        .prefetch_related("answers__organisation")
        .order_by("-pk")
    )


def open_needs() -> QuerySet[Need]:
    """What partners may answer, the most urgent first."""
    rows = Need.objects.filter(state=NeedState.OPEN).select_related("enterprise").order_by("due_at", "pk")
    return rows.prefetch_related("answers")


def open_need(need_id: int) -> Need:
    """An open need; raises NotFound."""
    found = open_needs().filter(pk=need_id).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这条需求，或已关闭。"))
    return found


def unanswered_by(actor: Actor) -> QuerySet[Need]:
    """Open needs that the acting organisation has not answered, the most urgent first."""
    mine = NeedAnswer.objects.filter(organisation_id=organisation_of(actor)).values("need_id")
    return open_needs().exclude(pk__in=mine)


def partners() -> dict[int, str]:
    """Who answers needs in the park now: organisation -> name. With the park they are the four of 四位一体."""
    today = db_today()
    rows = Partnership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=today), starts_on__lte=today, organisation__kind__in=ANSWERING
    )
    return dict(rows.order_by("organisation__name").values_list("organisation_id", "organisation__name"))


def answered_by(actor: Actor, needs: list[Need]) -> dict[int, NeedAnswer]:
    """The acting organisation's answers: need -> answer."""
    rows = NeedAnswer.objects.filter(organisation_id=organisation_of(actor), need__in=needs)
    return {row.need_id: row for row in rows}


@dataclass(frozen=True, slots=True)
class Flow:
    """How needs fare in the park: counts only."""

    posted: int
    unanswered: int
    late: int
    matched: int
    slow_partners: tuple[tuple[str, int], ...]


def flow(now: dt.datetime) -> Flow:
    """Counts for the park, and for each partner how many due needs it has not answered."""
    rows = Need.objects.annotate(n=Count("answers"))
    due = Need.objects.filter(state=NeedState.OPEN, due_at__lt=now)
    counts = rows.aggregate(
        posted=Count("pk"),
        unanswered=Count("pk", filter=Q(n=0, state=NeedState.OPEN)),
        late=Count("pk", filter=Q(n=0, state=NeedState.OPEN, due_at__lt=now)),
        matched=Count("pk", filter=Q(state=NeedState.MATCHED)),
    )
    answered = dict(
        NeedAnswer.objects.filter(need__in=due).values_list("organisation_id").annotate(n=Count("pk"))
    )
    total = due.count()
    slow = [(name, total - answered.get(house, 0)) for house, name in partners().items()]
    return Flow(
        **counts, slow_partners=tuple(sorted((row for row in slow if row[1]), key=lambda row: -row[1]))
    )

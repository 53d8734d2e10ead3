"""Pools 培育库: who is in them, their tasks and moves, movement by year."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import ExtractYear
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.models import Membership
from parks.queries import memberships

from ..models import PolicyVersion, PoolMove, PoolPlace, PoolTask
from ..states import POOL_OVER, PoolStage


def _title(path: str) -> Subquery:
    """The newest title of a rung."""
    versions = PolicyVersion.objects.filter(policy=OuterRef(path)).exclude(state__in=("draft", "proposed"))
    return Subquery(versions.order_by("-number").values("title")[:1])


def places() -> QuerySet[PoolPlace]:
    """Every place with the `title` of its rung and how many tasks are open, the newest first."""
    open_tasks = Count("tasks", filter=Q(tasks__done_on__isnull=True))
    rows = PoolPlace.objects.select_related("enterprise", "rung")
    return rows.annotate(title=_title("rung"), open_tasks=open_tasks).order_by("-entered_at", "-pk")


def open_places() -> QuerySet[PoolPlace]:
    return places().exclude(stage__in=POOL_OVER)


def of_enterprise(enterprise_id: int) -> QuerySet[PoolPlace]:
    return places().filter(enterprise_id=enterprise_id).prefetch_related("tasks")


def get(place_id: int) -> PoolPlace:
    row = places().filter(pk=place_id).first()
    if row is None:
        raise NotFound(code="no_such_place", message=_("没有这条培育记录。"))
    return row


def moves(place: PoolPlace) -> QuerySet[PoolMove]:
    return PoolMove.objects.filter(place=place).order_by("pk")


def tasks(place: PoolPlace) -> QuerySet[PoolTask]:
    return PoolTask.objects.filter(place=place).order_by("done_on", "due_on", "pk")


def tasks_of_coach(person_id: int | None) -> QuerySet[PoolTask]:
    """Open tasks of the firms that a person coaches, the nearest first."""
    rows = PoolTask.objects.filter(place__coach_ref=person_id or 0, done_on__isnull=True)
    return rows.exclude(place__stage__in=POOL_OVER).order_by("due_on", "pk")


def coaches(actor: Actor) -> list[Membership]:
    """Colleagues of the office who may coach, each person once."""
    rows = memberships.of_organisation(actor.organisation_id or 0).select_related("account__person")
    found = {row.account.person_id: row for row in rows.order_by("-pk")}
    return sorted(found.values(), key=lambda row: row.account.person.name)


def counts() -> dict[int, int]:
    """Rung -> firms in its pool."""
    rows = PoolPlace.objects.exclude(stage__in=POOL_OVER).values_list("rung_id").annotate(n=Count("pk"))
    return dict(rows)


def movement() -> list[dict[str, Any]]:
    """By year and rung: how many came into the pool, were coached, applied, reached the rung, left; the newest first."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    rows = (
        PoolMove.objects.exclude(from_stage=F("to_stage"))
        .annotate(year=ExtractYear("at"), title=_title("place__rung"))
        .values_list("year", "title", "to_stage")
        .annotate(n=Count("pk"))
        .order_by()
    )
    for year, title, stage, n in rows:
        line = found.setdefault(
            (year, title or ""), {"year": year, "title": title} | dict.fromkeys(PoolStage.values, 0)
        )
        line[stage] = n
    return [found[key] for key in sorted(found, key=lambda key: (-key[0], key[1]))]

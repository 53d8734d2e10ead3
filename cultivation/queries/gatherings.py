"""Reading events: the office's list, what a firm may sign up for, what anybody may see."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.clock import db_now
from parks.models import Park

from ..models import Gathering, SignUp
from ..states import EventState, SeatState

HELD = Q(state=EventState.PUBLISHED)


def everything() -> QuerySet[Gathering]:
    """Events of the park, the latest first, with people that wait and that came."""
    return Gathering.objects.annotate(
        waiting=Sum("sign_ups__people", filter=Q(sign_ups__state=SeatState.WAITING), default=0),
        came=Sum("sign_ups__attended", default=0),
    ).order_by("-starts_at", "-pk")


def get(gathering_id: int) -> Gathering:
    return _found(everything().filter(pk=gathering_id).first())


def _found(row: Gathering | None) -> Gathering:
    if row is None:
        raise NotFound(code="no_such_event", message=_("没有这场活动。"))
    return row


def for_firm(enterprise_id: int) -> QuerySet[Gathering]:
    """Published events that are still to come, and those that the firm signed up for; each with the firm's `own` sign-up."""
    own = SignUp.objects.filter(enterprise_id=enterprise_id).exclude(state=SeatState.GIVEN_UP)
    return (
        Gathering.objects.exclude(state=EventState.DRAFT)
        .filter(Q(starts_at__gt=db_now(), state=EventState.PUBLISHED) | Q(pk__in=own.values("gathering_id")))
        .prefetch_related(Prefetch("sign_ups", own, to_attr="own"))
        .order_by("-starts_at", "-pk")
    )


def get_for_firm(gathering_id: int, enterprise_id: int) -> Gathering:
    return _found(for_firm(enterprise_id).filter(pk=gathering_id).first())


def own_url(row: Gathering) -> str:
    """Where a firm sees the event."""
    return reverse("cultivation:own_event", kwargs={"park": row.park.code, "gathering_id": row.pk})


def sign_ups(gathering: Gathering) -> QuerySet[SignUp]:
    """Booked first, then who waits, in the order they came; what was given up is left out."""
    return (
        SignUp.objects.filter(gathering=gathering)
        .exclude(state=SeatState.GIVEN_UP)
        .select_related("enterprise")
        .order_by("state", "signed_at", "pk")
    )


def attended_by(enterprise_id: int) -> QuerySet[SignUp]:
    """Events that a firm signed up for and did not give up, the newest first."""
    rows = SignUp.objects.filter(enterprise_id=enterprise_id).exclude(state=SeatState.GIVEN_UP)
    return rows.select_related("gathering").order_by("-gathering__starts_at", "-pk")


def public(park: Park) -> QuerySet[Gathering]:
    """Open events for anybody, the next one first; no park is entered."""
    return Gathering.everywhere.filter(
        park=park, state=EventState.PUBLISHED, is_public=True, starts_at__gt=db_now()
    ).order_by("starts_at", "pk")


@dataclass(frozen=True, slots=True)
class Totals:
    """Events held in a year, seats booked, people and firms that came."""

    events: int
    booked: int
    people: int
    firms: int


def totals(year: int) -> Totals:
    """Of events that have begun, by the year of their beginning (Beijing)."""
    held = Gathering.objects.filter(HELD, starts_at__year=year, starts_at__lte=db_now())
    came = SignUp.objects.filter(gathering__in=held, attended__gt=0)
    return Totals(
        events=held.count(),
        booked=held.aggregate(n=Sum("taken", default=0))["n"],
        people=came.aggregate(n=Sum("attended", default=0))["n"],
        firms=came.aggregate(n=Count("enterprise_id", distinct=True))["n"],
    )


def can_sign_up(gathering: Gathering) -> bool:
    return gathering.state == EventState.PUBLISHED and db_now() < gathering.sign_up_until


def waiting_that_fit(gathering: Gathering) -> SignUp | None:
    """Who waits longest of those that fit into the seats that are left."""
    return (
        SignUp.objects.filter(gathering=gathering, state=SeatState.WAITING, people__lte=gathering.free)
        .select_related("enterprise")
        .order_by(F("signed_at"), "pk")
        .first()
    )

"""Reading visits and appeals: the office's lists, a firm's own, whom nobody visited."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, Count, Max, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound
from parks import access
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Membership

from ..models import Appeal, Visit
from ..states import AppealState


def visits() -> QuerySet[Visit]:
    return (
        Visit.objects.select_related("enterprise__sub_park")
        .annotate(asked=Count("appeals"))
        .order_by("-visited_on", "-pk")
    )


def visit(visit_id: int) -> Visit:
    row = visits().filter(pk=visit_id).first()
    if row is None:
        raise NotFound(code="no_such_visit", message=_("没有这条走访记录。"))
    return row


@dataclass(frozen=True, slots=True)
class Coverage:
    """Visits of a year: how many, to how many of the park's firms."""

    year: int
    visits: int
    firms: int
    members: int

    @property
    def percent(self) -> float:
        return 100 * self.firms / self.members if self.members else 0.0


def coverage(year: int) -> Coverage:
    rows = Visit.objects.filter(visited_on__year=year)
    firms = rows.filter(enterprise__member_to__isnull=True).values("enterprise_id").distinct().count()
    return Coverage(year, rows.count(), firms, enterprises.members().count())


def firms_by_visit() -> QuerySet:
    """Members of the park with the day of their last visit; those never visited first, then the longest ago."""
    last = (
        Visit.objects.filter(enterprise=OuterRef("pk"))
        .order_by()
        .values("enterprise")
        .annotate(day=Max("visited_on"))
    )
    return (
        enterprises.members()
        .annotate(last_visit=Subquery(last.values("day")))
        .order_by(Case(When(last_visit__isnull=True, then=0), default=1), "last_visit", "name")
    )


def appeals() -> QuerySet[Appeal]:
    """Those that wait for an answer first, the nearest due day first."""
    return Appeal.objects.select_related("enterprise__sub_park").order_by(
        Case(When(state=AppealState.OPEN, then=0), When(state=AppealState.ANSWERED, then=1), default=2),
        "due_on",
        "pk",
    )


def of_enterprise(enterprise_id: int) -> QuerySet[Appeal]:
    return Appeal.objects.filter(enterprise_id=enterprise_id).order_by("-pk")


def visible(actor: Actor, appeal_id: int) -> Appeal:
    """An appeal of the own firm, or any for the office; raises NotFound for others and absent ones alike."""
    row = enterprises.seen_by(appeals(), actor).filter(pk=appeal_id).first()
    if row is None:
        raise NotFound(code="no_such_appeal", message=_("没有这条诉求。"))
    return row


def overdue() -> QuerySet[Appeal]:
    return appeals().filter(state=AppealState.OPEN, due_on__lt=db_today())


def waiting_for(actor: Actor) -> QuerySet[Appeal]:
    """Open appeals of this person; the administrator also sees those that nobody has and those that are overdue."""
    mine = Q(responsible_ref=actor.person_id or 0)
    if actor.role == "park_admin":
        mine |= Q(responsible_ref__isnull=True) | Q(due_on__lt=db_today())
    return appeals().filter(mine, state=AppealState.OPEN)


def colleagues() -> list[tuple[int, str]]:
    """People of the office who may answer: person -> name."""
    rows = Membership.objects.filter(role__in=access.roles_of("cultivation:appeal_assign", "POST")).exclude(
        ends_on__lte=db_today()
    )
    found = rows.values_list("account__person_id", "account__person__name")
    return sorted(set(found), key=lambda pair: (pair[1], pair[0]))


@dataclass(frozen=True, slots=True)
class Totals:
    """Appeals raised in a year by what became of them."""

    raised: int
    answered: int
    closed: int
    overdue: int


def totals(year: int) -> Totals:
    counts = Appeal.objects.filter(raised_at__year=year).aggregate(
        raised=Count("pk"),
        answered=Count("pk", filter=~Q(state="open")),
        closed=Count("pk", filter=Q(state="closed")),
        overdue=Count("pk", filter=Q(state="open", due_on__lt=db_today())),
    )
    return Totals(**counts)

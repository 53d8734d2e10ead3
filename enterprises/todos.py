"""What waits for people in this room: registered with parks.todo when the application starts."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from parks import todo
from parks.actors import Actor
from parks.roles import ENTERPRISE

from .models import Certification, Declaration, Delegation
from .queries import declarations, enterprises, reviews
from .states import CertificationState, DeclarationState


@todo.source("enterprises")
def todos(actor: Actor) -> Iterator[todo.Todo]:
    """Of a firm: declarations to fill, answer, sign. Of a reviewer: cases and signatures."""
    if actor.role in ENTERPRISE:
        yield from _of_firm(actor)
    elif actor.role == "park_reviewer":
        yield from _of_reviewer(actor)


def _of_firm(actor: Actor) -> Iterator[todo.Todo]:
    own = enterprises.own(actor)
    if own is None:
        return
    for row in declarations.of_enterprise(own).filter(
        state__in=(DeclarationState.OPEN, DeclarationState.RETURNED), cycle__state="open"
    ):
        route = "returns" if row.state == DeclarationState.RETURNED else "declaration"
        text = (
            _("%(year)s 年度申报：答复补正")
            if row.state == DeclarationState.RETURNED
            else _("%(year)s 年度申报：确认并签署")
        )
        url = reverse(f"enterprises:{route}", kwargs={"park": actor.park_code, "year": row.cycle.year})
        yield todo.Todo(text % {"year": row.cycle.year}, url, due=row.deadline)
    for part in Delegation.objects.filter(
        declaration__enterprise=own,
        person_ref=actor.person_id or 0,
        finished_at__isnull=True,
        declaration__state="open",
    ).select_related("declaration__cycle"):
        url = reverse(
            "enterprises:section",
            kwargs={
                "park": actor.park_code,
                "year": part.declaration.cycle.year,
                "dimension": part.dimension,
            },
        )
        yield todo.Todo(
            _("%(who)s 委派给您的填报") % {"who": part.assigned_by_name}, url, due=part.declaration.deadline
        )


def _of_reviewer(actor: Actor) -> Iterator[todo.Todo]:
    queue = reverse("enterprises:queue", kwargs={"park": actor.park_code})
    counts = Declaration.objects.filter(state=DeclarationState.SUBMITTED).aggregate(
        mine=Count("pk", filter=_claimed(actor), distinct=True),
        pool=Count("pk", filter=_unclaimed(), distinct=True),
    )
    if counts["mine"]:
        yield todo.Todo(_("我领取的申报核定"), f"{queue}?state=submitted&assigned=mine", counts["mine"])
    if counts["pool"]:
        yield todo.Todo(_("待领取的申报核定"), f"{queue}?state=submitted&assigned=pool", counts["pool"])
    asked = reviews.unanswered(Declaration.objects.filter(cycle__state="open")).count()
    if asked:
        yield todo.Todo(_("企业留言待回复"), f"{queue}?talk=unanswered", asked)
    signing = declarations.to_sign(actor.person_id).count()
    if signing:
        url = reverse("enterprises:second", kwargs={"park": actor.park_code})
        yield todo.Todo(_("待我复核签署"), url, signing)
    cases = Certification.objects.filter(state=CertificationState.SUBMITTED).count()
    if cases:
        url = reverse("enterprises:cases", kwargs={"park": actor.park_code})
        yield todo.Todo(_("企业认证审核"), f"{url}?state=submitted", cases)


def _claimed(actor: Actor) -> Q:
    return Q(claims__person_ref=actor.person_id or 0)


def _unclaimed() -> Q:
    return Q(claims__isnull=True)

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.roles import Role

from ..models import CreditLine, LineOrder
from ..states import LineOrderKind, LineState
from .acting import organisation_of, person_of


def of_enterprise(enterprise_id: int) -> QuerySet[CreditLine]:
    """Lines that are not closed."""
    lines = CreditLine.objects.filter(enterprise_id=enterprise_id).exclude(state=LineState.CLOSED)
    return lines.select_related("quote", "product__organisation")


def of_product(enterprise_id: int, product_id: int) -> CreditLine | None:
    return of_enterprise(enterprise_id).filter(product_id=product_id).first()


def to_bank(actor: Actor) -> QuerySet[CreditLine]:
    """Lines of the acting bank that are not closed, those first on which somebody proposed something; `waits` says so."""
    proposals = LineOrder.objects.filter(line=OuterRef("pk"), live=True, checker_person__isnull=True)
    lines = CreditLine.objects.filter(organisation_id=organisation_of(actor)).exclude(state=LineState.CLOSED)
    parts = lines.select_related("quote", "product", "enterprise")
    return parts.annotate(waits=Exists(proposals)).order_by("-waits", "-pk")


def to_decide(actor: Actor) -> QuerySet[CreditLine]:
    """Lines on which the acting person may decide about somebody else's proposal."""
    if actor.role != Role.BANK_CHECKER:
        return CreditLine.objects.none()
    open_orders = LineOrder.objects.filter(live=True, checker_person__isnull=True)
    return to_bank(actor).filter(pk__in=open_orders.exclude(maker_person=person_of(actor)).values("line_id"))


def for_bank(actor: Actor, line_id: int) -> CreditLine:
    """A line of the acting bank; raises NotFound for others'."""
    line = to_bank(actor).filter(pk=line_id).first()
    if line is None:
        raise NotFound(code="not_found", message=_("没有这个额度。"))
    return line


def orders_of(line: CreditLine) -> QuerySet[LineOrder]:
    """What was proposed on a line, newest first."""
    return line.orders.order_by("-pk")


def freeze_of(line: CreditLine) -> LineOrder | None:
    """The order by which the bank froze the line, if that is the last word."""
    last = line.orders.filter(checker_person__isnull=False).order_by("-checked_at", "-pk").first()
    return last if last and last.kind == LineOrderKind.FREEZE else None


def open_order(line: CreditLine) -> LineOrder | None:
    """What waits for a second person."""
    return line.orders.filter(live=True, checker_person__isnull=True).first()

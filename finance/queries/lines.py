from __future__ import annotations

from django.db.models import QuerySet

from ..models import CreditLine, LineOrder
from ..states import LineOrderKind, LineState


def of_enterprise(enterprise_id: int) -> QuerySet[CreditLine]:
    """Lines that are not closed."""
    lines = CreditLine.objects.filter(enterprise_id=enterprise_id).exclude(state=LineState.CLOSED)
    return lines.select_related("quote", "product__organisation")


def of_product(enterprise_id: int, product_id: int) -> CreditLine | None:
    return of_enterprise(enterprise_id).filter(product_id=product_id).first()


def freeze_of(line: CreditLine) -> LineOrder | None:
    """The order by which the bank froze the line, if that is the last word."""
    last = line.orders.filter(checker_person__isnull=False).order_by("-checked_at", "-pk").first()
    return last if last and last.kind == LineOrderKind.FREEZE else None


def open_order(line: CreditLine) -> LineOrder | None:
    """What waits for a second person."""
    return line.orders.filter(live=True, checker_person__isnull=True).first()

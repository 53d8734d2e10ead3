from __future__ import annotations

from django.db.models import QuerySet

from ..models import CreditLine
from ..states import LineState


def of_enterprise(enterprise_id: int) -> QuerySet[CreditLine]:
    """Lines that are not closed."""
    lines = CreditLine.objects.filter(enterprise_id=enterprise_id).exclude(state=LineState.CLOSED)
    return lines.select_related("quote", "product__organisation")


def of_product(enterprise_id: int, product_id: int) -> CreditLine | None:
    return of_enterprise(enterprise_id).filter(product_id=product_id).first()

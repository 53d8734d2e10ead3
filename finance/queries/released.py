"""Totals of loans that may be shown to everybody: nothing below three enterprises."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Sum

from ..models import Disbursement
from .reports import HEADLINE_GROUP


@dataclass(frozen=True, slots=True)
class Loans:
    """Money that banks have paid out, confirmed by two persons, in yuan."""

    enterprises: int
    amount: Decimal


def loans() -> Loans | None:
    """Of the park entered; None while fewer than HEADLINE_GROUP enterprises stand behind the sum."""
    found = Disbursement.objects.filter(checker_person__isnull=False).aggregate(
        enterprises=Count("application__enterprise", distinct=True), amount=Sum("amount")
    )
    if found["enterprises"] < HEADLINE_GROUP:
        return None
    return Loans(found["enterprises"], found["amount"])

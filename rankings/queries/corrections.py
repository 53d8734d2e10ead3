"""Correction orders with what they did, and the figures an order may change."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from enterprises.queries import provenance
from innovscore.core.money import yuan_to_wan
from scoring.queries.schemes import name_of, scheme_of

from ..models import CorrectionOrder, Objection

CENT_OF_WAN = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Figure:
    """One input of the firm that holds an amount: code, name, value now in the unit shown."""

    code: str
    name: str
    value: Decimal | None
    unit: str
    is_money: bool


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order with its figure in words."""

    order: CorrectionOrder
    name: str
    before: Decimal | None
    after: Decimal
    unit: str


def figures(objection: Objection) -> list[Figure]:
    """Amounts of the firm that an objection is about, in 万元 for money; empty when it names no firm."""
    if objection.about_id is None:
        return []
    scheme = scheme_of(objection.edition.cycle.scheme_version)
    codes = [item.code for item in scheme.inputs if not item.is_list]
    found = provenance.of_firm(
        cycle_id=objection.edition.cycle_id, enterprise_id=objection.about_id, codes=codes
    )
    if found is None:
        return []
    return [
        Figure(
            origin.value.code,
            name_of(scheme.input_by_code[origin.value.code]),
            _shown(scheme, origin.value.code, origin.value.amount),
            _unit(scheme, origin.value.code),
            _is_money(scheme, origin.value.code),
        )
        for origin in found.origins
    ]


def _is_money(scheme: Any, code: str) -> bool:
    return bool(scheme.input_by_code[code].type == "money")


def _unit(scheme: Any, code: str) -> str:
    return _("万元") if _is_money(scheme, code) else str(scheme.input_by_code[code].unit)


def _shown(scheme: Any, code: str, amount: Decimal | None) -> Decimal | None:
    """To the cent: who approves an order must see the very figure."""
    if amount is None or not _is_money(scheme, code):
        return amount
    return yuan_to_wan(amount).quantize(CENT_OF_WAN)


def orders() -> list[OrderLine]:
    """Orders of the park entered, waiting ones first, newest first."""
    rows = CorrectionOrder.objects.select_related(
        "objection__edition__cycle__scheme_version", "enterprise", "run", "snapshot"
    )
    found = []
    for order in sorted(rows, key=lambda row: (row.state != "proposed", -row.number)):
        scheme = scheme_of(order.objection.edition.cycle.scheme_version)
        item = scheme.input_by_code.get(order.code)
        found.append(
            OrderLine(
                order,
                name_of(item) if item else order.code,
                _shown(scheme, order.code, order.old_amount),
                _shown(scheme, order.code, order.amount) or Decimal(0),
                _unit(scheme, order.code),
            )
        )
    return found


def waiting(year: int) -> int:
    """Orders of a year's boards that wait for approval."""
    return CorrectionOrder.objects.filter(state="proposed", objection__edition__cycle__year=year).count()

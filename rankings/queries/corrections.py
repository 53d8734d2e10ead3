"""Correction orders with what they did, and what of a firm an order may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from enterprises.queries import provenance
from enterprises.queries.declarations import Item, Section, sections
from enterprises.rules import RowChanges, row_changes
from innovscore.core.problems import NotFound
from scoring.queries.schemes import name_of, scheme_of

from ..models import CorrectionOrder, Objection


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order with what it changes in words: a figure, or the rows of a list."""

    order: CorrectionOrder
    name: str
    input: Any
    rows: RowChanges

    @property
    def is_list(self) -> bool:
        return self.order.entries is not None

    @property
    def is_money(self) -> bool:
        return bool(self.input and self.input.type == "money")


def correctable(objection: Objection) -> list[Section]:
    """What the firm that an objection is about declared, by dimension; empty when it names no firm."""
    found = provenance.of_firm(
        cycle_id=objection.edition.cycle_id, enterprise_id=objection.about_id or 0, codes=[]
    )
    return sections(found.declaration) if found else []


def item_of(objection: Objection, code: str) -> Item:
    """One input of the firm that an objection is about. Raises NotFound."""
    for section in correctable(objection):
        for item in section.items:
            if item.value.code == code:
                return item
    raise NotFound(code="no_such_value", message=_("这家企业当年没有这个数据项。"))


def orders() -> list[OrderLine]:
    """Orders of the park entered, waiting ones first, newest first."""
    rows = CorrectionOrder.objects.select_related(
        "objection__edition__cycle__scheme_version", "enterprise", "run", "snapshot"
    )
    return [_line(order) for order in sorted(rows, key=lambda row: (row.state != "proposed", -row.number))]


def _line(order: CorrectionOrder) -> OrderLine:
    item = scheme_of(order.objection.edition.cycle.scheme_version).input_by_code.get(order.code)
    return OrderLine(
        order, name_of(item) if item else order.code, item, row_changes(order.old_entries, order.entries)
    )


def waiting(year: int) -> int:
    """Orders of a year's boards that wait for approval."""
    return CorrectionOrder.objects.filter(state="proposed", objection__edition__cycle__year=year).count()

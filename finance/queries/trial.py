"""A product version beside the one in force, before anybody activates it: who would be quoted how much more or less.

The inputs of the quotes in force are priced again; nothing is stored and nothing changes (shadow mode).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, JSONField, QuerySet, TextField, Value
from django.db.models.expressions import Func
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy

from .. import rules
from ..models import ProductVersion, Quote
from ..states import QuoteState
from .pricing import requoted

MILLION, CENT = Decimal(1_000_000), Decimal("0.01")
BANDS = (
    (-MILLION, gettext_lazy("减少 100 万元及以上")),
    (-CENT, gettext_lazy("减少不足 100 万元")),
    (rules.ZERO, gettext_lazy("不变")),
    (MILLION - CENT, gettext_lazy("增加不足 100 万元")),
    (Decimal("Infinity"), gettext_lazy("增加 100 万元及以上")),
)
"""Changes of a quote in yuan by what they do not exceed."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Quotes in force, their sum and what they would sum to, in yuan; how many enterprises by change."""

    count: int
    now: Decimal
    tried: Decimal
    bands: Sequence[tuple[str, int]]

    @property
    def labels(self) -> list[str]:
        return [label for label, _count in self.bands]

    @property
    def counts(self) -> list[int]:
        return [count for _label, count in self.bands]


def in_force(version: ProductVersion) -> QuerySet[Quote]:
    """Quotes in force of the version's product."""
    return Quote.objects.filter(product_id=version.product_id, state=QuoteState.LIVE)


def under(version: ProductVersion, quotes: QuerySet[Quote]) -> QuerySet[Any]:
    """The quotes, each with `tried` (what the version gives) and `difference`, in yuan."""
    tried = {
        str(pk): str(requoted(inputs, version).amount) for pk, inputs in quotes.values_list("pk", "inputs")
    }
    money: DecimalField[Decimal, Decimal] = DecimalField(max_digits=18, decimal_places=2)
    found = Func(
        Value(tried, JSONField()),
        Cast(F("pk"), TextField()),
        function="jsonb_extract_path_text",
        output_field=TextField(),
    )
    rows = quotes.select_related("enterprise").annotate(tried=Cast(found, money))
    return rows.annotate(difference=F("tried") - F("amount")).order_by("difference", "pk")


def totals(quotes: QuerySet[Any]) -> Totals:
    rows = list(quotes.values_list("amount", "tried", "difference"))
    counts = dict.fromkeys((str(label) for _most, label in BANDS), 0)
    for _now, _tried, difference in rows:
        counts[str(next(label for most, label in BANDS if difference <= most))] += 1
    return Totals(
        len(rows), sum((now for now, _t, _d in rows), rules.ZERO), sum((tried for _n, tried, _d in rows), rules.ZERO),
        list(counts.items()),
    )  # fmt: skip

"""How the quotes in force are spread over stages, sizes and ages of enterprises: does the formula leave a kind of firm behind?"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.dates import whole_years
from parks.clock import db_today
from scoring.queries.standing import published_stages

from ..models import Quote
from ..states import QuoteState
from .applications import SMALL_GROUP

SIZES = (
    (Decimal(20_000_000), gettext_lazy("营业收入不足 2,000 万元")),
    (Decimal(100_000_000), gettext_lazy("营业收入 2,000 万元至 1 亿元")),
    (Decimal("Infinity"), gettext_lazy("营业收入 1 亿元及以上")),
)
AGES = (
    (3, gettext_lazy("成立不足 3 年")),
    (10, gettext_lazy("成立 3 至 9 年")),
    (10_000, gettext_lazy("成立 10 年及以上")),
)
"""Kinds of enterprises by what they stay below."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One kind of enterprise: how many quotes, their quartiles in yuan; None when fewer than SMALL_GROUP firms stand behind it."""

    label: str
    count: int | None = None
    quartiles: tuple[Decimal, ...] = ()


def spreads() -> list[tuple[str, list[Spread]]]:
    """By stage, size and age: the quote in force of each enterprise and product."""
    quotes = list(Quote.objects.filter(state=QuoteState.LIVE).select_related("enterprise"))
    today, stages = db_today(), published_stages()

    def age(quote: Quote) -> str:
        founded = quote.enterprise.founded_on
        return str(_kind(whole_years(founded, today), AGES)) if founded else _("成立日期不详")

    def size(quote: Quote) -> str:
        revenue = quote.inputs["revenue"]
        return str(_kind(Decimal(revenue[0]), SIZES)) if revenue else _("营业收入不详")

    return [
        (
            _("按发展阶段"),
            _by(quotes, lambda quote: stages.get(quote.inputs["stage"], quote.inputs["stage"])),
        ),
        (_("按规模"), _by(quotes, size)),
        (_("按成立年限"), _by(quotes, age)),
    ]


def _kind(value: Decimal | int, kinds: tuple[tuple[Decimal | int, object], ...]) -> object:
    return next(label for below, label in kinds if value < below)


def _by(quotes: list[Quote], kind: Callable[[Quote], str]) -> list[Spread]:
    groups: dict[str, list[Quote]] = {}
    for quote in quotes:
        groups.setdefault(kind(quote), []).append(quote)
    return [_spread(label, groups[label]) for label in sorted(groups)]


def _spread(label: str, quotes: list[Quote]) -> Spread:
    if len({quote.enterprise_id for quote in quotes}) < SMALL_GROUP:
        return Spread(label)
    quartiles = statistics.quantiles([quote.amount for quote in quotes], n=4, method="inclusive")
    return Spread(label, len(quotes), tuple(quartiles))

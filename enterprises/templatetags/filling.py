"""Small pieces of the declaration's pages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.queries.schemes import typed_unit
from parks.templatetags.numbers import count, wan

from ..models import VerificationDecision

register = template.Library()
register.filter("unit", typed_unit)
WIDTH, HEIGHT, GAP = 14, 24, 4


@register.simple_tag
def mini_strip(history: Sequence[tuple[int, Decimal | None]], is_money: bool) -> SafeString | str:
    """The last years of a figure as small bars, with the figures as the picture's text; nothing for one year only."""
    known = [(year, amount) for year, amount in history if amount is not None]
    if len(known) < 2:
        return ""
    top = max(abs(amount) for _year, amount in known) or Decimal(1)
    bars = [
        (
            number * (WIDTH + GAP),
            HEIGHT - tall,
            WIDTH,
            tall,
            "c-bar" if number == len(history) - 1 else "c-bar-muted",
        )
        for number, (_year, amount) in enumerate(history)
        if amount is not None
        for tall in [max(1, int(HEIGHT * max(amount, Decimal(0)) / top))]
    ]
    show: Any = wan if is_money else count
    label = _("近三年") + " " + "，".join(f"{year} {show(amount)}" for year, amount in known)
    return format_html(
        '<svg class="mini-strip" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        len(history) * (WIDTH + GAP), HEIGHT, len(history) * (WIDTH + GAP), HEIGHT, label, label,
        format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', bars),
    )  # fmt: skip


DECISIONS = {
    "accept": gettext_lazy("采信"), "keep": gettext_lazy("维持部门数据或不采信"), "adjust": gettext_lazy("调整"), "return": gettext_lazy("标记退回"),
    "undo": gettext_lazy("撤销"), "correct": gettext_lazy("按更正令更正"),
}  # fmt: skip


@register.filter
def decision_name(row: VerificationDecision) -> str:
    """What a reviewer did, in words."""
    return str(DECISIONS.get(row.decision, row.decision))


@register.filter
def plain_number(value: object, is_money: bool) -> str:
    """A figure as one types it: 万元 for money, no separators."""
    if value is None or value == "":
        return ""
    amount = Decimal(str(value))
    if is_money:
        amount /= 10_000
    return format(amount.normalize(), "f")

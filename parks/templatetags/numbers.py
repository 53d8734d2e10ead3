"""How figures are written: 万元 with two decimals, points, percent; a missing value is a dash, zero is 0."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()
MISSING = "—"
WAN = Decimal(10_000)


def _decimal(value: object) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _fixed(value: Decimal, places: int) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{rounded + 0:,.{places}f}"


@register.filter
def wan(value: object) -> str:
    """Yuan shown in 万元: 6880000 -> 688.00."""
    number = _decimal(value)
    return MISSING if number is None else _fixed(number / WAN, 2)


@register.filter
def yuan(value: object) -> str:
    """Yuan: 6880000 -> 6,880,000.00."""
    number = _decimal(value)
    return MISSING if number is None else _fixed(number, 2)


@register.filter
def points(value: object) -> str:
    """Points with two decimals."""
    number = _decimal(value)
    return MISSING if number is None else _fixed(number, 2)


@register.filter
def unlocalized(value: object) -> str:
    """A figure as an address or a field takes it: no separators, no zeros at the end."""
    number = _decimal(value)
    return "" if number is None else f"{number.normalize():f}"


@register.filter
def signed(value: object) -> str:
    """A change in points with its sign: +1.20, −0.35, 0.00."""
    number = _decimal(value)
    if number is None:
        return MISSING
    text = _fixed(abs(number), 2)
    return text if not number or text == "0.00" else f"{'+' if number > 0 else '−'}{text}"


@register.filter
def percent1(value: object) -> str:
    """A percentage with one decimal: 12.34 -> 12.3%."""
    number = _decimal(value)
    return MISSING if number is None else f"{_fixed(number, 1)}%"


@register.filter
def count(value: object) -> str:
    """A whole number with thousands separators; other numbers keep up to four decimals."""
    number = _decimal(value)
    if number is None:
        return MISSING
    return f"{number.normalize():,f}" if number != number.to_integral_value() else f"{int(number):,}"


@register.simple_tag
def money(value: object) -> SafeString | str:
    """万元 with the yuan beside it."""
    if _decimal(value) is None:
        return MISSING
    return format_html(
        '<span class="money"><span class="num">{} {}</span> <small class="muted">= {} {}</small></span>',
        wan(value),
        _("万元"),
        yuan(value),
        _("元"),
    )

"""Amounts of money: what people type, what is stored (yuan, Decimal), what is shown (万元)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation

WAN = Decimal(10_000)
CENT = Decimal("0.01")
UNITS = {"元": Decimal(1), "万元": WAN, "万": WAN, "亿元": WAN * WAN, "亿": WAN * WAN}
NUMBER = re.compile(r"^([+-]?\d+(?:\.\d+)?)(元|万元|万|亿元|亿|人|件|项|%)?$", re.ASCII)
THOUSANDS = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])", re.ASCII)
RANGE = re.compile(r"\d(?:元|万元|万|亿元|亿)?[~～至到—–-]+\d")
LARGEST = Decimal(10) ** 16


class NotANumber(ValueError):
    """The text is no number. `code` says why: empty, approximate, range, form, too_large, precision, count."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def clean(text: str) -> str:
    """ASCII digits and minus, no spaces, no thousands commas of either width.

    A comma that does not part thousands stays, so that "1,5" is refused and never read as 15.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text).replace("−", "-"))
    return THOUSANDS.sub(lambda found: found[0].replace(",", ""), plain)


def parse_number(text: str, *, places: int = 4) -> tuple[Decimal, str]:
    """The number and its unit ("" when none was typed). Raises NotANumber."""
    plain = clean(text)
    if not plain:
        raise NotANumber("empty")
    if any(mark in plain for mark in "约近余多"):
        raise NotANumber("approximate")
    if RANGE.search(plain):
        raise NotANumber("range")
    match = NUMBER.match(plain)
    if match is None:
        raise NotANumber("form")
    try:
        value = Decimal(match[1])
    except InvalidOperation as error:
        raise NotANumber("form") from error
    if abs(value) >= LARGEST:
        raise NotANumber("too_large")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > places:
        raise NotANumber("precision")
    return value, match[2] or ""


def parse_money(text: str, *, unit: str = "万元") -> Decimal:
    """Yuan from what was typed; `unit` is meant where none was typed. Raises NotANumber."""
    value, typed = parse_number(text, places=6)
    if typed and typed not in UNITS:
        raise NotANumber("form")
    yuan = value * UNITS[typed or unit]
    if yuan != yuan.quantize(CENT):
        raise NotANumber("precision")
    if abs(yuan) >= LARGEST:
        raise NotANumber("too_large")
    return yuan.quantize(CENT)


def parse_plain(text: str) -> Decimal:
    """A number that is no money; a unit of money or % is refused, never dropped. Raises NotANumber."""
    value, unit = parse_number(text)
    if unit in UNITS or unit == "%":
        raise NotANumber("form")
    return value


def parse_count(text: str) -> Decimal:
    """A whole number from 0 on. Raises NotANumber, `count` for anything below or between."""
    value = parse_plain(text)
    if value < 0 or value != value.to_integral_value():
        raise NotANumber("count")
    return value


def yuan_to_wan(yuan: Decimal) -> Decimal:
    """万元, exactly."""
    return yuan / WAN


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Rounded to so many places, halves away from zero (四舍五入)."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` not above `value` (value >= 0)."""
    return (value / step).to_integral_value(ROUND_DOWN) * step


def largest_remainder(
    total: Decimal, shares: Mapping[str, Decimal] | Sequence[tuple[str, Decimal]]
) -> dict[str, Decimal]:
    """Split an amount by shares (sum 1) to the cent, exactly; the largest remainders get the missing cents.

    Equal remainders are served in the order given. Raises ValueError when the amount is negative or finer than a cent.
    """
    if total < 0 or total != total.quantize(CENT):
        raise ValueError("the amount must be whole cents, not below zero")
    items = list(shares.items() if isinstance(shares, Mapping) else shares)
    exact = {name: total * share for name, share in items}
    parts = {name: value.quantize(CENT, ROUND_DOWN) for name, value in exact.items()}
    missing = int((total - sum(parts.values())) / CENT)
    order = sorted(items, key=lambda item: exact[item[0]] - parts[item[0]], reverse=True)
    for name, _share in order[:missing]:
        parts[name] += CENT
    return parts

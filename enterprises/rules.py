"""Pure rules of declarations: which values count, which checks of the scheme fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scoring.engine import Scheme
from scoring.engine.expressions import test_exact

WAN = Decimal(10_000)
UNITS = {"wan": WAN, "yuan": Decimal(1)}
SLIP, ROUND_SLIP = Decimal(1000), Decimal(100)
"""From which multiple of a known figure a unit slip is likely: for any figure, and for one that ends in 0000 as typed."""
APART = Decimal(20)
"""Percent by which two sources of the same figure may differ without words."""
RD_PER_HEAD = (Decimal(30_000), Decimal(1_000_000))
"""R&D expense per R&D staff that is plausible, yuan."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that fails: level E blocks, W needs an explanation. `codes` are the inputs it is about."""

    level: str
    code: str
    codes: tuple[str, ...]
    zh: str
    en: str
    flag: str = ""


def environment(scheme: Scheme, values: Mapping[str, Any]) -> dict[str, Decimal | None]:
    """Names of the scheme's expressions: money in its unit, counts, number of list items; None = missing.

    `values` has per input code an object with `amount` (yuan or units) and `entries`.
    """
    unit = UNITS[scheme.money_unit]
    found: dict[str, Decimal | None] = {}
    for item in scheme.inputs:
        value = values.get(item.code)
        if value is None:
            found[item.code] = None
        elif item.is_list:
            found[item.code] = None if value.entries is None else Decimal(len(value.entries))
        else:
            amount = value.amount
            found[item.code] = amount / unit if amount is not None and item.type == "money" else amount
    return found


def findings(scheme: Scheme, values: Mapping[str, Any]) -> list[Finding]:
    """All checks of the scheme that fail; a check over a missing value is not asked."""
    env = environment(scheme, values)
    failed = []
    for item in scheme.inputs:
        for check in item.checks:
            names = check.expression.names
            if any(env.get(name) is None for name in names):
                continue
            if not test_exact(check.expression, env):
                failed.append(Finding(check.level, item.code, names, check.zh, check.en, check.flag))
    return failed


def may_be_negative(item: Any) -> bool:
    """May a figure be below zero: no error check of its own forbids it."""
    below = {item.code: Decimal(-1)}
    own = [
        check for check in item.checks if check.level == "E" and set(check.expression.names) == {item.code}
    ]
    return item.type == "money" and all(test_exact(check.expression, below) for check in own)


def may_not_apply(scheme: Scheme, code: str) -> bool:
    """May an input be declared not applicable: only where an indicator that uses it allows it."""
    return any(code in indicator.inputs and indicator.not_applicable for indicator in scheme.indicators)


def unit_slip(amount: Decimal | None, known: Decimal | None) -> bool:
    """Was a figure probably typed in yuan where 万元 was meant? Compared with last year's or the department's figure.

    Both in yuan. A figure a thousand times the known one, or a hundred times when it ends in four zeros of 万元.
    """
    if not amount or not known or known <= 0 or amount <= 0:
        return False
    ratio = amount / known
    ends_round = amount % (WAN * WAN) == 0
    return ratio >= SLIP or (ratio > ROUND_SLIP and ends_round)


def column_slip(compared: int, large: int, small: int) -> int:
    """Is a whole column in the wrong unit: 1 when most figures that can be compared slip upwards, -1 downwards, else 0."""
    most = max(large, small)
    if not most or 2 * most <= compared:
        return 0
    return 1 if large >= small else -1


def difference(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """How far two figures of the same thing are apart, in percent of the larger; None when one is missing."""
    if one is None or other is None:
        return None
    larger = max(abs(one), abs(other))
    return Decimal(0) if larger == 0 else abs(one - other) / larger * 100


def rd_per_head_odd(rd_expense: Decimal | None, rd_staff: Decimal | None) -> Decimal | None:
    """R&D expense per R&D staff in yuan when it is below 3 or above 100 万元, else None."""
    if not rd_expense or not rd_staff:
        return None
    per_head = rd_expense / rd_staff
    return per_head if per_head < RD_PER_HEAD[0] or per_head > RD_PER_HEAD[1] else None

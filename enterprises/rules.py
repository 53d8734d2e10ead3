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


def may_not_apply(scheme: Scheme, code: str) -> bool:
    """May an input be declared not applicable: only where an indicator that uses it allows it."""
    return any(code in indicator.inputs and indicator.not_applicable for indicator in scheme.indicators)

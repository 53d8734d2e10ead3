"""The test cases that a rule carries with it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .language import Rule
from .results import result_for


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a rule: what it should say and what it says; amounts in 万元."""

    name: str
    wanted: str
    wanted_wan: Decimal | None
    outcome: str
    wan: Decimal

    @property
    def is_green(self) -> bool:
        return self.outcome == self.wanted and self.wanted_wan in (None, self.wan)


def run_tests(rule: Rule) -> list[Case]:
    """Every case against the rule; of a firm that is not eligible the amount is 0."""
    return [_run(rule, one) for one in rule.body["tests"]]


def _run(rule: Rule, case: dict[str, Any]) -> Case:
    known = {"enterprise": Decimal(1)} | {
        name: None if value is None else Decimal(str(int(value) if isinstance(value, bool) else value))
        for name, value in case["facts"].items()
    }
    found = result_for(rule, known)
    wanted = case.get("amount_wan")
    wan = found.yuan / 10_000 if found.outcome == "eligible" else Decimal(0)
    return Case(
        str(case["name"]),
        str(case["outcome"]),
        None if wanted is None else Decimal(str(wanted)),
        found.outcome,
        wan,
    )

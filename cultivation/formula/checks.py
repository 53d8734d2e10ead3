"""The test cases that a rule carries with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .results import ELIGIBLE, Known, Result, paying, result_for, values_of
from .rule import Amount, Rule


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a rule: what it should say, what it says and why; amounts in 万元."""

    name: str
    wanted: str
    wanted_wan: Decimal | None
    outcome: str
    wan: Decimal
    why: str
    paid_by: Amount | None

    @property
    def is_green(self) -> bool:
        return self.outcome == self.wanted and self.wanted_wan in (None, self.wan)


def run_tests(rule: Rule, language: str = "zh") -> list[Case]:
    """Every case against the rule; of a firm that is not eligible the amount is 0."""
    return [_run(rule, one, language) for one in rule.body["tests"]]


def untried(rule: Rule, cases: Sequence[Case]) -> list[int]:
    """The tiers of the amount, from 1, by which no case is paid: not tried, or never reached since one before always holds."""
    paid = [case.paid_by for case in cases if case.outcome == ELIGIBLE]
    return [number for number, one in enumerate(rule.amounts, 1) if len(rule.amounts) > 1 and one not in paid]


def _run(rule: Rule, case: dict[str, Any], language: str) -> Case:
    known: Known = {"enterprise": Decimal(1)} | {
        name: None if value is None else Decimal(str(int(value) if isinstance(value, bool) else value))
        for name, value in case["facts"].items()
    }
    found = result_for(rule, known, language)
    wanted = case.get("amount_wan")
    wan = found.yuan / 10_000 if found.outcome == ELIGIBLE else Decimal(0)
    return Case(
        str(case["name"]),
        str(case["outcome"]),
        None if wanted is None else Decimal(str(wanted)),
        found.outcome,
        wan,
        _why(found),
        paying(rule, values_of(rule, known)),
    )


def _why(found: Result) -> str:
    """The data that is missing, else the first condition that fails with its figures, else the computation."""
    failed = next((one for one in found.checks if one.state == "not_met"), None)
    if found.missing or not failed:
        return "、".join(found.missing) or " ".join(found.steps)
    return " ".join([failed.text, *(f"{label} {value}" for label, value in failed.figures)])

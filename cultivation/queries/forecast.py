"""Rules over all firms of the park: the rows of a run, and what a version would cost, and for whom, before it is released."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.db.models import BooleanField, DecimalField, Func, JSONField, QuerySet, TextField, Value
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast

from enterprises.queries import enterprises
from scoring.queries import standing

from .. import formula
from ..wording import language
from . import matching_facts


@dataclass(frozen=True, slots=True)
class Row:
    """A firm that a rule pays `amount` (yuan), that misses one condition (`gap`), or that stands on the rung."""

    firm: matching_facts.Firm
    is_eligible: bool
    is_held: bool
    amount: int | None
    gap: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule over firms: its rows, and how many firms it is unknown of, and not eligible beyond one condition."""

    rows: list[Row]
    unknown: int
    others: int

    def count(self, **said: bool) -> int:
        return sum(all(bool(getattr(row, name)) == want for name, want in said.items()) for row in self.rows)

    @property
    def eligible(self) -> int:
        return self.count(is_eligible=True, is_held=False)

    @property
    def near(self) -> int:
        return self.count(gap=True)

    @property
    def total(self) -> Decimal:
        return Decimal(sum(row.amount or 0 for row in self.rows))


def columns(names: Iterable[str], firms: Sequence[matching_facts.Firm]) -> formula.Columns:
    return formula.Columns(len(firms), {name: [one.known.get(name) for one in firms] for name in names})


def judge(
    rule: formula.Rule, known: formula.Columns, firms: Sequence[matching_facts.Firm], words: str = "zh"
) -> Judged:
    """Who stands on a rung already is not counted among those who could."""
    outcome = formula.judge(rule, known)
    held = np.array([bool(rule.level and one.known.get(rule.level)) for one in firms], bool)
    yes, near = outcome.yes & ~held, np.where(held, -1, outcome.near)
    rows = []
    for number in (held | yes | (near >= 0)).nonzero()[0].tolist():
        one, gap = firms[number], None
        if near[number] >= 0:
            failed = formula.failed_check(rule, int(near[number]), one.known, words)
            gap = {"text": failed.text, "gap": failed.gap, "figures": [list(pair) for pair in failed.figures]}
        amount = int(outcome.yuan[number]) if yes[number] and rule.amounts else None
        rows.append(Row(one, bool(outcome.yes[number]), bool(held[number]), amount, gap))
    unknown = int((~outcome.yes & ~outcome.no & ~held).sum())
    return Judged(rows, unknown, len(firms) - len(rows) - unknown)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a policy would cost on the last verified data; amounts in yuan, stages by name."""

    firms: int
    judged: Judged
    budget: Decimal | None
    names: dict[str, str]

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.judged.total

    @property
    def stages(self) -> dict[str, tuple[int, Decimal]]:
        """Eligible firms of each stage and their sum."""
        found: dict[str, tuple[int, Decimal]] = {}
        for row in self.judged.rows:
            if row.is_eligible:
                n, total = found.get(stage := self._stage(row), (0, Decimal(0)))
                found[stage] = (n + 1, total + (row.amount or 0))
        return dict(sorted(found.items()))

    def _stage(self, row: Row) -> str:
        return self.names.get(row.firm.stage, row.firm.stage)

    def rows(self) -> QuerySet[Any]:
        """The firms themselves with `stage`, `is_eligible`, `amount` and `gap`, the most money first."""
        said = {
            row.firm.id: {
                "stage": self._stage(row), "is_eligible": row.is_eligible, "amount": row.amount, "gap": row.gap
            }
            for row in self.judged.rows
        }  # fmt: skip
        own = Func(
            Value(said, JSONField()), Cast("pk", TextField()), template="(%(expressions)s)", arg_joiner=" -> "
        )
        rows = enterprises.members().filter(pk__in=said).annotate(said=Cast(own, JSONField()))
        return rows.annotate(
            stage=KT("said__stage"),
            is_eligible=Cast(KT("said__is_eligible"), BooleanField()),
            amount=Cast(KT("said__amount"), DecimalField(max_digits=18, decimal_places=2)),
            gap=KeyTransform("gap", "said"),
        ).order_by("-is_eligible", "-amount", "name", "pk")


def forecast(rule: formula.Rule) -> Forecast:
    """The cost of a policy before it is issued, and the firms behind it."""
    firms = matching_facts.firms()
    budget = rule.body.get("budget_wan")
    return Forecast(
        firms=len(firms),
        judged=judge(rule, columns(rule.names, firms), firms, language()),
        budget=None if budget is None else Decimal(str(budget)) * matching_facts.WAN,
        names=standing.published_stages(),
    )

"""A rule as it is judged: names, figures made of others, conditions, amounts and caps."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from scoring.engine.expressions import Expression

from .vocabulary import NAMES


@dataclass(frozen=True, slots=True)
class Name:
    """A figure that the firm adds, and the paper that shows it."""

    code: str
    label: str
    unit: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Tier:
    """What a figure is where `when` holds (none = always)."""

    of: Expression
    when: Expression | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure that a rule makes of others; of its tiers the first that holds counts."""

    code: str
    label: str
    unit: str
    tiers: tuple[Tier, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names it is made of."""
        texts = [text for one in self.tiers for text in (one.when, one.of) if text]
        return tuple(dict.fromkeys(name for text in texts for name in text.names))


@dataclass(frozen=True, slots=True)
class Condition:
    text: str
    test: Expression
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """One way to pay: `pays` 万元 for each `per` of the base `of`, for whole steps only where it says so.

    A fixed amount is paid for a base of 1, a rate is paid per 1 of its base. `when` none = always.
    """

    kind: str
    of: Expression
    pays: Decimal
    per: Decimal
    whole: bool
    when: Expression | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many 万元, where `when` holds."""

    wan: Decimal
    when: Expression | None = None
    text: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule that may be judged. `body` is what was written, as plain data; money in 万元."""

    body: Mapping[str, Any]
    code: str
    title: str
    inputs: tuple[Name, ...]
    derived: tuple[Derived, ...]
    conditions: tuple[Condition, ...]
    amounts: tuple[Amount, ...]
    caps: tuple[Cap, ...]
    any_of: tuple[str, ...] = ()
    names: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        """What it is for: money (policy), a rung of the ladder (rung), or a platform's next level (upgrade)."""
        return next((kind for kind in ("rung", "upgrade") if kind in self.body), "policy")

    @property
    def level(self) -> str:
        """The qualification that a rung stands for; empty for other rules."""
        return str(self.body.get("rung", {}).get("level", ""))

    @property
    def period_label(self) -> str:
        return str(self.body["period"]["label"])

    @property
    def period(self) -> str:
        """The label without spaces and full-width letters: however it is written, it is the same period."""
        return re.sub(r"\s", "", unicodedata.normalize("NFKC", self.period_label))

    @property
    def subject(self) -> str:
        """What a firm is paid for once: the stacking group, or the rule itself, in its period."""
        return f"{self.body.get('stacking', {}).get('group', self.code)}:{self.period}"

    @property
    def not_with(self) -> tuple[str, ...]:
        """Schemes of public money that a firm may not hold in the same year."""
        return tuple(self.body.get("stacking", {}).get("not_with", ()))

    @property
    def up_to(self) -> bool:
        return bool(self.body.get("amount", {}).get("up_to"))

    def day(self, which: str) -> dt.date | None:
        text = self.body["period"].get(which)
        return dt.date.fromisoformat(text) if text else None

    @property
    def own(self) -> dict[str, Name | Derived]:
        """The names that only this rule knows."""
        names: list[Name | Derived] = [*self.inputs, *self.derived]
        return {one.code: one for one in names}

    def unit(self, name: str) -> str:
        own = self.own.get(name)
        return own.unit if own else NAMES[name].unit

    def label(self, name: str, language: str = "zh") -> str:
        own = self.own.get(name)
        if own:
            return own.label
        return NAMES[name].label(language)

    def roots(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names outside the rule's own formulas that these names are made of, in the order of reading."""
        made = {one.code: one for one in self.derived}
        found = (
            root for name in names for root in (self.roots(made[name].names) if name in made else (name,))
        )
        return tuple(dict.fromkeys(found))

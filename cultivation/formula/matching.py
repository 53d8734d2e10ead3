"""One rule over many firms at once: three-valued conditions and exact amounts.

Every column is a pair of object arrays of Python integers, numerator and denominator; denominator 0 = not known. The same
code judges one firm and thousands, so that a page and a run cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.engine.expressions import Expression, Node, Rational, evaluate_rational

from .rule import Amount, Derived, Rule, Tier
from .vocabulary import PAST

WAN = 10_000
_COMPARE: dict[str, Any] = {
    "<": lambda d: d < 0, "<=": lambda d: d <= 0, ">": lambda d: d > 0, ">=": lambda d: d >= 0, "==": lambda d: d == 0, "!=": lambda d: d != 0,
}  # fmt: skip
Truth = tuple[NDArray, NDArray]
"""Where it is certainly so, and where it is certainly not; elsewhere it is unknown."""


class Columns:
    """What is known of some firms, by name; a name that is absent is unknown of all. Truths are worked out once per text."""

    def __init__(self, size: int, values: Mapping[str, Sequence[Decimal | None]]) -> None:
        self.size = size
        self.known = {name: _column(column) for name, column in values.items()}
        self._nothing: Rational = (np.zeros(size, object), np.zeros(size, object))
        self._truths: dict[str, Truth] = {}

    def env(self, rule: Rule) -> dict[str, Rational]:
        """The names a rule reads, its own formulas included."""
        env = {name: self.known.get(name, self._nothing) for name in rule.names}
        for one in rule.derived:
            for name in one.names:
                env.setdefault(name, self.known.get(name, self._nothing))
            env[one.code] = self._tiered(one.tiers, env)
        return env

    def made(self, one: Derived) -> Rational:
        """A figure that is made of what is known."""
        return self._tiered(one.tiers, {name: self.known.get(name, self._nothing) for name in one.names})

    def _tiered(self, tiers: Sequence[Tier], env: Mapping[str, Rational]) -> Rational:
        """Of each firm the first tier that holds; unknown where that cannot be told or none holds."""
        if len(tiers) == 1 and tiers[0].when is None:
            return self._spread(evaluate_rational(tiers[0].of, env))
        n, d, settled = (*self._nothing, np.zeros(self.size, bool))
        for tier in tiers:
            yes, no = self.judged(tier.when.root, env) if tier.when else self.all_true()
            figure = self._spread(evaluate_rational(tier.of, env))
            here = ~settled & yes
            n, d = (np.where(here, new, old) for new, old in zip(figure, (n, d), strict=True))
            settled |= ~no
        return n, d

    def truth(self, test: Expression, env: Mapping[str, Rational], *, shared: bool) -> Truth:
        """`shared`: every name of the test means the same in all rules, so the answer may be kept."""
        if not shared:
            return self.judged(test.root, env)
        if test.text not in self._truths:
            self._truths[test.text] = self.judged(test.root, env)
        return self._truths[test.text]

    def judged(self, node: Node, env: Mapping[str, Rational]) -> Truth:
        if node.kind == "not":
            yes, no = self.judged(node.args[0], env)
            return no, yes
        if node.kind in ("and", "or"):
            (a, not_a), (b, not_b) = (self.judged(arg, env) for arg in node.args)
            return (a & b, not_a | not_b) if node.kind == "and" else (a | b, not_a & not_b)
        left, right = (self.number(arg, env) for arg in node.args)
        known = np.asarray(left[1] * right[1] != 0, bool)
        holds = np.asarray(_COMPARE[node.kind](left[0] * right[1] - right[0] * left[1]), bool)
        return holds & known, ~holds & known

    def number(self, node: Node, env: Mapping[str, Rational]) -> Rational:
        return self._spread(evaluate_rational(Expression("", node, (), False), env))

    def _spread(self, value: Rational) -> Rational:
        """A constant as a column."""
        n, d = (np.asarray(part, object) for part in value)
        return (np.full(self.size, n[()], object) if n.ndim == 0 else n), (
            np.full(self.size, d[()], object) if d.ndim == 0 else d
        )

    def all_true(self) -> Truth:
        return np.ones(self.size, bool), np.zeros(self.size, bool)


def _column(values: Sequence[Decimal | None]) -> Rational:
    pairs = [(0, 0) if value is None else value.as_integer_ratio() for value in values]
    n, d = np.empty(len(pairs), object), np.empty(len(pairs), object)
    n[:], d[:] = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return n, d


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of each firm: eligible, certainly not eligible (neither = unknown), the amount in yuan, and the truth of each condition.

    `checks` are the applicability (if the rule names any), the conditions, and that the amount is above zero (of a rule
    that pays nothing: always so). `lost` are the numbers of conditions that nobody can still meet who fails them.
    """

    yes: NDArray
    no: NDArray
    yuan: NDArray
    checks: tuple[Truth, ...]
    lost: tuple[int, ...] = ()

    @property
    def near(self) -> NDArray:
        """The number of the one condition that fails and can still be met, while all others hold; -1 elsewhere."""
        conditions = self.checks[:-1]
        if not conditions:
            return np.full(len(self.yes), -1)
        failed = np.array([no for _yes, no in conditions])
        held = np.array([yes for yes, _no in conditions])
        one = (failed.sum(axis=0) == 1) & (held.sum(axis=0) == len(held) - 1)
        number = failed.argmax(axis=0)
        return np.where(one & ~np.isin(number, self.lost), number, -1)


def judge(rule: Rule, columns: Columns) -> Outcomes:
    """A rule over all firms of the columns."""
    env = columns.env(rule)
    own = rule.own.keys()
    checks = [_any_of(rule, columns, env)] if rule.any_of else []
    checks += [columns.truth(one.test, env, shared=not own & set(one.test.names)) for one in rule.conditions]
    yuan, known = _amount(rule, columns, env)
    paid = np.asarray(yuan > 0, bool)
    checks.append((known & paid, known & ~paid) if rule.amounts else columns.all_true())
    yes, no = checks[0]
    for also, not_so in checks[1:]:
        yes, no = yes & also, no | not_so
    first = int(bool(rule.any_of))
    lost = tuple(i for i, one in enumerate(rule.conditions, first) if PAST.issuperset(one.test.names))
    return Outcomes(yes, no, yuan, tuple(checks), lost)


def _any_of(rule: Rule, columns: Columns, env: Mapping[str, Rational]) -> Truth:
    truths = []
    for name in rule.any_of:
        n, d = env[name]
        known = np.asarray(d != 0, bool)
        truths.append((known & np.asarray(n != 0, bool), known & np.asarray(n == 0, bool)))
    yes, no = truths[0]
    for also, not_so in truths[1:]:
        yes, no = yes | also, no & not_so
    return yes, no


def _amount(rule: Rule, columns: Columns, env: Mapping[str, Rational]) -> tuple[NDArray, NDArray]:
    """Whole yuan, and where they are known. Of tiers and caps the first that holds counts; of no tier comes 0."""
    yuan, settled, known = (
        np.zeros(columns.size, object),
        np.zeros(columns.size, bool),
        np.zeros(columns.size, bool),
    )
    for amount in rule.amounts:
        yes, no = columns.judged(amount.when.root, env) if amount.when else columns.all_true()
        n, d = _paid(amount, columns, env)
        here = ~settled & yes
        paid = np.where(np.asarray(d != 0, bool), n * WAN // np.where(np.asarray(d != 0, bool), d, 1), 0)
        yuan = np.where(here, paid, yuan)
        known |= here & np.asarray(d != 0, bool)
        settled |= ~no
    known |= ~settled
    yuan = np.where(np.asarray(yuan > 0, bool), yuan, 0)
    settled = np.zeros(columns.size, bool)
    for cap in rule.caps:
        yes, no = columns.judged(cap.when.root, env) if cap.when else columns.all_true()
        here = ~settled & yes
        yuan = np.where(here & np.asarray(yuan > int(cap.wan * WAN), bool), int(cap.wan * WAN), yuan)
        known &= settled | yes | no
        settled |= ~no
    return yuan, known


def _paid(amount: Amount, columns: Columns, env: Mapping[str, Rational]) -> Rational:
    """万元 of one tier, before caps."""
    n, d = columns.number(amount.of.root, env)
    (per, per_of), (pays, pays_of) = amount.per.as_integer_ratio(), amount.pays.as_integer_ratio()
    n, d = n * per_of, d * per
    if amount.whole:
        known = np.asarray(d != 0, bool)
        n, d = n // np.where(known, d, 1), known.astype(object)
    return n * pays, d * pays_of

"""The ladder 梯度培育: where a firm stands, what it could become next and what is missing; the park's firms by rung."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse

from enterprises.rules import day_of
from innovscore.core import workdays
from innovscore.core.dates import add_years
from parks import workdays as parks_workdays
from parks.clock import db_today

from .. import formula
from ..models import Match, MatchRun, PolicyVersion
from ..states import RuleKind
from ..wording import language
from . import matching, matching_facts, policies

NEAR = dt.timedelta(days=180)
Clock = tuple[dt.date, Mapping[dt.date, bool]]
"""Today, and where the park's calendar departs from the official one."""


@dataclass(frozen=True, slots=True)
class Held:
    """A qualification that a firm has. `until` is its date and the years it is valid for; `left` are the working days to
    it, counted where it is near."""

    label: str
    name: str
    number: str
    since: dt.date | None
    until: dt.date | None
    is_over: bool
    left: int | None


@dataclass(frozen=True, slots=True)
class Lack:
    """Data that a condition needs: its name, and the page where the firm gives it (empty: to be tried in what-if)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Rung:
    """A rung and what its rule says of a firm; `held` while the firm stands on it."""

    version: PolicyVersion
    rule: formula.Rule
    result: formula.Result
    held: Held | None
    lacks: tuple[Lack, ...]

    @property
    def met(self) -> int:
        """How many of its conditions are met."""
        return sum(1 for one in self.result.checks if one.state == "met")

    @property
    def state(self) -> str:
        """held, ready, near (one condition fails), short (several fail, or a certain no), unknown."""
        if self.held:
            return "held"
        if self.result.near:
            return "near"
        return {"eligible": "ready", "unknown": "unknown"}.get(self.result.outcome, "short")


def rungs() -> list[PolicyVersion]:
    """The rungs in force, the lowest first."""
    return sorted(policies.in_force(RuleKind.RUNG), key=lambda one: one.rule["rung"]["order"])


def ladder(firm: matching_facts.Firm, park_code: str) -> list[Rung]:
    """Every rung of the park for one firm, the lowest first."""
    clock = _clock()
    return [rung(version, firm, park_code, clock) for version in rungs()]


def rung(
    version: PolicyVersion, firm: matching_facts.Firm, park_code: str, clock: Clock | None = None
) -> Rung:
    rule = policies.rule_of(version)
    result = formula.result_for(rule, firm.known, language())
    held = next((one for one in firm.qualifications if one.get("level") == rule.level), None)
    codes = dict.fromkeys(code for check in result.checks for code in check.lacks)
    return Rung(
        version, rule, result, _held(held, rule, clock or _clock()) if held else None,
        tuple(_lack(rule, code, firm.year, park_code) for code in codes),
    )  # fmt: skip


def _clock() -> Clock:
    return db_today(), parks_workdays.overrides()


def _held(entry: Mapping[str, str], rule: formula.Rule, clock: Clock) -> Held:
    today, overrides = clock
    since = day_of(entry.get("date", ""))
    until = valid_until(since, rule)
    is_near = until is not None and today < until <= today + NEAR
    left = workdays.working_days_between(today, until, overrides) if until and is_near else None
    is_over = until is not None and until <= today
    return Held(rule.title, entry.get("name", ""), entry.get("number", ""), since, until, is_over, left)


def valid_until(since: dt.date | None, rule: formula.Rule) -> dt.date | None:
    """The first day on which a qualification of this date is not valid any more; None where it does not end."""
    years = rule.body["rung"].get("valid_years")
    return None if since is None or years is None else add_years(since, years)


def _lack(rule: formula.Rule, code: str, year: int | None, park_code: str) -> Lack:
    fact = formula.FACTS.get(code)
    label = rule.label(code, language())
    where = {"park": park_code}
    if fact and fact.years:
        return Lack(label, reverse("cultivation:own_fact", kwargs=where | {"code": code}))
    if fact is None or not fact.sources:
        return Lack(label, "")
    if year is None:
        return Lack(label, reverse("enterprises:declarations", kwargs=where))
    item = {"year": year, "code": fact.sources[0]}
    return Lack(label, reverse("enterprises:item", kwargs=where | item))


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the park's funnel: firms on a rung, ready for it, one condition away, without data."""

    version: PolicyVersion
    held: int
    ready: int
    near: int
    unknown: int
    rest: int


def funnel(run: MatchRun | None) -> list[Step]:
    """The rungs that the last run judged, the lowest first."""
    found = matching.counts(run, RuleKind.RUNG) if run else []
    steps = [
        Step(one.version, one.held, one.eligible, one.near, one.unknown, one.not_eligible) for one in found
    ]
    return sorted(steps, key=lambda one: one.version.rule["rung"]["order"])


def firms(run: MatchRun | None) -> QuerySet[Match]:
    """Firms by rung in the last run: who is ready, who is one condition away, who stands on it."""
    rows = matching.matches(run, RuleKind.RUNG)
    return rows.order_by("is_held", "-is_eligible", "version__title", "enterprise__name", "pk")


def ending(
    firms_: Iterable[matching_facts.Firm], within: int
) -> list[tuple[matching_facts.Firm, PolicyVersion, Held]]:
    """Qualifications that end in at most so many working days, and have not ended."""
    by_level = {one.rule["rung"]["level"]: one for one in rungs()}
    clock = _clock()
    found = []
    for firm in firms_:
        for entry in firm.qualifications:
            version = by_level.get(entry.get("level", ""))
            if version is None:
                continue
            held = _held(entry, policies.rule_of(version), clock)
            if held.left is not None and held.left <= within:
                found.append((firm, version, held))
    return found

"""What a firm may claim: every policy in force judged at once, and what the last run over all firms found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound

from .. import formula
from ..models import Claim, CurrentMatch, Match, MatchRun, PolicyVersion
from ..states import OVER, RuleKind
from ..wording import language
from . import matching_facts, policies

KIND = "cultivation.match"
NEAREST = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A policy and what it says of a firm. `better` is the policy that pays more for the same thing (就高不重复)."""

    version: PolicyVersion
    rule: formula.Rule
    result: formula.Result
    claim: Claim | None = None
    better: str = ""

    @property
    def is_near(self) -> bool:
        """One condition is missing; everything else is known and met."""
        return self.result.near is not None

    @property
    def asks(self) -> bool:
        """Only data that the firm itself would add is missing."""
        return self.result.outcome == formula.UNKNOWN and not any(
            one.state == "not_met" for one in self.result.checks
        )

    @property
    def open(self) -> bool:
        """Whether it can be claimed now."""
        return self.result.outcome == formula.ELIGIBLE and self.claim is None and not self.better


@dataclass(frozen=True, slots=True)
class Overview:
    """Offers of a firm by kind; `total` (yuan) is what it may still claim."""

    eligible: list[Offer]
    near: list[Offer]
    unknown: list[Offer]
    others: list[Offer]
    total: Decimal


def offer(version: PolicyVersion, known: Mapping[str, Decimal | None], claim: Claim | None = None) -> Offer:
    rule = policies.rule_of(version)
    return Offer(version, rule, formula.result_for(rule, known, language()), claim)


def overview(enterprise_id: int, firm: matching_facts.Firm | None = None) -> Overview:
    """Every policy in force for one firm, best first; of policies for the same thing only the best counts."""
    firm = firm or matching_facts.firm(enterprise_id)
    claims = standing_claims(enterprise_id)
    offers = [
        offer(version, firm.known, claims.get(policies.rule_of(version).subject))
        for version in policies.in_force()
    ]
    eligible = highest(offers)
    rest = [one for one in offers if one.result.outcome != formula.ELIGIBLE]
    return Overview(
        eligible=eligible,
        near=[one for one in rest if one.is_near],
        unknown=[one for one in rest if one.asks and not one.is_near],
        others=[one for one in rest if not one.is_near and not one.asks],
        total=sum((one.result.yuan for one in eligible if one.open), Decimal(0)),
    )


def highest(offers: Iterable[Offer]) -> list[Offer]:
    """Those that pay, best first; of several for one thing the first counts 就高不重复, the others name it as `better`."""
    best: dict[str, Offer] = {}
    paying = (one for one in offers if one.result.outcome == formula.ELIGIBLE)
    found = []
    for one in sorted(paying, key=lambda one: (-one.result.yuan, one.version.title)):
        first = best.setdefault(one.rule.subject, one)
        found.append(one if first is one else replace(one, better=first.version.title))
    return found


def standing_claims(enterprise_id: int) -> dict[str, Claim]:
    """Claims of a firm that are not refused or withdrawn, by what they are for."""
    rows = Claim.objects.filter(enterprise_id=enterprise_id).exclude(state__in=OVER)
    return {row.subject: row for row in rows.select_related("version")}


def claimants(subject: str) -> set[int]:
    """Firms that have a claim for a thing which is not refused or withdrawn."""
    rows = Claim.objects.filter(subject=subject).exclude(state__in=OVER)
    return set(rows.values_list("enterprise_id", flat=True))


def current() -> MatchRun | None:
    pointer = CurrentMatch.objects.select_related("run").first()
    return pointer.run if pointer else None


@dataclass(frozen=True, slots=True)
class PolicyCount:
    """What the last run found of a rule; `total` in yuan, `held` = who stands on the rung."""

    version: PolicyVersion
    eligible: int
    near: int
    unknown: int
    not_eligible: int
    total: Decimal
    held: int = 0


def counts(run: MatchRun, kind: str = RuleKind.POLICY) -> list[PolicyCount]:
    """By rule of a kind, the most money first."""
    versions = PolicyVersion.objects.select_related("policy").filter(kind=kind)
    rows = versions.in_bulk([int(pk) for pk in run.counts])
    found = [
        PolicyCount(rows[int(pk)], eligible, near, unknown, rest, Decimal(total), sum(held))
        for pk, (eligible, near, unknown, rest, total, *held) in run.counts.items()
        if int(pk) in rows
    ]
    return sorted(found, key=lambda one: (-one.total, one.version.title))


def matches(run: MatchRun | None, kind: str = RuleKind.POLICY) -> QuerySet[Match]:
    """Firms and rules of a run: eligible ones with their amount, nearly eligible ones with the gap, who stands on a rung."""
    rows = Match.objects.filter(run=run, version__kind=kind) if run else Match.objects.none()
    return rows.select_related("version", "enterprise").order_by(
        "-is_eligible", "-amount", "enterprise__name", "pk"
    )


def get_run(run_id: int) -> MatchRun:
    run = MatchRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound(code="no_such_run", message=_("没有这次匹配。"))
    return run

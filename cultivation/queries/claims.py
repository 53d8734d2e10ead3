"""Reading claims: the firm's own, the office's queue, what the public is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Sum, When
from django.utils.translation import gettext as _

from enterprises.queries import enterprises, library, reviews
from innovscore.core import workdays as calendar
from innovscore.core.problems import NotFound
from parks import workdays
from parks.actors import Actor
from parks.clock import BEIJING, db_now, db_today
from parks.models import EvidenceFile, Park
from parks.roles import ENTERPRISE, FUND

from .. import formula
from ..models import Claim, ClaimEvent, ClaimNotice, ClaimPaper
from ..states import (
    CLAIM_STEPS,
    CLAIM_WORKING_DAYS,
    DISBURSED,
    MOST_RETURNS,
    NEVER_WAITS,
    OPEN,
    OTHER_THAN,
    OVER,
    PAYABLE,
    RESERVING,
    STEP_LABELS,
    ClaimState,
)
from ..wording import language
from . import matching_facts, policies

DRAFT = "cultivation.draft"
NOTICE_SHOWN = dt.timedelta(days=90)


def queue(actor: Actor | None = None) -> QuerySet[Claim]:
    """Claims that the office has or had; drafts are the firm's own affair, and a fund sees what is to be paid only."""
    rows = Claim.objects.exclude(state="draft").exclude(state="withdrawn", submitted_at__isnull=True)
    if actor is not None and actor.role in FUND:
        rows = rows.filter(state__in=PAYABLE)
    return rows.select_related("enterprise__sub_park", "version", "policy").order_by(
        Case(When(state__in=OPEN, then=0), default=1), "due_on", "pk"
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Claims filed in a year, and what of them was paid and confirmed; amounts in yuan."""

    filed: int
    filed_amount: Decimal
    filed_firms: int
    paid: int
    paid_amount: Decimal
    firms: int


def totals(year: int) -> Totals:
    """The year's claims by the day they were filed (Beijing), and payments by their day."""
    filed = queue().filter(submitted_at__year=year).exclude(state__in=OVER)
    paid = queue().filter(state__in=DISBURSED, paid_on__year=year)
    return Totals(
        filed=filed.count(),
        filed_amount=filed.aggregate(sum=Sum("amount"))["sum"] or Decimal(0),
        filed_firms=_firms(filed),
        paid=paid.count(),
        paid_amount=paid.aggregate(sum=Sum("amount"))["sum"] or Decimal(0),
        firms=_firms(paid),
    )


def _firms(rows: QuerySet[Claim]) -> int:
    return rows.values("enterprise_id").distinct().order_by().count()


def of_enterprise(enterprise_id: int) -> QuerySet[Claim]:
    return (
        Claim.objects.filter(enterprise_id=enterprise_id).select_related("version", "policy").order_by("-pk")
    )


def visible(actor: Actor, claim_id: int) -> Claim:
    """A claim of the own firm, or any that the office has; raises NotFound for others and absent ones alike."""
    if actor.role in ENTERPRISE:
        own = enterprises.own(actor)
        rows = of_enterprise(own.pk if own else 0)
    else:
        rows = queue(actor)
    row = rows.filter(pk=claim_id).first()
    if row is None:
        raise NotFound(code="no_such_claim", message=_("没有这份申请。"))
    return row


def events(claim: Claim) -> QuerySet[ClaimEvent]:
    return ClaimEvent.objects.filter(claim=claim).order_by("seq")


def papers(claim: Claim) -> list[ClaimPaper]:
    return list(ClaimPaper.objects.filter(claim=claim).select_related("evidence").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure that decided a claim, as it was known when it was filed, and where it came from."""

    label: str
    figure: str
    source: str


def _kept(claim: Claim) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in claim.result["known"].items() if value is not None}


def told(claim: Claim) -> formula.Result:
    """What a claim was filed on, from the figures kept with it, in the reader's language."""
    return formula.result_for(policies.rule_of(claim.version), _kept(claim), language())


def facts(claim: Claim) -> list[Fact]:
    """What the claim was judged by, in the order of the rule."""
    rule, known = policies.rule_of(claim.version), _kept(claim)
    sources = {"age_years": _("登记信息"), "score_total": _("已公布的积分")} | {
        one.code: _("企业填报") for one in rule.inputs
    }
    year = claim.result.get("year")
    verified = _("%(year)s 年度已核定数据") % {"year": year} if year else _("已核定数据")
    return [
        Fact(
            rule.label(name, language()),
            formula.figure(known[name], rule.unit(name), language()),
            sources.get(name, verified),
        )
        for name in rule.names
        if name in known and name != "enterprise"
    ]


def put_right(claim: Claim) -> formula.Result | None:
    """The claim judged by its year's figures as they are now, where that is no longer what it was filed for."""
    firm = matching_facts.find(claim.enterprise_id)
    if firm is None or firm.year != claim.result.get("year"):
        return None
    known = firm.known | {name: Decimal(value) for name, value in claim.inputs.items()}
    result = formula.result_for(policies.rule_of(claim.version), known, language())
    return None if result.outcome == formula.ELIGIBLE and result.yuan == claim.amount else result


def also_in(claim: Claim) -> QuerySet[ClaimPaper]:
    """Where the documents of a claim serve another claim that was filed, of this firm or another one."""
    contents = ClaimPaper.objects.filter(claim=claim).values("evidence__sha256")
    rows = ClaimPaper.objects.filter(evidence__sha256__in=contents, claim__state__in=RESERVING)
    return rows.exclude(claim=claim).select_related("evidence", "claim__enterprise", "claim__version")


def library_of(actor: Actor) -> QuerySet[EvidenceFile]:
    """Documents of the firm that a claim may use again."""
    return library.files_of(actor.organisation_id or 0)


def steps_for(actor: Actor, claim: Claim, past: list[ClaimEvent]) -> list[tuple[str, Any]]:
    """What this person may do now, with labels; what another person has to do is left out."""
    since = max((one.seq for one in past if one.event == "submit"), default=0)
    own = {
        one.event
        for one in past
        if one.person_ref == actor.person_id and (one.event == "submit" or one.seq > since)
    }
    found = []
    for state, event, role, _next in CLAIM_STEPS:
        if state != claim.state or role != actor.role or own & set(OTHER_THAN.get(event, ())):
            continue
        if event == "return" and claim.returns >= MOST_RETURNS:
            continue
        if event == "approve" and claim.notice_ends_at and claim.notice_ends_at > db_now():
            continue
        found.append((event, STEP_LABELS[event]))
    return found


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days of a claim: passed since it was filed, left until it is due (negative = late)."""

    passed: int
    left: int
    of: int = CLAIM_WORKING_DAYS

    @property
    def is_late(self) -> bool:
        return self.left < 0


def clock(claim: Claim) -> Clock | None:
    """None before it is filed."""
    return clocks([claim])[0][1]


def clocks(rows: Iterable[Claim]) -> list[tuple[Claim, Clock | None]]:
    """Claims with their clocks; day and calendar are asked once for all."""
    today, departures = db_today(), workdays.overrides()
    return [(row, _clock(row, today, departures)) for row in rows]


def _clock(claim: Claim, today: dt.date, departures: dict[dt.date, bool]) -> Clock | None:
    if claim.submitted_at is None or claim.due_on is None:
        return None
    first = claim.submitted_at.astimezone(BEIJING).date()
    until = min(claim.paid_on, today) if claim.paid_on else today
    passed = calendar.working_days_between(first, max(until, first), departures)
    return Clock(passed, CLAIM_WORKING_DAYS - passed)


def waiting_for(actor: Actor) -> QuerySet[Claim]:
    """Claims that this person can take a step further now."""
    taken = ClaimEvent.objects.filter(person_ref=actor.person_id or 0)
    turn = Q(pk__in=[])
    for state, event, role, _next in CLAIM_STEPS:
        if role == actor.role and event not in NEVER_WAITS:
            others = taken.filter(event__in=OTHER_THAN.get(event, ()))
            turn |= Q(state=state) & ~Q(pk__in=others.values("claim_id"))
    barred = reviews.conflicts().filter(person_ref=actor.person_id or 0)
    return (
        queue(actor)
        .filter(turn)
        .exclude(state=ClaimState.NOTICE, notice_ends_at__gt=db_now())
        .exclude(enterprise__in=barred.values("enterprise_id"))
    )


def public_notices(park: Park) -> QuerySet[ClaimNotice]:
    """Notices of the last months with `is_refused`, those that run first; no park is entered."""
    rows = ClaimNotice.everywhere.filter(park=park, ends_at__gt=db_now() - NOTICE_SHOWN)
    ended = rows.filter(is_end=True, claim_id=OuterRef("claim_id"))
    return rows.filter(is_end=False).annotate(is_refused=Exists(ended)).order_by("-ends_at", "name", "pk")

"""Reading technical needs and experts: own, the office's, the public board, and who fits a need."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Park

from ..models import Expert, Introduction, IntroductionOutcome, TechNeed
from ..states import Outcome, labels_of


def needs() -> QuerySet[TechNeed]:
    """Open ones first, the nearest day first."""
    rows = TechNeed.objects.select_related("enterprise__sub_park").annotate(introduced=Count("introductions"))
    return rows.order_by("closing", "until", "pk")


def of_enterprise(enterprise_id: int) -> QuerySet[TechNeed]:
    return needs().filter(enterprise_id=enterprise_id)


def visible(actor: Actor, need_id: int) -> TechNeed:
    """A need of the own firm, or any for the office; raises NotFound for others and absent ones alike."""
    row = enterprises.seen_by(needs(), actor).filter(pk=need_id).first()
    if row is None:
        raise NotFound(code="no_such_need", message=_("没有这条技术需求。"))
    return row


def unanswered() -> QuerySet[TechNeed]:
    """Open needs for which nobody was introduced yet."""
    return needs().filter(closing="", until__gte=db_today(), introductions__isnull=True)


def public_board(park: Park) -> QuerySet[TechNeed]:
    """What firms agreed to show to everybody and is still open; no park is entered."""
    rows = TechNeed.everywhere.filter(park=park, is_public=True, closing="", until__gte=db_today())
    return rows.order_by("until", "pk")


def experts() -> QuerySet[Expert]:
    return Expert.objects.annotate(introduced=Count("introductions")).order_by("-is_active", "name", "pk")


def expert(expert_id: int) -> Expert:
    row = experts().filter(pk=expert_id).first()
    if row is None:
        raise NotFound(code="no_such_expert", message=_("没有这位专家。"))
    return row


@dataclass(frozen=True, slots=True)
class Fit:
    """An expert who shares fields with a need, and which."""

    expert: Expert
    shared: list[str]


def fitting(need: TechNeed) -> list[Fit]:
    """Active experts who share at least one field and were not introduced; most shared fields first, then by name."""
    met = Introduction.objects.filter(need=need).values("expert_id")
    rows = experts().filter(is_active=True, fields__overlap=need.fields).exclude(pk__in=met)
    found = [Fit(row, labels_of([one for one in need.fields if one in row.fields])) for row in rows]
    return sorted(found, key=lambda fit: (-len(fit.shared), fit.expert.name, fit.expert.pk))


def introductions(need: TechNeed) -> list[tuple[Introduction, IntroductionOutcome | None]]:
    rows = Introduction.objects.filter(need=need).select_related("expert").prefetch_related("outcomes")
    return [(row, next(iter(row.outcomes.all()), None)) for row in rows.order_by("pk")]


def introduction(need: TechNeed, introduction_id: int) -> Introduction:
    row = Introduction.objects.filter(need=need, pk=introduction_id).first()
    if row is None:
        raise NotFound(code="no_such_introduction", message=_("没有这次对接。"))
    return row


@dataclass(frozen=True, slots=True)
class Totals:
    """A year's needs, introductions and contracts (yuan), and how many firms stand behind the contracts."""

    posted: int
    introductions: int
    contracts: int
    amount: Decimal
    firms: int


def totals(year: int) -> Totals:
    """By the day each was posted, made or said."""
    signed: dict[str, Any] = IntroductionOutcome.objects.filter(
        said_at__year=year, outcome=Outcome.CONTRACT
    ).aggregate(
        contracts=Count("pk"),
        amount=Sum("amount"),
        firms=Count("introduction__need__enterprise", distinct=True),
    )
    return Totals(
        posted=TechNeed.objects.filter(posted_at__year=year).count(),
        introductions=Introduction.objects.filter(made_at__year=year).count(),
        contracts=signed["contracts"],
        amount=signed["amount"] or Decimal(0),
        firms=signed["firms"],
    )


def with_words(rows: QuerySet[TechNeed], words: str) -> QuerySet[TechNeed]:
    return rows.filter(Q(title__icontains=words) | Q(text__icontains=words))

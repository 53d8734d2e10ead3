"""Totals for the park and monthly reports. Groups of fewer than five enterprises are hidden; the sum of the zone from three on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Avg, Count, DurationField, F, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from innovscore.core import disclosure
from innovscore.core.dates import add_months
from parks.actors import Actor
from parks.clock import BEIJING
from scoring.queries.standing import published_stages

from ..models import Application, ApplicationEvent, Consent, ConsentAccess, Decision
from ..states import LOAN_STATES, OWING_STATES, REJECT_REASONS
from . import consents
from .acting import organisation_of
from .applications import SMALL_GROUP

HEADLINE_GROUP = 3
DECIDED = ("approve", "reject")


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, slots=True)
class Headline:
    """What the zone has achieved: firms, loans, yuan, mean rate (fraction), median days from application to approval.

    All None when fewer than HEADLINE_GROUP firms stand behind it.
    """

    firms: int | None
    loans: int | None
    amount: Decimal | None
    rate: Decimal | None
    days: Decimal | None
    owed: Decimal | None

    @property
    def rate_percent(self) -> str:
        return "" if self.rate is None else f"{self.rate * 100:.2f}"


def month_of(text: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """[first day, first day of the next month) of "YYYY-MM"; this month when the text names none."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
        return first, add_months(first, 1)
    except ValueError:  # no month, or one that no month follows
        first = today.replace(day=1)
        return first, add_months(first, 1)


def _approved(start: dt.date | None, end: dt.date | None, whose: Q) -> QuerySet[Decision]:
    rows = Decision.objects.filter(outcome="approved", live=True).filter(whose)
    if start and end:
        rows = rows.filter(decided_at__gte=_midnight(start), decided_at__lt=_midnight(end))
    return rows.filter(application__status__in=["approved", *LOAN_STATES])


def headline(
    *, start: dt.date | None = None, end: dt.date | None = None, actor: Actor | None = None
) -> Headline:
    """The zone's sum (or the acting bank's own, never hidden) of approved loans, since ever or of [start, end)."""
    whose = Q(application__organisation_id=organisation_of(actor)) if actor else Q()
    rows = _approved(start, end, whose)
    sums = rows.aggregate(
        firms=Count("application__enterprise", distinct=True), loans=Count("pk"), amount=Sum("amount"), rate=Avg("rate"),
        owed=Sum("application__drawn"), wait=Median(F("decided_at") - F("application__created_at")),
    )  # fmt: skip
    if actor is None and sums["firms"] < HEADLINE_GROUP:
        return Headline(None, None, None, None, None, None)
    zero, wait = Decimal(0), sums["wait"]
    return Headline(
        sums["firms"],
        sums["loans"],
        sums["amount"] or zero,
        sums["rate"],
        None if wait is None else Decimal(wait.total_seconds()) / 86_400,
        sums["owed"] or zero,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a report; `firms` is told only where the group is large enough, with everything else of it."""

    label: str
    count: int | None
    amount: Decimal | None


def _rows(groups: Any, labels: dict[str, Any], *, hide: bool) -> list[Row]:
    groups = list(groups)
    told = disclosure.shown([group["firms"] for group in groups], SMALL_GROUP if hide else 0)
    return [
        Row(
            str(labels.get(group["key"], group["key"] or "—")),
            group["n"] if is_told else None,
            group["amount"] if is_told else None,
        )
        for group, is_told in zip(groups, told, strict=True)
    ]


def reasons(
    *, start: dt.date | None = None, end: dt.date | None = None, actor: Actor | None = None
) -> list[Row]:
    """Why banks declined, with how often."""
    events = ApplicationEvent.objects.filter(event="reject")
    if start and end:
        events = events.filter(at__gte=_midnight(start), at__lt=_midnight(end))
    if actor:
        events = events.filter(application__organisation_id=organisation_of(actor))
    groups = events.values("reason_code").annotate(
        n=Count("pk"),
        firms=Count("application__enterprise", distinct=True),
        amount=Sum("application__amount"),
    )
    rows = [{"key": group["reason_code"], **group} for group in groups.order_by("-n")]
    return _rows(rows, {str(k): v for k, v in REJECT_REASONS.items()}, hide=actor is None)


def by_product(
    *, start: dt.date | None = None, end: dt.date | None = None, actor: Actor | None = None
) -> list[Row]:
    whose = Q(application__organisation_id=organisation_of(actor)) if actor else Q()
    groups = _approved(start, end, whose).values("application__product_version__product__name").annotate(
        n=Count("pk"), firms=Count("application__enterprise", distinct=True), amount=Sum("amount")
    )  # fmt: skip
    rows = [
        {"key": group["application__product_version__product__name"], **group}
        for group in groups.order_by("-amount")
    ]
    return _rows(rows, {}, hide=actor is None)


def by_stage(
    *, start: dt.date | None = None, end: dt.date | None = None, actor: Actor | None = None
) -> list[Row]:
    """By the stage for which the quote was made."""
    whose = Q(application__organisation_id=organisation_of(actor)) if actor else Q()
    groups = _approved(start, end, whose).values("application__quote__inputs__stage").annotate(
        n=Count("pk"), firms=Count("application__enterprise", distinct=True), amount=Sum("amount")
    )  # fmt: skip
    names = published_stages()
    rows = [
        {"key": names.get(code, code), **group}
        for group in groups
        for code in [str(group["application__quote__inputs__stage"] or "")]
    ]
    return _rows(rows, {}, hide=actor is None)


def applied(*, start: dt.date | None = None, end: dt.date | None = None) -> Row:
    """How many applied for how much."""
    rows = Application.objects.exclude(status="draft")
    if start and end:
        rows = rows.filter(created_at__gte=_midnight(start), created_at__lt=_midnight(end))
    sums = rows.aggregate(n=Count("pk"), firms=Count("enterprise", distinct=True), amount=Sum("amount"))
    return _rows([{"key": _("申请"), **sums}], {}, hide=sums["firms"] < HEADLINE_GROUP)[0]


def overdue_share(actor: Actor | None = None) -> Decimal | None:
    """Outstanding principal of overdue and defaulted loans by all outstanding (fraction); None without loans or with few."""
    rows = Application.objects.filter(status__in=OWING_STATES)
    if actor:
        rows = rows.filter(organisation_id=organisation_of(actor))
    sums = rows.aggregate(
        firms=Count("enterprise", distinct=True),
        owed=Sum("drawn"),
        late=Sum("drawn", filter=~Q(status="active")),
    )
    if not sums["owed"] or actor is None and sums["firms"] < SMALL_GROUP:
        return None
    return Decimal((sums["late"] or 0) / sums["owed"])


def consents_given(start: dt.date, end: dt.date) -> dict[str, int]:
    """Consents of a month for the consent report: granted, revoked, in force at its end, reads on them."""
    at = _midnight(end)
    return {
        "granted": Consent.objects.filter(granted_at__gte=_midnight(start), granted_at__lt=at).count(),
        "revoked": Consent.objects.filter(~consents.taken_over(), revoked_at__gte=_midnight(start), revoked_at__lt=at).count(),
        "in_force": Consent.objects.filter(period__contains=at - dt.timedelta(seconds=1)).filter(Q(revoked_at__isnull=True) | Q(revoked_at__gte=at)).count(),
        "reads": ConsentAccess.objects.filter(at__gte=_midnight(start), at__lt=at).count(),
    }  # fmt: skip


def reads_by_week(enterprise_id: int) -> list[tuple[str, int]]:
    """How often banks looked at an enterprise, by week (its Monday), oldest first; the last 12 weeks that had any."""
    counts: dict[str, int] = {}
    for at in ConsentAccess.objects.filter(enterprise_id=enterprise_id).values_list("at", flat=True):
        day = at.astimezone(BEIJING).date()
        monday = (day - dt.timedelta(days=day.weekday())).isoformat()
        counts[monday] = counts.get(monday, 0) + 1
    return sorted(counts.items())[-12:]


def first_reads(enterprise_id: int) -> Any:
    """Who read how often and since when: the summary of the access report."""
    rows = ConsentAccess.objects.filter(enterprise_id=enterprise_id).values("organisation__name")
    return rows.annotate(n=Count("pk"), first=Min("at")).order_by("-n")


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=BEIJING)

"""Reading applications: the enterprise's own, those addressed to a bank, totals for the park."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, DateTimeField, Exists, Func, OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from innovscore.core import disclosure
from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import Application, ApplicationEvent, Consent, Contract, Decision, ProductVersion
from ..states import (
    EVENT_LABELS,
    GUARANTEE_REASONS,
    OPEN_STATES,
    REJECT_REASONS,
    WORKING_STATES,
    ApplicationState,
    VersionState,
)
from . import consents
from .acting import organisation_of

SMALL_GROUP = disclosure.SMALLEST_GROUP
"""Groups of fewer enterprises are not shown in totals."""


def with_parts() -> QuerySet[Application]:
    """Applications with what pages show of them, whether the consent holds now and whether a contract names the parties."""
    holds = consents.active().filter(root_id=OuterRef("consent__root_id"))
    return Application.objects.select_related(
        "enterprise", "organisation", "product_version__product", "quote", "line__quote", "consent"
    ).annotate(
        consent_holds=Exists(holds),
        has_contract=Exists(Contract.objects.filter(application=OuterRef("pk"), live=True)),
        consent_until=Subquery(
            holds.values(end=Func("period", function="upper", output_field=DateTimeField()))[:1]
        ),
    )


def of_enterprise(enterprise_id: int) -> QuerySet[Application]:
    return with_parts().filter(enterprise_id=enterprise_id).order_by("-pk")


def own(enterprise_id: int, application_id: int) -> Application:
    """An application of the enterprise; raises NotFound for others'."""
    return _one(of_enterprise(enterprise_id), application_id)


def to_bank(actor: Actor) -> QuerySet[Application]:
    """Applications addressed to the acting bank, past the park's screening."""
    seen = with_parts().filter(organisation_id=organisation_of(actor))
    return seen.exclude(
        status__in=[ApplicationState.DRAFT, ApplicationState.SUBMITTED, ApplicationState.DECLINED_AUTO]
    ).order_by("-pk")


def for_bank(actor: Actor, application_id: int) -> Application:
    """An application addressed to the acting bank; raises NotFound for others'."""
    return _one(to_bank(actor), application_id)


def waiting_for_check(actor: Actor) -> QuerySet[Application]:
    """Proposals that wait for a second person of the acting bank, oldest first."""
    return to_bank(actor).filter(status=ApplicationState.PROPOSED).order_by("pk")


def live_decision(application: Application) -> Decision | None:
    return application.decisions.filter(live=True).first()


def last_decision(application: Application) -> Decision | None:
    return application.decisions.order_by("-pk").first()


def active_product_version(application: Application) -> ProductVersion | None:
    """The version of its product that is in force now, if any."""
    product = application.product_version.product_id
    return ProductVersion.objects.filter(product_id=product, state=VersionState.ACTIVE).first()


def _one(rows: QuerySet[Application], application_id: int) -> Application:
    application = rows.filter(pk=application_id).first()
    if application is None:
        raise NotFound(code="not_found", message=_("没有这笔申请。"))
    return application


@dataclass(frozen=True, slots=True)
class Total:
    """Applications in a state; amounts in yuan, None when fewer than SMALL_GROUP enterprises stand behind them."""

    label: str
    applications: int | None
    amount: Decimal | None


def totals() -> list[Total]:
    """Totals of the park by state; small groups are hidden."""
    rows = Application.objects.values("status").annotate(
        n=Count("pk"), firms=Count("enterprise", distinct=True), amount=Sum("amount")
    )
    labels = dict(ApplicationState.choices)
    in_order = sorted(rows, key=lambda row: ApplicationState.values.index(row["status"]))
    told = disclosure.shown([row["firms"] for row in in_order], SMALL_GROUP)
    return [
        Total(
            label=str(labels[row["status"]]),
            applications=row["n"] if is_told else None,
            amount=row["amount"] if is_told else None,
        )
        for row, is_told in zip(in_order, told, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the timeline."""

    label: str
    at: dt.datetime
    person: str
    state: str
    reason: str
    note: str


def timeline(application: Application) -> list[Moment]:
    """The history in words, oldest first."""
    labels = dict(ApplicationState.choices)
    return [
        Moment(
            label=str(EVENT_LABELS.get(event.event, event.event)),
            at=event.at,
            person=event.person_name or _("系统"),
            state=str(labels[event.to_state]),
            reason=_reason(event),
            note=event.note,
        )
        for event in application.events.order_by("seq")
    ]


def _reason(event: ApplicationEvent) -> str:
    """The reason of a refusal in the words of whoever gave it: the guarantor's codes are others than the bank's."""
    words = GUARANTEE_REASONS if event.event == "g_decline" else REJECT_REASONS
    return str(words.get(event.reason_code, event.reason_code))


@dataclass(frozen=True, slots=True)
class Clock:
    """The first contact: due, when it was made, whether it is late."""

    due: dt.datetime
    made: dt.datetime | None
    is_late: bool


def contact_clock(application: Application, now: dt.datetime) -> Clock:
    """The bank promises to be in touch within one working day."""
    reference = application.contacted_at or now
    return Clock(
        due=application.contact_due_at,
        made=application.contacted_at,
        is_late=reference > application.contact_due_at,
    )


def uncontacted(now: dt.datetime) -> QuerySet[Application]:
    """Applications that a bank works on and whose first contact is due and was not made."""
    return Application.objects.filter(
        status__in=WORKING_STATES, contacted_at__isnull=True, contact_due_at__lte=now
    )


def silent_banks(now: dt.datetime) -> list[tuple[str, int]]:
    """Banks that owe a first contact, with how many: the park's bottlenecks."""
    rows = uncontacted(now).values_list("organisation__name").annotate(n=Count("pk"))
    return list(rows.order_by("-n", "organisation__name"))


def undecided_of(consent: Consent) -> QuerySet[Application]:
    """Applications that would be put on hold when the consent is revoked."""
    return Application.objects.filter(consent__root_id=consent.root_id, status__in=OPEN_STATES).order_by("pk")

"""What banks are told once a day: the head of the park's audit chain, and consents that will end. Old tokens go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from oauth2_provider.models import clear_expired

from parks import outbox
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import AuditChain, Notification, OutboxMessage, Park
from parks.roles import Role
from parks.scope import park_scope

from ..models import Consent, UsedAssertion, WebhookEndpoint
from ..queries import consents
from . import applications, contact, loans, webhooks

EXPIRING = dt.timedelta(days=14)


def tell() -> None:
    """For every park; run by the worker."""
    for park in Park.objects.order_by("pk"):
        with park_scope(park.pk):
            tell_heads()
            tell_expiring()
    UsedAssertion.objects.filter(expires_at__lt=db_now()).delete()
    clear_expired()


def lapse(parks: Iterable[Park] | None = None) -> int:
    """In these parks (all): open applications whose time is over end; returns how many."""
    return _one_by_one(applications.due_to_lapse, applications.lapse, parks)


def mark_overdue(parks: Iterable[Park] | None = None) -> int:
    """In these parks (all): loans with a payment that is due and not made become overdue; returns how many changed."""
    return _one_by_one(loans.owing, loans.mark_overdue, parks)


def remind_of_contact(parks: Iterable[Park] | None = None) -> int:
    """In these parks (all): banks that have not been in touch in time are reminded, the park is told; returns how many."""
    return _one_by_one(contact.late, contact.remind, parks)


def _one_by_one(
    which: Callable[[], list[int]], service: Callable[..., bool], parks: Iterable[Park] | None = None
) -> int:
    """In each park, each application in a transaction of its own: no lock is held while the next is waited for."""
    done = 0
    for park in Park.objects.order_by("pk") if parks is None else parks:
        with park_scope(park.pk):
            numbers = which()
        for number in numbers:
            with park_scope(park.pk):
                done += service(by=Actor.system(park), application_id=number)
    return done


def _remind(consent: Consent) -> None:
    outbox.notify(
        organisation_id=consent.enterprise.organisation_id,
        role=Role.ENTERPRISE_SIGNATORY,
        kind=Notification.Kind.DEADLINE,
        text=_(
            "对“%(product)s”的授权将于 %(day)s 到期。续期后申请和额度不中断；不续期，银行到期即不能再查询。"
        )
        % {"product": consent.product.name, "day": consent.period.upper.astimezone(BEIJING).date()},
        url=reverse("finance:consents", args=[consent.park.code]),
        dedupe_key=f"consent-ends:{consent.pk}",
    )


def tell_heads() -> None:
    """Banks keep the number and hash of the last audit event: a witness against later changes."""
    head = AuditChain.objects.first()
    if head is None:
        return
    banks = WebhookEndpoint.objects.order_by().values_list("organisation_id", flat=True).distinct()
    for bank in banks:
        webhooks.emit(
            "head.daily", organisation_id=bank, about=head, head={"seq": head.seq, "hash": head.hash}
        )


def tell_expiring() -> None:
    """Consents that end within two weeks and are not renewed: the bank and the firm's signatory hear of it once each."""
    kind = "consent.expiring"
    now = db_now()
    ending = consents.with_following(consents.active().filter(period__endswith__lt=now + EXPIRING))
    rows = ending.select_related("organisation", "product", "enterprise", "park").order_by("pk")
    soon = [one for one in rows if consents.may_renew(one, now)]
    for consent in soon:
        _remind(consent)
    told = set(
        OutboxMessage.objects.filter(aggregate__endswith=f":{kind}").values_list("aggregate", flat=True)
    )
    for consent in soon:
        if webhooks.aggregate_of(kind, consent) not in told:
            webhooks.emit(kind, organisation_id=consent.organisation_id, about=consent)

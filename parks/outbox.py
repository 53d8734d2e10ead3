"""Facts that leave the house: written with what made them true, delivered afterwards, retried with back-off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F, Max

from .clock import db_now
from .models import Membership, Notification, OutboxMessage
from .queries.memberships import in_force

log = structlog.get_logger(__name__)
Handler = Callable[[OutboxMessage], None]
_handlers: dict[str, Handler] = {}
BACK_OFF = (5, 30, 120, 600, 3600, 21600)
NOTICE = "notice"
"""Topic of a message that may have to leave the platform; delivered by parks.notices."""
GIVE_UP_AFTER = dt.timedelta(hours=72)


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Register what delivers messages of a topic."""

    def register(function: Handler) -> Handler:
        _handlers[topic] = function
        return function

    return register


def publish(*, topic: str, aggregate: str, payload: Mapping[str, Any]) -> OutboxMessage:
    """Write a message in the current transaction; `seq` grows per aggregate so that a receiver sees gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [aggregate])
    last = OutboxMessage.objects.filter(aggregate=aggregate).aggregate(last=Max("seq"))["last"] or 0
    return OutboxMessage.objects.create(topic=topic, aggregate=aggregate, seq=last + 1, payload=dict(payload))


def notify(
    *,
    organisation_id: int,
    text: str,
    url: str = "",
    kind: str = Notification.Kind.NEWS,
    role: str = "",
    person_ref: int | None = None,
    dedupe_key: str = "",
) -> bool:
    """Put a message into an inbox of the platform and tell those who want to hear of it by mail or in their chat group.

    For everybody of the organisation, or only those with `role`, or one person. A message with a `dedupe_key` that
    was sent before is not sent again. Returns whether it was sent.
    """
    row = Notification(
        organisation_id=organisation_id,
        text=text[:300],
        url=url,
        kind=kind,
        role=role,
        person_ref=person_ref,
        dedupe_key=dedupe_key[:120],
    )
    return bool(_send([row]))


def notify_each(
    organisation_ids: Iterable[int],
    *,
    text: str,
    url: str = "",
    kind: str = Notification.Kind.NEWS,
    dedupe_key: str = "",
) -> int:
    """`notify` many organisations of one thing, by a few statements however many they are; returns how many were told."""
    return _send(
        [
            Notification(
                organisation_id=house, text=text[:300], url=url, kind=kind,
                dedupe_key=f"{dedupe_key}:{house}"[:120] if dedupe_key else "",
            )
            for house in organisation_ids
        ]
    )  # fmt: skip


def _send(rows: list[Notification]) -> int:
    """Put messages into their inboxes and into the outbox; those whose key was used before are left out."""
    keys = {row.dedupe_key for row in rows} - {""}
    used = set(Notification.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    plain = Notification.objects.bulk_create(row for row in rows if not row.dedupe_key)
    Notification.objects.bulk_create(
        (row for row in rows if row.dedupe_key in keys - used), ignore_conflicts=True
    )
    stored = Notification.objects.filter(dedupe_key__in=keys - used).values_list("pk", flat=True)
    numbers = [*(row.pk for row in plain), *stored]
    OutboxMessage.objects.bulk_create(
        (
            OutboxMessage(topic=NOTICE, aggregate=f"notice:{pk}", seq=1, payload={"notification": pk})
            for pk in numbers
        ),
        ignore_conflicts=True,  # two senders of one key at once: it leaves the house once
    )
    return len(numbers)


def notify_roles(
    *roles: str,
    text: str,
    url: str = "",
    kind: str = Notification.Kind.NEWS,
    organisation_id: int | None = None,
    dedupe_key: str = "",
) -> int:
    """`notify` every organisation (or one) of the park entered that has people in these roles now; returns how many messages."""
    people = in_force(Membership.objects.filter(role__in=roles))
    if organisation_id is not None:
        people = people.filter(organisation_id=organisation_id)
    rows = people.values_list("organisation_id", "role").distinct().order_by()
    return sum(
        notify(
            organisation_id=house, role=role, text=text, url=url, kind=kind,
            dedupe_key=f"{dedupe_key}:{house}:{role}" if dedupe_key else "",
        )
        for house, role in rows
    )  # fmt: skip


def deliver_due(limit: int = 100) -> int:
    """Deliver messages whose time has come (run by the worker, which sees all parks). Returns how many."""
    delivered = 0
    for _ in range(limit):
        with transaction.atomic():
            message = (
                OutboxMessage.everywhere.select_for_update(skip_locked=True)
                .filter(state=OutboxMessage.State.PENDING, next_attempt_at__lte=db_now())
                .order_by("next_attempt_at")
                .first()
            )
            if message is None:
                return delivered
            delivered += _deliver(message)
    return delivered


def _deliver(message: OutboxMessage) -> int:
    now = db_now()
    try:
        with transaction.atomic():
            _handlers[message.topic](message)
    except Exception as error:  # a receiver may fail in any way; the row keeps the reason
        wait = BACK_OFF[min(message.attempts, len(BACK_OFF) - 1)]
        message.state = (
            message.State.DEAD if now - message.created_at > GIVE_UP_AFTER else message.State.PENDING
        )
        message.last_error, message.next_attempt_at = repr(error)[:2000], now + dt.timedelta(seconds=wait)
        log.warning("outbox.failed", message_id=message.pk, topic=message.topic, error=repr(error))
    else:
        message.state, message.delivered_at = message.State.DELIVERED, now
    message.attempts = F("attempts") + 1
    message.save(update_fields=["state", "last_error", "next_attempt_at", "delivered_at", "attempts"])
    return int(message.state == message.State.DELIVERED)

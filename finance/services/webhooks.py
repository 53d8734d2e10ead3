"""Telling banks what happened: ids and a link only, signed, in a sequence, again and again until it arrives.

A fact is written into the outbox with what made it true (`emit`); the outbox hands it to the bank's endpoints
(`fan_out`), each of which gets it under its next number; `send_due` sends what is due. Nothing is sent inside a
transaction, and a sender that dies leaves only a lease that runs out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from innovscore.core.canonical import canonical_json
from innovscore.core.problems import Conflict, Refused
from parks import audit, egress, outbox
from parks.actors import Actor
from parks.clock import server_now
from parks.models import OutboxMessage
from parks.scope import park_scope

from ..models import WebhookDelivery, WebhookEndpoint
from ..queries import webhooks as queries
from ..queries.acting import organisation_of
from ..states import EVENTS
from . import posting
from .sealing import seal, unseal

TOPIC = "bank.event"
OF_STEPS = {
    "screen": "application.submitted",
    "withdraw": "application.withdrawn",
    "lapse": "application.lapsed",
    "g_grant": "guarantee.decided",
    "g_decline": "guarantee.decided",
    "contract": "contract.signed",
    "claim_accept": "claim.decided",
    "claim_refuse": "claim.decided",
}
"""Steps of an application that a bank is told of. It sees an application once it has been screened."""

ENDPOINTS_MAX = 5
ROTATION = dt.timedelta(hours=24)
LEASE = dt.timedelta(seconds=60)
DISABLE_AFTER = dt.timedelta(days=5)
REPLAYED_MAX = 1000
"""Messages of a range that are sent again at once."""
SENDERS = 8
TOUCHED = ("state", "last_status", "last_error", "next_attempt_at", "delivered_at")


def emit(kind: str, *, organisation_id: int, about: models.Model, **more: Any) -> None:
    """Write a fact for a bank into the outbox, in the current transaction. Banks without endpoints cost nothing."""
    if not WebhookEndpoint.objects.filter(organisation_id=organisation_id).exists():
        return
    name = about._meta.model_name
    outbox.publish(
        topic=TOPIC,
        aggregate=aggregate_of(kind, about),
        payload={
            "id": f"evt_{uuid.uuid4().hex}", "type": kind, "organisation": organisation_id,
            "object": {"type": name, "id": about.pk}, "created_at": server_now().isoformat(), **more,
        },
    )  # fmt: skip


def aggregate_of(kind: str, about: models.Model) -> str:
    """Under which facts of an object are ordered. Its row is locked by whoever changes it, so that facts never wait in a circle."""
    return f"{about._meta.model_name}:{about.pk}:{kind}"


@outbox.handler(TOPIC)
def fan_out(message: OutboxMessage) -> None:
    """One delivery for each endpoint that wants this kind; a disabled one gets it as undelivered, so that it can be replayed."""
    fact = message.payload
    with park_scope(message.park_id):  # type: ignore[arg-type]  # every row has a park
        wanting = WebhookEndpoint.objects.select_for_update(of=("self",)).select_related("park")
        for endpoint in wanting.filter(
            organisation_id=fact["organisation"], events__contains=[fact["type"]]
        ).order_by("pk"):
            _number(endpoint, fact)


def _number(endpoint: WebhookEndpoint, fact: Mapping[str, Any]) -> None:
    endpoint.last_sequence += 1
    endpoint.save(update_fields=["last_sequence"])
    is_active = endpoint.state == WebhookEndpoint.State.ACTIVE
    body = {key: value for key, value in fact.items() if key != "organisation"} | {
        "sequence": endpoint.last_sequence,
        "park": endpoint.park.code,
        "link": queries.link_to(endpoint.park.code, fact["object"]),
    }
    states = WebhookDelivery.State
    WebhookDelivery.objects.create(
        endpoint=endpoint,
        event_id=fact["id"],
        event=fact["type"],
        sequence=endpoint.last_sequence,
        body=canonical_json(body),
        state=states.PENDING if is_active else states.DEAD,
        last_error="" if is_active else "disabled",
    )


def send_due(limit: int = 40) -> int:
    """Send what is due (run by the worker, which sees all parks); returns how many arrived."""
    claimed = _claim(limit)
    with ThreadPoolExecutor(max_workers=SENDERS) as pool:
        outcomes = list(pool.map(lambda call: posting.post(*call), [_call(row) for row in claimed]))
    for row, outcome in zip(claimed, outcomes, strict=True):
        with park_scope(row.park_id):  # type: ignore[arg-type]  # every row has a park
            _note(row, outcome)
    return sum(outcome.ok for outcome in outcomes)


def _claim(limit: int) -> list[WebhookDelivery]:
    """Take due deliveries for the time of a lease; another sender passes them by."""
    now = server_now()
    with transaction.atomic():
        rows = list(
            WebhookDelivery.everywhere.select_for_update(of=("self",), skip_locked=True)
            .filter(
                state=WebhookDelivery.State.PENDING,
                next_attempt_at__lte=now,
                endpoint__state=WebhookEndpoint.State.ACTIVE,
            )
            .select_related("endpoint")
            .order_by("next_attempt_at")[:limit]
        )
        WebhookDelivery.everywhere.filter(pk__in=[row.pk for row in rows]).update(
            next_attempt_at=now + LEASE, attempts=F("attempts") + 1
        )
    return rows


def _call(row: WebhookDelivery) -> tuple[str, dict[str, str], bytes]:
    now, body = server_now(), row.body.encode()
    keys = secrets_of(row.endpoint, now)
    headers = posting.headers_for(keys, message_id=row.event_id, timestamp=int(now.timestamp()), body=body)
    return row.endpoint.url, headers, body


def secrets_of(endpoint: WebhookEndpoint, now: dt.datetime) -> list[str]:
    """Secrets that sign now, newest first."""
    rotating = endpoint.previous_until is not None and endpoint.previous_until > now
    return [unseal(endpoint.secret), *([unseal(endpoint.previous_secret)] if rotating else [])]


def _note(sent: WebhookDelivery, outcome: posting.Outcome) -> None:
    """Write down how sending ended; locks are taken in the order endpoint, delivery."""
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=sent.endpoint_id)
    row = WebhookDelivery.objects.select_for_update(of=("self",)).get(pk=sent.pk)
    if row.state != WebhookDelivery.State.PENDING:
        return
    now = server_now()
    row.last_status, row.last_error = outcome.status, outcome.error[:200]
    if outcome.ok:
        row.state, row.delivered_at, endpoint.failing_since = WebhookDelivery.State.DELIVERED, now, None
    else:
        given_up = now - row.due_since > outbox.GIVE_UP_AFTER
        row.state = WebhookDelivery.State.DEAD if given_up else WebhookDelivery.State.PENDING
        row.next_attempt_at = now + wait_after(row.attempts)
        endpoint.failing_since = endpoint.failing_since or now
    row.save(update_fields=TOUCHED)
    endpoint.save(update_fields=["failing_since"])
    if endpoint.failing_since and now - endpoint.failing_since > DISABLE_AFTER:
        _disable(endpoint, now)
        outbox.notify(
            organisation_id=endpoint.organisation_id,
            text=_("推送地址 %(url)s 连续 5 天无法送达，已自动停用；修复后可重新启用并重发。")
            % {"url": endpoint.url[:120]},
        )


def wait_after(attempts: int) -> dt.timedelta:
    """How long to wait after so many attempts: 5 s to 6 h."""
    return dt.timedelta(seconds=outbox.BACK_OFF[min(max(attempts, 1), len(outbox.BACK_OFF)) - 1])


def _disable(endpoint: WebhookEndpoint, now: dt.datetime) -> None:
    endpoint.state, endpoint.disabled_at = WebhookEndpoint.State.DISABLED, now
    endpoint.save(update_fields=["state", "disabled_at"])
    pending = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.PENDING)
    pending.update(state=WebhookDelivery.State.DEAD, last_error="disabled")


def create(*, by: Actor, url: str, events: Iterable[str]) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret in clear text, which is shown only now. Raises Refused for address or events."""
    chosen = [event for event in EVENTS if event in set(events)]
    if not chosen:
        raise Refused(code="events", field="events", message=_("请至少选择一种事件。"))
    check_url(url)
    with transaction.atomic():
        own = WebhookEndpoint.objects.filter(organisation_id=organisation_of(by))
        if own.filter(url=url).exists():
            raise Conflict(code="endpoint_exists", field="url", message=_("这个推送地址已经登记。"))
        if own.count() >= ENDPOINTS_MAX:
            raise Conflict(
                code="too_many_endpoints",
                message=_("每家银行最多登记 %(n)s 个推送地址。") % {"n": ENDPOINTS_MAX},
            )
        secret = posting.new_secret()
        endpoint = WebhookEndpoint.objects.create(
            organisation_id=organisation_of(by),
            url=url,
            events=chosen,
            secret=seal(secret),
            created_by_name=by.person_name,
        )
        audit.record(by=by, action="webhook.created", obj=endpoint, after={"url": url, "events": chosen})
    return endpoint, secret


def check_url(url: str) -> None:
    """Raises Refused, naming what is wrong, for an address that may not be called."""
    texts = {
        "form": _("推送地址无法识别，请填写完整地址，例如 https://bank.example/hooks。"),
        "scheme": _("推送地址须以 https:// 开头。"),
        "port": _("推送地址的端口须为 443 或不小于 1024。"),
        "unresolved": _("推送地址的域名无法解析，请检查。"),
        "private": _("推送地址不能指向内部网络。"),
    }
    try:
        posting.target_of(url)
    except egress.BadAddress as error:
        raise Refused(code=f"url_{error.code}", field="url", message=texts[error.code]) from error


def rotate(*, by: Actor, endpoint_id: int) -> tuple[WebhookEndpoint, str]:
    """A new secret, returned in clear text; for 24 hours the former one, and no older one, signs too."""
    with transaction.atomic():
        endpoint = queries.locked(by, endpoint_id)
        secret = posting.new_secret()
        endpoint.previous_secret, endpoint.previous_until = endpoint.secret, server_now() + ROTATION
        endpoint.secret = seal(secret)
        endpoint.save(update_fields=["secret", "previous_secret", "previous_until"])
        audit.record(by=by, action="webhook.secret_rotated", obj=endpoint)
    return endpoint, secret


def end_former(*, by: Actor, endpoint_id: int) -> WebhookEndpoint:
    """The former secret signs no more, before its 24 hours are over. Raises Conflict when none does."""
    with transaction.atomic():
        endpoint, now = queries.locked(by, endpoint_id), server_now()
        if len(secrets_of(endpoint, now)) == 1:
            raise Conflict(code="no_former_secret", message=_("现在只有一个密钥在签名。"))
        endpoint.previous_secret, endpoint.previous_until = "", now
        endpoint.save(update_fields=["previous_secret", "previous_until"])
        audit.record(by=by, action="webhook.former_secret_ended", obj=endpoint)
    return endpoint


def switch(*, by: Actor, endpoint_id: int, on: bool) -> WebhookEndpoint:
    """Enable or disable an endpoint; what is pending when it is disabled can be replayed later."""
    with transaction.atomic():
        endpoint = queries.locked(by, endpoint_id)
        if on:
            endpoint.state, endpoint.disabled_at = WebhookEndpoint.State.ACTIVE, None
            endpoint.failing_since = None
            endpoint.save(update_fields=["state", "disabled_at", "failing_since"])
        else:
            _disable(endpoint, server_now())
        audit.record(by=by, action="webhook.enabled" if on else "webhook.disabled", obj=endpoint)
    return endpoint


def replay(*, by: Actor, delivery_id: int) -> WebhookDelivery:
    """Send the same message again, under its old id and number. Raises Conflict when the endpoint is disabled."""
    with transaction.atomic():
        row = queries.locked_delivery(by, delivery_id)
        _send_again(row.endpoint, WebhookDelivery.objects.filter(pk=row.pk))
        row.refresh_from_db()
        audit.record(by=by, action="webhook.replayed", obj=row, after={"event": row.event_id})
    return row


def replay_range(*, by: Actor, endpoint_id: int, first: int, last: int) -> int:
    """Send messages again by their numbers, both ends included, but those on their way; returns how many.

    Raises Refused for a range that holds none or too many, Conflict when the endpoint is disabled.
    """
    if not 0 <= last - first < REPLAYED_MAX:
        raise Refused(
            code="range", field="last", message=_("截止序号不得小于起始序号，一次最多重发 %(most)s 条。") % {"most": REPLAYED_MAX}
        )  # fmt: skip
    with transaction.atomic():
        endpoint = queries.locked(by, endpoint_id)
        rows = WebhookDelivery.objects.filter(endpoint=endpoint, sequence__range=(first, last))
        number = _send_again(endpoint, rows.exclude(state=WebhookDelivery.State.PENDING))
        if not number:
            raise Refused(code="nothing_to_replay", field="last", message=_("这一段没有可重发的推送。"))
        after = {"first": first, "last": last, "number": number}
        audit.record(by=by, action="webhook.range_replayed", obj=endpoint, after=after)
    return number


def _send_again(endpoint: WebhookEndpoint, rows: models.QuerySet[WebhookDelivery]) -> int:
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        raise Conflict(code="endpoint_disabled", message=_("推送地址已停用，请先启用再重发。"))
    now = server_now()
    return rows.update(
        state=WebhookDelivery.State.PENDING,
        attempts=0,
        next_attempt_at=now,
        due_since=now,
        delivered_at=None,
    )

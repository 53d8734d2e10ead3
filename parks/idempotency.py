"""One effect per key: a repeated money form or API call gets the first answer again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Problem

from .actors import Actor
from .models import IdempotencyRecord


@dataclass(frozen=True, slots=True)
class Reply:
    """What a caller gets, stored with the effect: a status, and where to go or what to show."""

    status: int = 200
    location: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    replayed: bool = False


def new_key() -> str:
    """A key for a form, made when the form is shown."""
    return str(uuid.uuid4())


def once(
    *,
    by: Actor,
    route: str,
    key: str,
    body: Mapping[str, Any],
    effect: Callable[[], Reply],
    waits: bool = True,
) -> Reply:
    """Run `effect` once for (account, route, key); later calls with the same body get its reply.

    Key and effect commit together. A parallel call waits for the first (`waits`), or is told to come back: Problem 409.
    Raises Problem 400 without a key, 422 when the body differs.
    """
    if not key or len(key) > 64:
        raise Problem(
            code="idempotency_key_missing",
            status=400,
            message=_("缺少防重复提交标识，请刷新页面后重新提交。"),
        )
    digest = sha256_hex(canonical_json({"route": route, "body": dict(body)}).encode())
    with transaction.atomic():
        if not waits:
            _refuse_parallel(f"{by.account_id}|{route}|{key}")
        record = _claim(by=by, route=route, key=key, digest=digest)
        if record.status:
            return _replay(record, digest)
        reply = effect()
        record.status = reply.status
        record.response = {"location": reply.location, "data": dict(reply.data)}
        record.save(update_fields=["status", "response"])
        return reply


def _refuse_parallel(identity: str) -> None:
    """Hold the key until the transaction ends; raises Problem 409 when another call holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 2))", [identity])
        (free,) = cursor.fetchone()
    if not free:
        raise Problem(
            code="idempotency_in_flight",
            status=409,
            message=_("同一提交标识的请求正在处理，请稍后用同一标识重试。"),
            headers={"Retry-After": "1"},
        )


def _claim(*, by: Actor, route: str, key: str, digest: str) -> IdempotencyRecord:
    """The row of the key, locked; status 0 means that we are the first (a parallel call waits here)."""
    identity = {"account_id": by.account_id, "route": route, "key": key}
    IdempotencyRecord.objects.bulk_create(
        [IdempotencyRecord(body_sha256=digest, **identity)], ignore_conflicts=True
    )
    return IdempotencyRecord.objects.select_for_update().get(**identity)


def _replay(record: IdempotencyRecord, digest: str) -> Reply:
    if record.body_sha256 != digest:
        raise Problem(
            code="idempotency_key_reused",
            status=422,
            message=_("同一提交标识已用于不同的内容，请刷新页面后重新提交。"),
        )
    stored = record.response
    return Reply(record.status, stored.get("location", ""), stored.get("data", {}), replayed=True)

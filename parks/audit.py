"""Recording what was done. The chain itself is made and guarded by the database."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from innovscore.core.canonical import canonical_json

from .actors import Actor
from .models.audit import AuditEvent

GENESIS = "0" * 64


def record(
    *,
    by: Actor,
    action: str,
    obj: models.Model | None = None,
    object_type: str = "",
    object_id: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Add an event to the park's chain; call it last in a service, since it takes the chain's lock.

    `action` is "<noun>.<past tense>"; `before` and `after` are what changed (canonical JSON, no floats).
    """
    if obj is not None:
        object_type, object_id = obj._meta.label_lower, str(obj.pk)
    columns = (
        "park_id", "action", "object_type", "object_id", "account_ref", "person_ref", "person_name",
        "role", "organisation_ref", "before", "after", "reason", "request_id",
    )  # fmt: skip
    values = (
        by.park_id, action, object_type, object_id, by.account_id, by.person_id, by.person_name,
        by.role, by.organisation_id, canonical_json(dict(before or {})), canonical_json(dict(after or {})),
        reason, by.request_id,
    )  # fmt: skip
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO parks_auditevent ({', '.join(columns)}) VALUES ({marks})", values)  # noqa: S608


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the chain does not hold."""

    seq: int
    what: str


def event_hash(event: AuditEvent, prev: str) -> str:
    """SHA-256 over the length-prefixed fields, as parks/sql/audit_chain.sql computes it."""
    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    micros = (event.at - epoch) // dt.timedelta(microseconds=1)
    parts = [
        event.park_id, event.seq, micros, prev, event.action, event.object_type, event.object_id,
        event.account_ref, event.person_ref, event.person_name, event.role, event.organisation_ref,
        event.before, event.after, event.reason, event.request_id,
    ]  # fmt: skip
    return hashlib.sha256(b"".join(_prefixed(part) for part in parts)).hexdigest()


def _prefixed(value: object) -> bytes:
    if value is None:
        return b"-:"
    data = str(value).encode()
    return str(len(data)).encode() + b":" + data


def breaks() -> Iterator[Break]:
    """Walk the chain of the park that was entered and name every break; nothing means it verifies."""
    prev, expected = GENESIS, 1
    for event in AuditEvent.objects.order_by("seq").iterator(chunk_size=2000):
        if event.seq != expected:
            yield Break(event.seq, f"event {expected} is missing")
        if event.prev != prev:
            yield Break(event.seq, "does not follow the event before it")
        if event.hash != event_hash(event, event.prev):
            yield Break(event.seq, "content differs from its hash")
        prev, expected = event.hash, event.seq + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM parks_auditchain")
        head = cursor.fetchone()
    if head and head != (expected - 1, prev):
        yield Break(expected, f"the chain's head says event {head[0]}, the last one found is {expected - 1}")

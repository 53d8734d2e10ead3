"""The audit trail is append-only and its chain names every tampering."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from parks import audit
from parks.models import AuditEvent
from parks.scope import park_scope
from tests.conftest import owner_connection

pytestmark = pytest.mark.django_db


def _three_events(park: Any, actors: Any) -> None:
    by = actors("park_admin", park)
    with park_scope(park.pk):
        for number in range(3):
            audit.record(
                by=by,
                action="thing.done",
                object_type="thing",
                object_id=str(number),
                after={"名称": "渝" * number},
            )


def test_events_are_chained_and_verify(park: Any, actors: Any) -> None:
    _three_events(park, actors)
    with park_scope(park.pk):
        events = list(AuditEvent.objects.order_by("seq"))
        assert [event.seq for event in events] == [1, 2, 3]
        assert events[1].prev == events[0].hash
        assert list(audit.breaks()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE parks_auditevent SET reason = 'x'",
        "DELETE FROM parks_auditevent",
        "UPDATE parks_auditchain SET seq = 9",
    ],
)
def test_the_application_cannot_change_the_trail(park: Any, actors: Any, sql: str) -> None:
    _three_events(park, actors)
    refused = pytest.raises(DatabaseError, match="permission denied")
    with park_scope(park.pk), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        ("UPDATE parks_auditevent SET reason = 'other' WHERE seq = 2", 2),
        ("UPDATE parks_auditevent SET hash = prev WHERE seq = 3", 3),
        ("DELETE FROM parks_auditevent WHERE seq = 2", 3),
        ("DELETE FROM parks_auditevent WHERE seq = 3", 3),
    ],
)
def test_tampering_by_the_owner_is_found_and_named(
    live_db: None, park: Any, actors: Any, tamper: str, named: int
) -> None:
    _three_events(park, actors)
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("ALTER TABLE parks_auditevent DISABLE TRIGGER append_only")
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        cursor.execute(tamper)
        assert cursor.rowcount == 1
        cursor.execute("ALTER TABLE parks_auditevent ENABLE TRIGGER append_only")
    with park_scope(park.pk):
        assert named in [found.seq for found in audit.breaks()]


def test_even_the_owner_is_refused_while_the_trigger_is_on(live_db: None, park: Any, actors: Any) -> None:
    _three_events(park, actors)
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        with pytest.raises(Exception, match="append-only"):
            cursor.execute("DELETE FROM parks_auditevent")

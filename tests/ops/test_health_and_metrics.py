"""Health answers and metrics: what they say when all is well, and that each check can really fail."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from innovscore import embedded, health
from tests.conftest import owner_connection

ROOT = embedded.ROOT
MACHINE = {"disk", "clock"}  # depend on where the tests run; tested by themselves


def test_healthz_answers_without_touching_the_database(
    client: Client, django_assert_num_queries: Any, db: None
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "alive"
    assert "no-store" in answer.headers["Cache-Control"]


def test_ready_when_every_check_passes(client: Client, live_db: None) -> None:
    body = client.get("/readyz").json()
    assert set(body["checks"]) == set(health.CHECKS)
    assert set(body["failing"]) <= MACHINE


def test_not_ready_names_the_failing_check_and_no_address(
    client: Client, live_db: None, settings: Any
) -> None:
    settings.REDIS_URL = "redis://:very-secret@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "redis" in answer.json()["failing"]
    assert "very-secret" not in answer.content.decode()
    assert "127.0.0.1" not in answer.content.decode()


def test_a_migration_not_applied_is_noticed(live_db: None) -> None:
    assert health.migrations() == ""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'parks' RETURNING name, applied")
        rows = cursor.fetchall()
    try:
        assert "migrations to apply" in health.migrations()
    finally:
        with owner_connection() as owner, owner.cursor() as cursor:
            for name, applied in rows:
                cursor.execute(
                    "INSERT INTO django_migrations (app, name, applied) VALUES ('parks', %s, %s)",
                    [name, applied],
                )


def test_a_table_without_its_wall_is_noticed(live_db: None) -> None:
    assert health.row_level_security() == ""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("ALTER TABLE parks_job NO FORCE ROW LEVEL SECURITY")
    try:
        assert "without forced row-level security" in health.row_level_security()
    finally:
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute("ALTER TABLE parks_job FORCE ROW LEVEL SECURITY")


def test_the_web_role_is_safe_and_an_owner_is_not(live_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert health.database_role() == ""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (id int)")
        cursor.execute("GRANT CREATE ON SCHEMA public TO innovscore_web")
        cursor.execute("GRANT innovscore_web TO current_user")
        cursor.execute("ALTER TABLE stray OWNER TO innovscore_web")
    try:
        assert health.database_role() == "owns tables"
    finally:
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute("DROP TABLE stray")
            cursor.execute("REVOKE CREATE ON SCHEMA public FROM innovscore_web")


def test_little_disk_and_a_wrong_clock_are_noticed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "DISK_FREE_SHARE", 1.0)
    assert "free" in health.disk()
    real = time.time
    monkeypatch.setattr(health.time, "time", lambda: real() + 60)
    assert "s between host and database" in health.clock()


@pytest.fixture
def metrics_port() -> int:
    return embedded.free_port()


@pytest.fixture
def web(live_db: None, metrics_port: int) -> Iterator[int]:
    """Gunicorn with two processes, as `make run` starts it."""
    port = embedded.free_port()
    environment = {
        "PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        "LOG_FORMAT": "json",
        "DJANGO_SETTINGS_MODULE": "innovscore.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"],
        cwd=ROOT,
        env=os.environ | environment,
    )
    _until_open(port)
    _until_open(metrics_port)
    yield port
    process.terminate()
    process.wait(30)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", metrics_port), 1)


def _until_open(port: int) -> None:
    end = time.monotonic() + 40
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # our own server
        return str(answer.read().decode())


def test_requests_are_counted_over_all_processes_by_route_and_without_ids(
    web: int, metrics_port: int
) -> None:
    for _ in range(20):
        _get(f"http://127.0.0.1:{web}/healthz")
    text = _get(f"http://127.0.0.1:{metrics_port}/metrics")
    line = next(
        line
        for line in text.splitlines()
        if line.startswith("innovscore_requests_total") and 'route="healthz"' in line
    )
    assert float(line.split()[-1]) == 20
    assert 'role="nobody"' in line
    assert 'status="200"' in line
    assert "/healthz" not in text


def test_jobs_and_outbox_are_read_as_the_worker(live_db: None) -> None:
    from innovscore.metrics import JobsAndOutbox

    names = {metric.name for metric in JobsAndOutbox().collect()}
    assert {
        "innovscore_database_up",
        "innovscore_oldest_queued_job_seconds",
        "innovscore_outbox_lag_seconds",
    } <= names
    assert connection.ensure_connection() is None

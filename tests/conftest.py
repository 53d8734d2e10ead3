"""World of the tests: real PostgreSQL as the production web role, real Redis, real Celery."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from innovscore.celery import app  # the bell rings in Redis, as in web and worker
from tests import databases
from tests.settings import TEST_DATABASE

hypothesis_settings.register_profile(  # a busy machine is not a fault of the code
    "innovscore", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("innovscore")

ROOT = Path(__file__).resolve().parent.parent
KEPT_TABLES = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "rankings_allowedtransition",
    "finance_allowedtransition",
    "cultivation_claimtransition",
}


LONGEST = ("access/test_objects", "access/test_matrix", "scoring/test_kill", "journeys", "engine")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest begin first, so that no process waits for another at the end."""

    def rank(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT / "tests").as_posix()
        return next((at for at, start in enumerate(LONGEST) if path.startswith(start)), len(LONGEST))

    items.sort(key=rank)


@contextmanager
def owner_connection() -> Iterator[Any]:
    """A connection as the owner of the tables, for set-up, clean-up and proofs that a guard holds (autocommit)."""
    connection = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


def _truncate_all(self: Any = None) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [f'"{name}"' for (name,) in cursor.fetchall() if name not in KEPT_TABLES]
        wipe = f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE"
        for attempts_left in reversed(range(5)):
            try:
                cursor.execute(wipe)
                break
            except psycopg2.errors.DeadlockDetected:  # a worker still in a job of the last test: let it end
                if not attempts_left:
                    raise


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """Make the test database as the owner; the tests themselves connect as innovscore_web."""
    databases.create(TEST_DATABASE, template=databases.migrated())
    TransactionTestCase._fixture_teardown = _truncate_all  # type: ignore[method-assign]  # only the owner may truncate
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def live_db(transactional_db: None) -> None:
    """Data is really committed (workers and browsers see it) and wiped afterwards."""


@pytest.fixture
def park(db: None) -> Any:
    from tests.factories import parks

    return parks.park(code="cq", name="示例高新区")


@pytest.fixture
def other_park(db: None) -> Any:
    from tests.factories import parks

    return parks.park(code="hz", name="第二高新区")


@pytest.fixture
def in_park(park: Any) -> Iterator[Any]:
    """The test runs inside the park's scope."""
    from parks.scope import park_scope

    with park_scope(park.pk):
        yield park


@pytest.fixture
def actors(db: None) -> Any:
    """`actors(role, park)` makes a person with that role and gives the Actor (persona names, see factories)."""
    from tests.factories import parks

    return parks.actor


@pytest.fixture
def client_as(db: None) -> Callable[..., Client]:
    """`client_as(actor)`: a browser signed in as that actor, second factor given."""
    from tests.factories import parks

    return parks.client_for


@pytest.fixture(scope="module")  # other modules start and kill workers of their own
def celery_worker(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[subprocess.Popen[bytes]]:
    """A real Celery worker with beat, as the worker role, on the test database and test Redis."""
    app.control.purge()  # what earlier tests rang for is over
    process = start_worker(tmp_path_factory.mktemp("celery"))
    yield process
    stop_worker(process)


def start_worker(folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "INNOVSCORE_PROCESS": "worker",
        "DJANGO_SETTINGS_MODULE": "innovscore.settings",
    }
    command = [
        sys.executable, "-m", "celery", "-A", "innovscore.celery", "worker", "--beat", "--pool", "prefork",
        "--concurrency", "1", "--schedule", str(folder / "beat"), "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    log = (folder / "worker.log").open("wb")
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
    )


def stop_worker(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
        process.wait(timeout=20)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until(condition: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Poll a condition of the database until it holds; fails the test after the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    pytest.fail(f"did not come true in {seconds} s: {condition}")


assert settings.DATABASES["default"]["USER"] == "innovscore_web", "tests must run as the production web role"

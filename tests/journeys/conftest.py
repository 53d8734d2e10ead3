"""A whole platform of its own for the browser: database, web server, worker, demo zone; and Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
import redis as redis_client

from innovscore.embedded import TEST
from tests import databases
from tests.conftest import ROOT
from tests.journeys.visitor import FLAGS, browser_path
from tests.settings import TEST_DATABASE

WIDE, NARROW = 1280, 360


def chromium() -> str:
    """The browser's path; the journeys say so and skip when a machine has none (CI always has one)."""
    found = browser_path()
    if found is None and os.environ.get("CI"):
        pytest.fail("CI must have Chromium: apt-get install chromium")
    if found is None:
        pytest.skip("no Chromium on this machine: the browser journeys were not run")
    return found


@dataclass
class Site:
    """The running platform."""

    address: str
    owner_url: str
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def sql(self, park: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As the owner of the tables: let time pass, or count without the product's queries."""
        owner = psycopg2.connect(self.owner_url)
        with owner, owner.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.park_id', id::text, true) FROM parks_park WHERE code = %s", [park]
            )
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
        owner.close()
        return rows

    @contextmanager
    def held(self, table: str) -> Iterator[None]:
        """Whoever wants to write the table waits."""
        owner = psycopg2.connect(self.owner_url)
        owner.cursor().execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            owner.close()

    def countdowns_end(self, park: str) -> None:
        """A quarter of an hour goes by after a confirmation."""
        self.sql(park, "UPDATE rankings_boardrelease SET due_at = clock_timestamp() WHERE state = 'waiting'")

    def notices_end(self, park: str) -> None:
        """Five working days go by."""
        for table in ("rankings_boardedition", "rankings_publishedboard"):
            self.sql(
                park,
                f"UPDATE {table} SET notice_ends_at = now() - interval '1 minute' WHERE state = 'on_notice'",
            )

    def rows(self, park: str, query: str) -> list[tuple[Any, ...]]:
        """What a query of the owner finds in a park."""
        owner = psycopg2.connect(self.owner_url)
        with owner, owner.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('app.park_id', id::text, true) FROM parks_park WHERE code = %s", [park]
            )
            cursor.execute(query)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        owner.close()
        return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the web server did not start")


@dataclass(frozen=True)
class Prepared:
    """A database with a small demo zone, to be copied, and what belongs to it."""

    database: str
    folder: Path
    redis: str


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """The demo zone, made once."""
    chromium()
    folder = tmp_path_factory.mktemp("prepared")
    slot = int(TEST_DATABASE.rpartition("_")[2])
    redis = urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{(slot + 8) % 16}").geturl()
    made = Prepared(f"test_prepared_{slot}", folder, redis)
    databases.create(made.database, template=databases.migrated())
    try:
        _prepare(_environment(made, made.database, folder))
        yield made
    finally:
        databases.drop(made.database)


@pytest.fixture(scope="module")
def site(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Web, worker and beat on a copy of the demo zone: each file of journeys has the zone as it was made."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(prepared.folder, folder, dirs_exist_ok=True)
    database = prepared.database.replace("prepared", "journeys")
    databases.create(database, template=prepared.database)
    redis_client.from_url(prepared.redis).flushdb()
    port = _free_port()
    environment = _environment(prepared, database, folder) | {"PORT": str(port)}
    site = Site(f"http://127.0.0.1:{port}", environment["DATABASE_OWNER_URL"], environment)
    try:
        for process, command in _commands(folder).items():
            _start(site, command, environment | {"INNOVSCORE_PROCESS": process}, folder / f"{process}.log")
        _wait_for(site.address)
        yield site
    finally:
        _stop(site)
        databases.drop(database)


def _environment(prepared: Prepared, database: str, folder: Path) -> dict[str, str]:
    names = ("DATABASE_URL", "DATABASE_WORKER_URL", "DATABASE_OWNER_URL")
    urls = {name: urlsplit(os.environ[name])._replace(path=f"/{database}").geturl() for name in names}
    return os.environ | urls | {
        "REDIS_URL": prepared.redis, "DJANGO_SETTINGS_MODULE": "innovscore.settings", "DEMO_MODE": "1", "DEBUG": "0",
        "LOG_FORMAT": "text", "INNOVSCORE_PROCESS": "web", "METRICS_PORT": "0", "EVIDENCE_ROOT": str(folder / "evidence"),
        "SIGNING_KEYS": str(folder / "signing"), "WITNESS_ROOT": str(folder / "witness"), "WEB_CONCURRENCY": "2",
        "PUBLIC_CACHE_SECONDS": "0",
    }  # fmt: skip


def _prepare(environment: dict[str, str]) -> None:
    _collect_static(environment)
    _manage(environment, "demo", "--enterprises", "80", "--years", "2")


def _collect_static(environment: dict[str, str]) -> None:
    """Once a run: processes that share a run share the folder, and a browser of one may be reading it already."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    made = TEST.home / "static.made"
    with databases.alone("static"):
        if run and made.exists() and made.read_text() == run:
            return
        _manage(environment, "collectstatic", "--no-input", "-v0")
        made.write_text(run)


def _manage(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _commands(folder: Path) -> dict[str, list[str]]:
    celery = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "innovscore.celery",
        "worker",
        "--beat",
        "--schedule",
        str(folder / "beat"),
        "--concurrency",
        "1",
    ]
    return {
        "web": [sys.executable, "-m", "gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"],
        "worker": [*celery, "--loglevel", "WARNING", "--without-gossip", "--without-mingle"],
    }


def _start(site: Site, command: list[str], environment: dict[str, str], log: Path) -> None:
    with log.open("wb") as out:
        site.processes.append(
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
            )
        )


def _stop(site: Site) -> None:
    import signal

    for process in site.processes:
        try:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=20)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            process.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's event loop runs in this thread
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(site: Site, browser: Any) -> Iterator[Any]:
    """`visit(login)` opens a browser window signed in as a demo account; `visit()` one of a stranger.

    At the end of the test no window may have reported an error or a breach of the content policy.
    """
    from tests.journeys.visitor import Visitor

    visitors: list[Visitor] = []

    def open_window(login: str = "", *, zone: str = "重庆示例高新区", width: int = WIDE) -> Visitor:
        visitor = Visitor.open(browser, site.address, width=width)
        visitors.append(visitor)
        if login:
            visitor.sign_in(login, zone=zone)
        return visitor

    yield open_window
    for visitor in visitors:
        visitor.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []

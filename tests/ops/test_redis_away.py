"""Without Redis: no job is lost, signing in and reading work, and money is guarded as ever (its guards are in PostgreSQL)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from finance.models import Decision
from innovscore import embedded
from parks.models import Account, Job
from parks.scope import park_scope
from scoring import engine
from scoring.models import CurrentRun, ScoreRun
from tests.bankapi.conftest import make_case
from tests.conftest import ROOT, owner_connection, start_worker, stop_worker, wait_until
from tests.drills.kills import GATES
from tests.factories import bankapi
from tests.factories import parks as people
from tests.factories import scoring as make

PASSWORD = "correct horse battery"
PATIENCE = 10
"""Seconds that a person waits for a page at most while Redis is away."""
TIMES, SEED = int(os.environ.get("TIMES", "3")), int(os.environ.get("SEED", "14"))
BEFORE = "before it is asked for"
MOMENTS = (BEFORE, "soon after", *GATES)
YEAR = 2023
OFFER = {"amount": "4000000.00", "rate": "0.0345", "term_months": 12}


@pytest.fixture(scope="module")
def bell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Place]:
    """A Redis of these tests alone, that web and worker are pointed at; it comes back under its old address."""
    place = embedded.Place(tmp_path_factory.mktemp("redis"), durable=False)
    url = embedded.start_redis(place)
    embedded.write_private(place.env_file, f"REDIS_URL={url}\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", url)
        yield place
    embedded.stop_redis(place)


@pytest.fixture(scope="module")
def web(django_db_setup: None, bell: embedded.Place) -> Iterator[str]:
    """The web as in production; its address."""
    port = embedded.free_port()
    environment = os.environ | {
        "PORT": str(port), "METRICS_PORT": "0", "WEB_CONCURRENCY": "1", "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "innovscore.settings",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: _opens(f"{address}/account/login/"))
    yield address
    process.terminate()
    process.wait(30)


@pytest.fixture
def site(web: str, bell: embedded.Place, live_db: None) -> str:
    """Web and Redis are there."""
    embedded.start_redis(bell)
    return web


def _opens(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).ok
    except requests.RequestException:
        return False


def _form(browser: requests.Session, url: str, **fields: str) -> requests.Response:
    """Post a form as a browser does."""
    headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Referer": url}
    return browser.post(url, fields, headers=headers, timeout=PATIENCE)


def _signed_in(site: str, actor: Any) -> requests.Session:
    browser = requests.Session()
    for name, morsel in people.client_for(actor).cookies.items():
        browser.cookies.set(name, morsel.value)
    browser.get(f"{site}/account/login/", timeout=PATIENCE)
    return browser


def _login_of(actor: Any) -> str:
    """The login of a person who has a password."""
    account = Account.objects.get(pk=actor.account_id)
    account.set_password(PASSWORD)
    account.save()
    return account.login


def _signs_in_and_reads(site: str, login: str) -> None:
    browser = requests.Session()
    browser.get(f"{site}/account/login/", timeout=PATIENCE)
    home = _form(browser, f"{site}/account/login/", login=login, password=PASSWORD)
    assert (home.status_code, home.url) == (200, f"{site}/p/cq/")
    assert browser.get(f"{site}/p/cq/e/score/", timeout=PATIENCE).status_code == 200
    assert requests.get(f"{site}/zones/cq/", timeout=PATIENCE).status_code == 200


def test_signing_in_and_reading_work(site: str, park: Any, bell: embedded.Place) -> None:
    login = _login_of(people.actor("enterprise_agent", park))
    embedded.stop_redis(bell)
    _signs_in_and_reads(site, login)


def test_a_run_asked_for_meanwhile_is_done_when_redis_is_back(
    site: str, park: Any, bell: embedded.Place, tmp_path: Path
) -> None:
    officer = people.actor("score_officer", park)
    with park_scope(park.pk):
        make.snapshot(officer, cases=make.golden_cases())
    browser = _signed_in(site, officer)
    worker = start_worker(tmp_path)
    try:
        embedded.stop_redis(bell)
        page = _form(browser, f"{site}/p/cq/office/cycles/2025/score/run/")
        assert page.status_code == 200
        assert "排队" in page.text, "the page says that it waits"
        embedded.start_redis(bell)
        wait_until(lambda: _is_computed(park))
    finally:
        stop_worker(worker)
    with park_scope(park.pk):
        assert CurrentRun.objects.get().run_id == ScoreRun.objects.get().pk


def _is_computed(park: Any) -> bool:
    with park_scope(park.pk):
        return ScoreRun.objects.get().state == ScoreRun.State.COMPUTED


@dataclass
class Program:
    """A bank's decision engine that has read an application and wants to propose a loan."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]

    @classmethod
    def of(cls, site: str, park: Any) -> Program:
        case = make_case(park)
        case.consent()
        url = f"{site}{bankapi.ROOT}/parks/cq/applications/{case.application().pk}"
        headers = {"Authorization": f"Bearer {case.engine.token}"}
        headers["If-Match"] = requests.get(url, headers=headers, timeout=PATIENCE).headers["ETag"]
        with park_scope(park.pk):
            return cls(url, headers, OFFER | {"actor_token": case.engine.as_person(case.world.maker)})

    def propose(self, key: str) -> requests.Response:
        headers = self.headers | {"Idempotency-Key": key}
        return requests.post(f"{self.url}:propose", json=self.body, headers=headers, timeout=PATIENCE)

    def has_asked(self, much: str) -> None:
        """It has used up what it may ask for so long; the counter lies in PostgreSQL."""
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute("UPDATE parks_throttle SET ahead_until = now() + %s::interval", [much])

    def is_refused(self) -> None:
        self.has_asked("1 hour")
        refused = self.propose("too-often")
        assert refused.status_code == 429
        assert "请求过于频繁" in refused.json()["detail"]


def test_money_is_guarded_as_ever(site: str, park: Any, bell: embedded.Place) -> None:
    """A repeated call has one effect, and a program that asks too often is refused before anything happens."""
    program = Program.of(site, park)
    embedded.stop_redis(bell)
    first, again = program.propose("propose-1"), program.propose("propose-1")
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == again.json()
    program.is_refused()
    with park_scope(park.pk):
        assert Decision.objects.count() == 1


@contextmanager
def _shut(gate: str) -> Iterator[None]:
    """A run that comes to this table waits."""
    with owner_connection() as owner:
        owner.autocommit = False
        owner.cursor().execute(f"LOCK TABLE {GATES[gate]}")
        yield


@dataclass
class Runs:
    """An officer who asks for a run in the browser, each time for one that is computed afresh."""

    site: str
    park: Any
    browser: requests.Session

    def ask(self) -> None:
        with park_scope(self.park.pk):
            for run in ScoreRun.objects.filter(cycle__year=YEAR, engine_version=engine.ENGINE_VERSION):
                run.engine_version = f"{engine.ENGINE_VERSION}+{run.pk}"
                run.save(update_fields=["engine_version"])
        page = _form(self.browser, f"{self.site}/p/cq/office/cycles/{YEAR}/score/run/")
        assert page.status_code == 200, page.text

    def is_at_work(self) -> bool:
        with park_scope(self.park.pk):
            return ScoreRun.objects.latest("pk").job.state == "running"

    def is_done(self) -> bool:
        """No job is left, and the run asked for last is the one that counts."""
        with park_scope(self.park.pk):
            left = Job.objects.filter(state__in=["queued", "running"]).exists()
            newest = ScoreRun.objects.latest("pk")
            return not left and CurrentRun.objects.filter(cycle__year=YEAR, run=newest).exists()

    def roots(self) -> set[str]:
        with park_scope(self.park.pk):
            return set(ScoreRun.objects.filter(cycle__year=YEAR).values_list("result_root", flat=True))


@contextmanager
def _gone(bell: embedded.Place, *, stops: bool) -> Iterator[None]:
    """Redis stops and comes back, or loses all that it holds."""
    if stops:
        embedded.stop_redis(bell)
    else:
        redis.Redis.from_url(os.environ["REDIS_URL"]).flushall()
    try:
        yield
    finally:
        embedded.start_redis(bell)


def _once(asked: Runs, bell: embedded.Place, program: Program, login: str, rng: random.Random) -> None:
    moment, stops, wait = rng.choice(MOMENTS), rng.random() < 0.5, rng.uniform(0, 1)
    print(f"{'stopped' if stops else 'emptied'} {moment}", end=" ", flush=True)
    with ExitStack() as stack:
        if moment in GATES:
            stack.enter_context(_shut(moment))
        if moment == BEFORE:
            stack.enter_context(_gone(bell, stops=stops))
        asked.ask()
        if moment in GATES:
            wait_until(asked.is_at_work)
        if moment != BEFORE:
            time.sleep(wait)
            stack.enter_context(_gone(bell, stops=stops))
        _signs_in_and_reads(asked.site, login)
        program.is_refused()
    start = time.monotonic()
    wait_until(asked.is_done)
    print(f"done {time.monotonic() - start:.1f} s later")


def test_at_any_step_nothing_is_lost(site: str, park: Any, bell: embedded.Place, tmp_path: Path) -> None:
    """Redis is emptied or stops before a run is asked for, while it waits, at each of its steps. TIMES and SEED come
    from the environment; python -m tests.drills.redis does it fifty times."""
    rng, failed = random.Random(SEED), 0
    officer, program = people.actor("score_officer", park), Program.of(site, park)
    login = _login_of(people.actor("enterprise_agent", park))
    with park_scope(park.pk):
        make.snapshot(officer, YEAR, cases=make.golden_cases(first=100))
    asked = Runs(site, park, _signed_in(site, officer))
    worker = start_worker(tmp_path)
    try:
        for number in range(TIMES):
            try:
                _once(asked, bell, program, login, rng)
            except (AssertionError, requests.RequestException, pytest.fail.Exception) as wrong:
                failed += 1
                print(f"FAILED {number}: {wrong}")
    finally:
        stop_worker(worker)
    print(f"SEED={SEED} {TIMES} tried, {failed} failed")
    assert not failed
    assert len(asked.roots()) == 1, "every run has the same result"
    program.has_asked("0 hours")
    assert program.propose("at-last-1").status_code == 200, "it was refused for its counter alone"

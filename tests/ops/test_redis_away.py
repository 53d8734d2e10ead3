"""Without Redis: no job is lost, signing in and reading work, and money is guarded as ever (its guards are in PostgreSQL)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from finance.models import Decision
from innovscore import embedded
from parks.models import Account
from parks.scope import park_scope
from scoring.models import CurrentRun, ScoreRun
from tests.bankapi.conftest import make_case
from tests.conftest import ROOT, owner_connection, start_worker, stop_worker, wait_until
from tests.factories import bankapi
from tests.factories import parks as people
from tests.factories import scoring as make

PASSWORD = "correct horse battery"
PATIENCE = 10
"""Seconds that a person waits for a page at most while Redis is away."""
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


def test_signing_in_and_reading_work(site: str, park: Any, bell: embedded.Place) -> None:
    actor = people.actor("enterprise_agent", park)
    account = Account.objects.get(pk=actor.account_id)
    account.set_password(PASSWORD)
    account.save()
    embedded.stop_redis(bell)
    browser = requests.Session()
    browser.get(f"{site}/account/login/", timeout=PATIENCE)
    home = _form(browser, f"{site}/account/login/", login=account.login, password=PASSWORD)
    assert (home.status_code, home.url) == (200, f"{site}/p/cq/")
    assert browser.get(f"{site}/p/cq/e/score/", timeout=PATIENCE).status_code == 200
    assert requests.get(f"{site}/zones/cq/", timeout=PATIENCE).status_code == 200


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


def test_money_is_guarded_as_ever(site: str, park: Any, bell: embedded.Place) -> None:
    """A repeated call has one effect, and a program that asks too often is refused before anything happens."""
    case = make_case(park)
    case.consent()
    application = case.application()
    maker, engine = case.world.maker, case.engine
    url = f"{site}{bankapi.ROOT}/parks/cq/applications/{application.pk}"
    embedded.stop_redis(bell)
    headers = {"Authorization": f"Bearer {engine.token}", "Idempotency-Key": "propose-1"}
    headers["If-Match"] = requests.get(url, headers=headers, timeout=PATIENCE).headers["ETag"]
    with park_scope(park.pk):
        body = OFFER | {"actor_token": engine.as_person(maker)}
    first, again = (
        requests.post(f"{url}:propose", json=body, headers=headers, timeout=PATIENCE) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == again.json()
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("UPDATE parks_throttle SET ahead_until = now() + interval '1 hour'")
    refused = requests.post(
        f"{url}:propose", json=body, headers=headers | {"Idempotency-Key": "propose-2"}, timeout=PATIENCE
    )
    assert refused.status_code == 429
    assert "请求过于频繁" in refused.json()["detail"]
    with park_scope(park.pk):
        assert Decision.objects.count() == 1

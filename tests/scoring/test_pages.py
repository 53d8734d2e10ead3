"""The pages of scoring as a browser gets them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test.utils import CaptureQueriesContext
from django.db import connection

from parks.models import Organisation
from parks.scope import park_scope
from scoring.models import ScoreResult, ScoreRun
from scoring.services import runs
from tests.factories import parks as people
from tests.factories import scoring as make
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db
BASE = "/p/cq/office"


@pytest.fixture
def officer(park: Any) -> Any:
    return people.actor("score_officer", park)


@pytest.fixture
def run(park: Any, officer: Any) -> ScoreRun:
    with park_scope(park.pk):
        make.snapshot(officer)
        return compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))


def firm_of(park: Any, number: int) -> ScoreResult:
    with park_scope(park.pk):
        return ScoreResult.objects.select_related("enterprise").get(uscc=make.uscc(number))


def agent_of(park: Any, number: int) -> Any:
    organisation = Organisation.objects.get(uscc=make.uscc(number), kind="enterprise")
    return people.actor("enterprise_agent", park, organisation=organisation)


def test_the_office_sees_the_cycle_and_its_runs(park: Any, run: ScoreRun, officer: Any, client_as: Any) -> None:
    client = client_as(officer)
    for url in (f"{BASE}/scores/", f"{BASE}/cycles/2025/score/", f"{BASE}/runs/{run.pk}/"):
        response = client.get(url)
        assert response.status_code == 200, url
        assert run.run_hash[:12] in response.content.decode()


def test_the_score_page_shows_total_places_and_thirty_indicators(park: Any, run: ScoreRun, client_as: Any) -> None:
    client = client_as(agent_of(park, 2))
    page = client.get("/p/cq/e/score/2025/").content.decode()
    assert "59.03" in page
    assert page.count("/e/score/2025/item/") == 30
    assert run.run_hash[:16] in page


def test_the_detail_page_goes_from_inputs_to_points(park: Any, run: ScoreRun, client_as: Any) -> None:
    page = client_as(agent_of(park, 2)).get("/p/cq/e/score/2025/item/rd_intensity/").content.decode()
    for text in ("688 / 8600 * 100", "8 %", "0.8500", "7.65"):
        assert text in page, text


@pytest.mark.parametrize("code", [item.code for item in make._scheme.indicators])
def test_every_indicator_has_its_page(park: Any, run: ScoreRun, officer: Any, client_as: Any, code: str) -> None:
    firm = firm_of(park, 1)
    response = client_as(officer).get(f"{BASE}/enterprises/{firm.enterprise_id}/score/2025/item/{code}/")
    assert response.status_code == 200
    assert "style=" not in response.content.decode()

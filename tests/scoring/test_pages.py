"""The pages of scoring as a browser gets them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parks.models import Organisation
from parks.scope import park_scope
from scoring import rules
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


def test_the_office_sees_the_cycle_and_its_runs(
    park: Any, run: ScoreRun, officer: Any, client_as: Any
) -> None:
    client = client_as(officer)
    for url in (f"{BASE}/scores/", f"{BASE}/cycles/2025/score/", f"{BASE}/runs/{run.pk}/"):
        response = client.get(url)
        assert response.status_code == 200, url
        assert run.run_hash[:12] in response.content.decode()


@pytest.mark.parametrize(
    ("percentile", "above", "band"),
    [(0, 0, (0, 5)), (62.9, 62, (60, 65)), (99.7, 99, (95, 99)), (100, 99, (95, 99))],
)
def test_nobody_is_told_to_stand_above_everybody(
    percentile: float, above: int, band: tuple[int, int]
) -> None:
    assert (rules.above(percentile), rules.band(percentile)) == (above, band)


def test_the_first_of_a_stage_stands_above_99_of_100_on_page_paper_and_api(
    park: Any, run: ScoreRun, client_as: Any
) -> None:
    with park_scope(park.pk):
        first = ScoreResult.objects.filter(stage_percentile=10_000)[0].uscc
    client = client_as(
        people.actor("enterprise_agent", park, organisation=Organisation.objects.get(uscc=first))
    )
    page, paper = (client.get(f"/p/cq/e/score/2025/{path}").content.decode() for path in ("", "report/"))
    assert "高于约 99% 的企业" in page
    assert not re.findall(r"高于约 1\d\d%|百分位", page + paper)
    assert client.get("/api/v1/parks/cq/scores/2025/").json()["standing"]["above"] == 99


def test_the_score_page_shows_total_places_and_thirty_indicators(
    park: Any, run: ScoreRun, client_as: Any
) -> None:
    client = client_as(agent_of(park, 2))
    page = client.get("/p/cq/e/score/2025/").content.decode()
    assert "59.03" in page
    assert len(set(re.findall(r'href="/p/cq/e/score/2025/item/(\w+)/"', page))) == 30
    assert run.run_hash[:16] in page


def test_the_report_on_paper_has_every_indicator_with_its_source(
    park: Any, run: ScoreRun, officer: Any, client_as: Any
) -> None:
    agent, firm = client_as(agent_of(park, 2)), firm_of(park, 2)
    own, office = (
        "/p/cq/e/score/2025/report/",
        f"{BASE}/enterprises/{firm.enterprise_id}/score/2025/report/",
    )
    text = client_as(officer).get(office).content.decode()
    for words in ("59.03", "研发费用占营业收入比例", "7.65", "税务局 2026-03-31", run.run_hash):
        assert words in text, words
    assert text.count("<tr>") > 30
    assert agent.get(own).content.decode().count("税务局 2026-03-31") == text.count("税务局 2026-03-31")
    file = agent.get(f"{own}?export=pdf")
    assert (file["Content-Type"], file.content[:5]) == ("application/pdf", b"%PDF-")
    assert agent.get(office).status_code == 403


def test_the_detail_page_goes_from_inputs_to_points(park: Any, run: ScoreRun, client_as: Any) -> None:
    page = client_as(agent_of(park, 2)).get("/p/cq/e/score/2025/item/rd_intensity/").content.decode()
    for text in ("688 / 8,600 × 100", "8.00 %", "0.8500", "7.65"):
        assert text in page, text


def test_english_readers_find_the_same_digits(park: Any, run: ScoreRun, client_as: Any) -> None:
    client, english = client_as(agent_of(park, 2)), {"Accept-Language": "en"}
    item = client.get("/p/cq/e/score/2025/item/rd_intensity/", headers=english).content.decode()
    for text in ("688 / 8,600 × 100", "8.00 %", "0.8500", "7.65", "10,000 yuan"):
        assert text in item, text
    assert "59.03" in client.get("/p/cq/e/score/2025/", headers=english).content.decode()


@pytest.mark.parametrize("code", [item.code for item in make._scheme.indicators])
def test_every_indicator_has_its_page(
    park: Any, run: ScoreRun, officer: Any, client_as: Any, code: str
) -> None:
    firm = firm_of(park, 1)
    response = client_as(officer).get(f"{BASE}/enterprises/{firm.enterprise_id}/score/2025/item/{code}/")
    assert response.status_code == 200
    assert "style=" not in response.content.decode()


def test_people_of_another_park_find_nothing(
    park: Any, other_park: Any, run: ScoreRun, client_as: Any
) -> None:
    firm = firm_of(park, 1)
    stranger = client_as(people.actor("score_officer", other_park))
    for url in (f"runs/{run.pk}/", "cycles/2025/score/", f"enterprises/{firm.enterprise_id}/score/2025/"):
        assert stranger.get(f"/p/hz/office/{url}").status_code == 404, url
        assert stranger.get(f"{BASE}/{url}").status_code == 404, url


def test_an_enterprise_sees_neither_the_office_nor_others(park: Any, run: ScoreRun, client_as: Any) -> None:
    client = client_as(agent_of(park, 1))
    assert client.get(f"{BASE}/runs/{run.pk}/").status_code == 403
    other = firm_of(park, 2)
    assert other.enterprise.name not in client.get("/p/cq/e/score/2025/").content.decode()
    assert client.post(f"{BASE}/cycles/2025/score/run/").status_code == 403


def test_a_reviewer_reads_but_does_not_run(park: Any, run: ScoreRun, client_as: Any) -> None:
    client = client_as(people.actor("park_reviewer", park))
    assert client.get(f"{BASE}/runs/{run.pk}/").status_code == 200
    assert client.post(f"{BASE}/cycles/2025/score/run/").status_code == 403


def test_the_list_filters_sorts_and_exports(park: Any, run: ScoreRun, officer: Any, client_as: Any) -> None:
    client = client_as(officer)
    url = f"{BASE}/runs/{run.pk}/"
    second = firm_of(park, 2)
    only = client.get(url, {"q": second.uscc}).content.decode()
    assert second.enterprise.name in only
    assert firm_of(park, 1).enterprise.name not in only
    stage = client.get(url, {"stage": "growth"}).content.decode()
    assert firm_of(park, 1).enterprise.name not in stage
    assert client.get(url, {"sort": "-total"}).status_code == 200
    export = client.get(url, {"export": "csv"})
    assert export["Content-Type"].startswith("text/csv")
    assert second.uscc in export.content.decode()


@pytest.mark.parametrize(
    "path", ["/p/cq/office/runs/{run}/", "/p/cq/office/scores/", "/p/cq/office/cycles/{year}/score/"]
)
def test_pages_ask_a_constant_number_of_questions(park: Any, officer: Any, client_as: Any, path: str) -> None:
    counts = []
    for year, scale in ((2024, 1), (2025, 20)):
        with park_scope(park.pk):
            make.snapshot(officer, year, make.golden_cases(1 + year * 1000, scale=scale))
            run = compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get(year=year)))
        client = client_as(officer)
        client.get(path.format(run=run.pk, year=year))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path.format(run=run.pk, year=year)).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_freezing_shows_open_cases_and_asks_for_confirmation(park: Any, officer: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        cycle = make.cycle()
        firm = make.enterprise(1)
        cycle.declarations.create(enterprise=firm)
    client = client_as(officer)
    page = client.get(f"{BASE}/cycles/2025/score/freeze/").content.decode()
    assert "还有 1 家企业的申报没有核定" in page
    refused = client.post(f"{BASE}/cycles/2025/score/freeze/")
    assert refused.status_code == 422
    assert "请勾选确认" in refused.content.decode()


def test_the_run_page_waits_and_then_shows_the_result(park: Any, officer: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        make.snapshot(officer)
    client = client_as(officer)
    answer = client.post(f"{BASE}/cycles/2025/score/run/")
    assert answer.status_code == 302
    waiting = client.get(answer["Location"])
    assert waiting["Refresh"] == "3"
    assert "<progress" in waiting.content.decode()
    with park_scope(park.pk):
        compute(ScoreRun.objects.get())
    done = client.get(answer["Location"])
    assert "Refresh" not in done
    assert "运行单" in done.content.decode()


def test_the_api_gives_own_scores_and_the_offices_list(
    park: Any, run: ScoreRun, officer: Any, client_as: Any
) -> None:
    own = client_as(agent_of(park, 2))
    listed = own.get("/api/v1/parks/cq/scores/").json()
    assert [(row["year"], row["total"]) for row in listed["results"]] == [(2025, "59.03")]
    one = own.get("/api/v1/parks/cq/scores/2025/").json()
    assert len(one["indicators"]) == 30
    assert own.get("/api/v1/parks/cq/scores/2024/").status_code == 404
    assert own.get("/api/v1/parks/cq/cycles/2025/results/").status_code == 403
    office = client_as(officer)
    rows = office.get("/api/v1/parks/cq/cycles/2025/results/", {"stage": "growth", "size": 1}).json()
    assert rows["count"] >= 1
    assert len(rows["results"]) == 1
    assert office.get("/api/v1/parks/cq/cycles/2025/results/", {"stage": "nonsense"}).status_code == 422

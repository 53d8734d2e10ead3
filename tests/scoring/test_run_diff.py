"""The list of who moved between two runs can be searched, filtered, turned over and taken away."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parks.scope import park_scope
from scoring.models import ScoreRun
from scoring.queries import run_diff
from scoring.services import runs
from tests.factories import parks as people
from tests.factories import scoring as make
from tests.scoring.test_anomalies import other_scheme, year_after
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(park: Any) -> Any:
    return people.actor("score_officer", park)


@pytest.fixture
def after(park: Any, officer: Any) -> ScoreRun:
    """Firm 2 has put twice as much into research as the year before; nobody else has changed a figure."""
    with park_scope(park.pk):
        return year_after(officer, rd_expense=2000, staff_total=120)


def movers(park: Any, run: ScoreRun) -> run_diff.Movers:
    with park_scope(park.pk):
        return run_diff.between(run_diff.others(run)[0], run).moved


def test_movers_are_narrowed_by_name_code_direction_and_reason(park: Any, after: ScoreRun) -> None:
    everybody = movers(park, after)
    assert len(everybody) == 2, "the firm itself and the one it has passed"
    with park_scope(park.pk):
        (firm,) = everybody.narrowed(q=make.uscc(2))
        assert [one.uscc for one in everybody.narrowed(q=firm.name)] == [firm.uscc]
        assert [one.uscc for one in everybody.narrowed(reason=run_diff.DATA)] == [firm.uscc]
        up, down, level = (
            everybody.narrowed(places=way) for way in (run_diff.UP, run_diff.DOWN, run_diff.LEVEL)
        )
        assert all(one.places > 0 for one in up) and all(one.places < 0 for one in down)
        assert firm.uscc in [one.uscc for one in up]
        assert len(up) + len(down) + len(level) == len(everybody)
        assert not len(everybody.narrowed(q=firm.name, places=run_diff.DOWN))
        assert not len(everybody.narrowed(q="%"))


def test_the_page_narrows_and_exports_what_it_shows(
    park: Any, after: ScoreRun, officer: Any, client_as: Any
) -> None:
    client, url = client_as(officer), f"/p/cq/office/runs/{after.pk}/diff/"
    page = client.get(f"{url}?q={make.uscc(2)}&places=up").content.decode()
    assert "共 1 条" in page
    export = client.get(f"{url}?reason=data&export=csv").content.decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(export))][1:] == [make.uscc(2)]
    assert len(client.get(f"{url}?export=csv").content.decode().splitlines()) == len(movers(park, after)) + 1
    for odd in ("reason=odd", "places=odd", "before=odd", "page=odd", "q=%00", "q=" + "x" * 9000):
        assert client.get(f"{url}?{odd}").status_code in (200, 400), odd


def test_many_movers_cost_as_many_queries_as_few(park: Any, officer: Any, client_as: Any) -> None:
    counts = []
    for year, scale in ((2024, 1), (2025, 8)):
        with park_scope(park.pk):
            make.snapshot(officer, year, cases=make.golden_cases(first=100 * (year - 2023), scale=scale))
            cycle = make.Cycle.objects.get(year=year)
            compute(runs.request_run(by=officer, cycle=cycle))
            run = compute(runs.request_run(by=officer, cycle=cycle, scheme_version=other(year)))
        client = client_as(officer)
        client.get(f"/p/cq/office/runs/{run.pk}/diff/")
        with CaptureQueriesContext(connection) as asked:
            page = client.get(f"/p/cq/office/runs/{run.pk}/diff/").content.decode()
        counts.append((len(asked), int(re.findall(r"共 (\d+) 条", page)[0])))
    (few, small), (many, large) = counts
    assert large >= 5 * small > 0
    assert many <= few, counts


def other(year: int) -> Any:
    return other_scheme() if year == 2024 else make.SchemeVersion.objects.get(version="2026.1")


@pytest.mark.parametrize(
    "page", ["runs/{run}/", "runs/{run}/diff/", "runs/{run}/lab/", "cycles/2025/score/", "screens/"]
)
def test_the_menu_says_where_one_is(park: Any, after: ScoreRun, client_as: Any, page: str) -> None:
    found = client_as(people.actor("park_admin", park)).get(f"/p/cq/office/{page.format(run=after.pk)}")
    assert set(re.findall(r'aria-current="page">([^<]+)<', found.content.decode())) == {"积分计算"}

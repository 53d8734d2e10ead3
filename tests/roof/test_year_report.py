"""The year report: figures of the rooms with their sources, made by a job; few firms are not told outside of the office."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from innovscore import yearbook
from innovscore.yearbook import Figure, Row, Section, Table
from parks import jobs
from parks.clock import db_today
from parks.models import Job
from scoring.models import ScoreRun
from tests.factories import finance
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    return make.Office(in_park)


def report(office: make.Office, year: int) -> Job:
    job = yearbook.request(by=office["admin"], year=year, language="zh-hans")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == "succeeded", job.error
    return job


def address(job: Job, **query: str) -> str:
    url = reverse("year_report", kwargs={"park": "cq", "job_id": job.pk})
    return f"{url}?{'&'.join(f'{key}={value}' for key, value in query.items())}"


def cells(content: bytes) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def test_the_years_work_is_summed_up_with_its_sources(office: make.Office) -> None:
    make.filed(make.firm(office.park), office.release())
    job = report(office, db_today().year)
    page = people.client_for(office["admin"]).get(address(job)).content.decode()
    assert "政策兑现" in page and "14.80" in page
    assert reverse("cultivation:claim_queue", kwargs={"park": "cq"}) in page
    file = people.client_for(office["admin"]).get(address(job, export="xlsx")).content
    assert ("政策兑现", "受理申请", 1, "件") in [row[:4] for row in cells(file)]


def test_sums_of_fewer_than_three_firms_stay_in_the_office(office: make.Office) -> None:
    version = office.release()
    for number in range(1, 3):
        make.filed(make.firm(office.park, number), version)
    browser = people.client_for(office["admin"])
    job = report(office, db_today().year)
    assert "29.60" in browser.get(address(job)).content.decode()
    told = cells(browser.get(address(job, export="xlsx")).content)
    assert ("政策兑现", "受理金额", "—", "万元") in [row[:4] for row in told]
    make.filed(make.firm(office.park, 3), version)
    told = cells(browser.get(address(report(office, db_today().year), export="xlsx")).content)
    assert ("政策兑现", "受理金额", 44.4, "万元") in [row[:4] for row in told]


def test_what_is_hidden_outside_is_a_small_group_with_the_one_that_would_tell_it() -> None:
    figures = [
        Figure("a", "1.00", firms=2),
        Figure("b", "1.00", firms=3),
        Figure("c", 0, firms=0),
        Figure("d", 3),
    ]
    table = Table(
        "t", ["h", "n"], [Row("few", [4], 4), Row("next", [5], 5), Row("many", [6], 6), Row("open", [1])]
    )
    (told,) = yearbook.for_outside([Section("s", "route", figures, [table])])
    assert [one.value for one in told.figures] == [None, "1.00", 0, 3]
    assert [row.cells for row in told.tables[0].rows] == [[None], [None], [6], [1]]


def test_scores_are_told_as_quartiles_of_stages_and_counts_of_bins(office: make.Office) -> None:
    make.firm(office.park)
    stage = {"units": 9, "ranked": 8, "total": [1, 20, 30, 40, 99], "histogram": [2, 6, 4, 9]}
    statistics = {"stages": {"growth": stage}, "edges": [0, 25, 50, 75, 100]}
    ScoreRun.objects.update(statistics=statistics, stages=["growth"], boards=[])
    year = yearbook.Year.of(office.park, finance.YEAR + 1)
    part = next(
        one for one in yearbook.sections(year, lambda _done, _all: None) if one.route == "scoring:cycle"
    )
    spread, bins = yearbook.for_outside([part])[0].tables
    assert [row.cells for row in spread.rows] == [[9, 8, "20.00", "30.00", "40.00"]]
    assert [(row.label, row.cells) for row in bins.rows] == [
        ("0–25", [None]), ("25–50", [6]), ("50–75", [None]), ("75–100", [9]),
    ]  # fmt: skip


def test_a_table_whose_rows_do_not_fit_its_heads_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Table("t", ["h", "n"], [Row("a", [1, 2])])


def test_a_report_survives_being_kept() -> None:
    table = Table("t", ["h", "n", "a", "b"], [Row("few", [4, "1.50", None], 4)])
    found = [Section("s", "route", [Figure("a", "1.00", "x", 4)], [table], {"year": 2025}, "?a=1")]
    assert yearbook.loaded(yearbook.dumped(found)) == found


def test_a_role_reads_the_parts_whose_source_it_may_read(office: make.Office) -> None:
    job = report(office, db_today().year)
    assert "积分贷" in people.client_for(office["admin"]).get(address(job)).content.decode()
    reviewer = people.client_for(office["reviewer"])
    parts = reviewer.get(address(job)).content.decode()
    assert "走访与诉求" in parts and "批准金额" not in parts
    told = cells(reviewer.get(address(job, export="xlsx")).content)
    assert "积分贷" not in {row[0] for row in told}


def test_asking_twice_makes_one_and_a_year_that_is_not_offered_is_refused(office: make.Office) -> None:
    browser = people.client_for(office["publisher"])
    overview = reverse("year_reports", kwargs={"park": "cq"})
    for _time in range(2):
        assert browser.post(overview, {"year": db_today().year}).status_code == 302
    assert Job.objects.filter(kind=yearbook.KIND).count() == 1
    assert browser.post(overview, {"year": 1999}).status_code == 422
    assert browser.get(overview).status_code == 200


def test_other_jobs_are_no_reports(office: make.Office) -> None:
    other = jobs.request(kind="cultivation.match", park_id=office.park.pk, dedupe_key="x", by=office["admin"])
    assert people.client_for(office["admin"]).get(address(other)).status_code == 404


def test_the_paper_is_a_pdf(office: make.Office) -> None:
    answer = people.client_for(office["admin"]).get(address(report(office, db_today().year), export="pdf"))
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")

"""What is odd in a run is looked at by a person before boards; runs are compared, stopped and tried under other schemes."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from enterprises.models import Enterprise
from innovscore.core.problems import Conflict, Refused
from parks import jobs, todo
from parks.models import Job
from parks.scope import park_scope
from scoring import rules
from scoring.engine import analysis as engine_analysis
from scoring.models import Anomaly, CurrentRun, PlaceInterval, RunReview, ScoreResult, ScoreRun
from scoring.queries import anomalies, dry_run, explain, method, portrait, results, run_diff
from scoring.queries.schemes import scheme_of
from scoring.services import anomalies as services
from scoring.services import reviews, runs
from tests.factories import parks as people
from tests.factories import scoring as make
from tests.scoring.test_pages import agent_of
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db
BASE = "/p/cq/office"


@pytest.fixture
def officer(in_park: Any, actors: Any) -> Any:
    return actors("score_officer", in_park)


@pytest.fixture
def run(officer: Any) -> ScoreRun:
    make.snapshot(officer, cases=make.golden_cases(scale=6))
    return compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get(year=2025)))


def review(run: ScoreRun) -> RunReview:
    """Do the review's job in this process."""
    found = RunReview.objects.get(run=run)
    assert found.job_id is not None
    jobs.run(found.job_id)
    job = Job.objects.get(pk=found.job_id)
    assert job.state == "succeeded", (job.error, job.result)
    return RunReview.objects.get(run=run)


def year_after(officer: Any, **changes: Any) -> ScoreRun:
    """2025 with firm 2 declaring other figures than in 2024, the others the same."""
    cases = make.golden_cases()
    make.snapshot(officer, 2024, cases)
    compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get(year=2024)))
    for code, value in make.values_of(changes).items():
        cases[1].values[code] = value
    make.snapshot(officer, 2025, cases)
    return compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get(year=2025)))


@pytest.mark.parametrize(
    ("now", "last", "odd"),
    [("60", "35", False), ("60.01", "35", True), ("10", "35.01", True), ("35", "35", False)],
)
def test_a_total_that_jumps_by_more_than_25_points_is_odd(now: str, last: str, odd: bool) -> None:
    assert rules.total_jumps(Decimal(now), Decimal(last)) is odd


@pytest.mark.parametrize(
    ("place", "ranked", "last", "last_ranked", "odd"),
    [(1, 100, 51, 100, False), (1, 100, 52, 100, True), (1, 10, 80, 100, True), (None, 100, 1, 100, False)],
)
def test_a_place_that_jumps_by_more_than_half_of_the_cohort_is_odd(
    place: int | None, ranked: int, last: int, last_ranked: int, odd: bool
) -> None:
    assert rules.place_jumps(place, ranked, last, last_ranked) is odd


def test_every_name_that_would_be_on_a_board_is_looked_at(run: ScoreRun) -> None:
    named = set(
        ScoreResult.objects.filter(run=run, board_places__0__range=(1, 10)).values_list(
            "enterprise_id", flat=True
        )
    )
    found = Anomaly.objects.filter(run=run, rule="board_candidate")
    assert named
    assert named <= set(found.values_list("enterprise_id", flat=True))
    assert anomalies.open_count(run) == Anomaly.objects.filter(run=run).count()


def test_clearing_needs_a_note_and_is_counted(run: ScoreRun, officer: Any) -> None:
    ids = list(Anomaly.objects.filter(run=run).values_list("pk", flat=True))
    for note, chosen in (("", ids), ("好", ids), ("已核对审计报告", [])):
        with pytest.raises(Refused):
            services.clear(by=officer, run=run, ids=chosen, note=note)
    assert services.clear(by=officer, run=run, ids=ids[:1], note="已核对审计报告") == 1
    assert anomalies.open_count(run) == len(ids) - 1
    assert [(item.count, item.url) for item in todo.todos_for(officer)] == [
        (len(ids) - 1, f"{BASE}/runs/{run.pk}/anomalies/")
    ]
    assert services.clear(by=officer, run=run, ids=ids[:1], note="再看一次也一样") == 0


def test_a_clearance_is_carried_over_where_nothing_changed(run: ScoreRun, officer: Any) -> None:
    ids = list(Anomaly.objects.filter(run=run).values_list("pk", flat=True))
    services.clear(by=officer, run=run, ids=ids, note="已核对审计报告")
    cases = [
        make.Case(
            enterprise_id=row.enterprise_id, uscc=row.uscc,
            values=make.values_of(make.GOLDEN[number % len(make.GOLDEN)]["inputs"]),
        )
        for number, row in enumerate(ScoreResult.objects.filter(run=run).order_by("uscc"))
    ]  # fmt: skip
    old = results.latest_snapshot(run.cycle_id)
    from scoring.services import snapshots

    order = {make.uscc(1 + number): number for number in range(len(cases))}
    for case in cases:
        case.values = make.values_of(make.GOLDEN[order[case.uscc] % len(make.GOLDEN)]["inputs"])
    snapshots.store(by=officer, cycle=run.cycle, cases=cases, corrects=old, reason="复核")
    again = compute(runs.request_run(by=officer, cycle=run.cycle))
    assert again.pk != run.pk
    assert anomalies.open_count(again) == 0
    with pytest.raises(Conflict, match="not_current"):
        services.clear(by=officer, run=run, ids=ids, note="已核对审计报告")


def test_the_review_keeps_an_interval_around_every_place(run: ScoreRun) -> None:
    found = review(run)
    assert PlaceInterval.objects.filter(run=run).count() == run.statistics["ranked"]
    assert found.sensitivity["seed"] == run.run_hash
    assert found.groups["industry"]["C39"]["ranked"] == run.statistics["ranked"]
    row = explain.result_of(year=2025, enterprise_id=ScoreResult.objects.get(uscc=make.uscc(2)).enterprise_id)
    around = portrait.portrait(explain.score_page(row))
    assert around.interval is not None
    assert around.interval.low <= around.interval.high
    assert around.industry_percentile is not None


def test_asked_again_the_review_counts_firms_where_they_are_now(run: ScoreRun, officer: Any) -> None:
    first = review(run)
    places = list(PlaceInterval.objects.filter(run=run).values_list("pk", "low", "high"))
    moved = ScoreResult.objects.filter(run=run, place__isnull=False).values("enterprise_id")[:6]
    Enterprise.objects.filter(pk__in=moved).update(industry="I65")
    reviews.request_review(by=officer, run=run)
    again = review(run)
    assert "I65" not in first.groups["industry"]
    assert again.groups["industry"]["I65"]["ranked"] == 6
    assert (again.sensitivity, again.finished_at) == (first.sensitivity, first.finished_at)
    assert list(PlaceInterval.objects.filter(run=run).values_list("pk", "low", "high")) == places


def test_the_lab_says_whether_every_indicator_tells_firms_apart(
    run: ScoreRun, officer: Any, client_as: Any
) -> None:
    review(run)
    found = method.of_review(RunReview.objects.get(run=run), scheme_of(run.scheme_version))
    assert found is not None
    assert found.units == run.statistics["ranked"]
    assert len(found.indicators) == 30
    assert [name for name, _alpha, _remarks in found.dimensions] == [
        "经济税务",
        "研发投入",
        "人才队伍",
        "科技活动",
    ]
    page = client_as(officer).get(f"{BASE}/runs/{run.pk}/lab/").content.decode()
    assert all(text in page for one in found.indicators for text in (one.name, one.effective, *one.remarks))
    assert set(method.REMARKS) == set(engine_analysis.REMARKS), "every remark has its words"


def test_parts_of_a_change_sum_to_the_whole(officer: Any) -> None:
    run = year_after(officer, rd_expense=860, staff_total=200)
    row = explain.result_of(
        year=2025, enterprise_id=ScoreResult.objects.get(run=run, uscc=make.uscc(2)).enterprise_id
    )
    change = portrait.portrait(explain.score_page(row)).change
    assert change is not None
    assert (change.method, change.stage, change.deductions) == (0, 0, 0)
    assert {mover.code for mover in change.shown} >= {"rd_expense", "rd_intensity", "rd_staff_ratio"}
    assert change.method + change.stage + change.deductions + change.data + change.rounding == change.whole
    assert abs(change.rounding) <= Decimal("0.02")


def test_a_change_of_stage_is_told_apart_from_data(officer: Any) -> None:
    run = year_after(officer, revenue=25_000)
    row = explain.result_of(
        year=2025, enterprise_id=ScoreResult.objects.get(run=run, uscc=make.uscc(2)).enterprise_id
    )
    change = portrait.portrait(explain.score_page(row)).change
    assert change is not None
    assert (change.stage_before, change.stage_after) == ("成长期", "稳定期")
    assert change.stage != 0
    assert change.method + change.stage + change.deductions + change.data + change.rounding == change.whole


def other_scheme() -> Any:
    """The thirty indicators with two weights of each stage exchanged."""
    body = copy.deepcopy(json.loads(json.dumps(make._scheme.body)))
    items = {item["code"]: item for item in body["indicators"]}
    one, two = items["rd_intensity"], items["tax_paid"]
    one["weight"], two["weight"] = two["weight"], one["weight"]
    body["version"] = "2026.1"
    return make.scheme_version(body, "2026.1")


def test_a_run_under_another_scheme_is_compared_and_never_counts(run: ScoreRun, officer: Any) -> None:
    shadow = compute(runs.request_run(by=officer, cycle=run.cycle, scheme_version=other_scheme()))
    assert CurrentRun.objects.get().run_id == run.pk
    assert not Anomaly.objects.filter(run=shadow).exists()
    found = run_diff.between(run, shadow)
    assert found.moved
    assert found.counts[run_diff.DATA] == found.counts[run_diff.BOTH] == 0
    assert all(item.method + item.data == item.change for item in found.moved)


def test_between_years_data_and_method_are_told_apart(officer: Any) -> None:
    after = year_after(officer, rd_expense=860)
    before = run_diff.others(after)[0]
    found = run_diff.between(before, after)
    assert [(item.uscc, item.reason) for item in found.moved if item.change] == [
        (make.uscc(2), run_diff.DATA)
    ]
    assert all(item.reason == run_diff.COHORT for item in found.moved if not item.change)


def test_a_dry_run_says_who_would_move_and_keeps_nothing(run: ScoreRun) -> None:
    counted = ScoreRun.objects.count(), ScoreResult.objects.count()
    found = tried(other_scheme().pk)
    assert found.totals_moved > 0
    assert sum(found.before) == sum(found.after) == run.statistics["ranked"]
    assert (ScoreRun.objects.count(), ScoreResult.objects.count()) == counted
    same = tried(run.scheme_version_id)
    assert (same.totals_moved, same.places_moved, same.moved) == (0, 0, [])
    assert not [change for change in same.boards if change.entered or change.left]


def tried(version_id: int) -> dry_run.DryRun:
    subject = dry_run.subject(version_id)
    return dry_run.told(subject, dry_run.computed(subject))


def test_a_large_zone_is_tried_by_a_job(
    run: ScoreRun, park: Any, client_as: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dry_run, "COHORT", 1)
    version = other_scheme()
    url = f"{BASE}/schemes/{version.pk}/try/"
    office = client_as(people.actor("score_officer", park))
    assert "开始试算" in office.get(url).content.decode()
    assert office.post(url).status_code == 302
    waiting = office.get(url)
    assert waiting["Refresh"] == "3" and "<progress" in waiting.content.decode()
    with park_scope(park.pk):
        jobs.run(Job.objects.get(kind=dry_run.KIND).pk)
    page = office.get(url)
    assert "Refresh" not in page and "总分会变的" in page.content.decode()
    assert client_as(people.actor("park_auditor", park)).post(url).status_code == 403


def test_a_waiting_run_is_stopped_and_asked_for_again(officer: Any) -> None:
    make.snapshot(officer)
    cycle = make.Cycle.objects.get()
    waiting = runs.request_run(by=officer, cycle=cycle)
    runs.cancel_run(by=officer, run=waiting)
    jobs.run(waiting.job_id)
    assert not ScoreResult.objects.exists()
    with pytest.raises(Conflict, match="run_over"):
        runs.cancel_run(by=officer, run=results.get_run(waiting.pk))
    assert compute(runs.request_run(by=officer, cycle=cycle)).state == "computed"


def test_the_pages_of_a_run_open_and_clear(park: Any, client_as: Any) -> None:
    officer = people.actor("score_officer", park)
    with park_scope(park.pk):
        run = year_after(officer, rd_expense=860)
        review(run)
        other = other_scheme().pk
        ids = list(Anomaly.objects.filter(run=run).values_list("pk", flat=True))
    client = client_as(officer)
    urls = [f"{BASE}/runs/{run.pk}/{page}" for page in ("", "analysis/", "lab/", "diff/", "anomalies/")]
    for url in [
        *urls,
        f"{BASE}/schemes/{other}/try/",
        f"{BASE}/runs/{run.pk}/analysis/?of=rd_intensity&x=tax_paid",
    ]:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert "style=" not in answer.content.decode(), url
    assert client.get(f"{urls[3]}?export=csv")["Content-Type"].startswith("text/csv")
    refused = client.post(urls[4], {"ids": ids, "note": ""})
    assert refused.status_code == 422
    assert refused.content.decode().count(" checked") == len(ids), "what was chosen stays chosen"
    assert client.post(urls[4], {"ids": ids, "note": "已核对审计报告"}).status_code == 302
    with park_scope(park.pk):
        assert anomalies.open_count(run) == 0
    page = client_as(agent_of(park, 2)).get("/p/cq/e/score/2025/").content.decode()
    for text in ("稳健区间", "与 2024 年度相比", "优势：与同阶段企业比"):
        assert text in page

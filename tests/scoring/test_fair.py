"""Years are compared by one method: what was published stays, beside it stands what this year's method makes of it."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import pytest

from scoring.models import Anomaly, ScoreResult, ScoreRun
from scoring.queries import analysis, anomalies, explain, fair, portrait, screens, standing
from scoring.services import anomalies as services
from scoring.services import runs
from tests.factories import scoring as make
from tests.scoring.test_anomalies import review
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db
ALL_ON = "rd_intensity"


@pytest.fixture
def officer(in_park: Any, actors: Any) -> Any:
    return actors("score_officer", in_park)


def new_method(**changes: Any) -> Any:
    """A version that gives all points for one indicator; `changes` to that indicator."""
    body = copy.deepcopy(json.loads(json.dumps(make._scheme.body))) | {"version": "2025.1"}
    for item in body["indicators"]:
        item["weight"] = 100 if item["code"] == ALL_ON else 0
        if item["code"] == ALL_ON:
            item.update(changes)
    return make.scheme_version(body, "2025.1")


def two_years(officer: Any, version: Any, **changes: Any) -> tuple[ScoreRun, ScoreRun]:
    """The same figures in 2024, by the method of then, and in 2025 by this version, but for what firm 2 then declares."""
    cases, found = make.golden_cases(scale=2), []
    for cycle in (make.cycle(2024, make.scheme_version()), make.cycle(2025, version)):
        if cycle.year == 2025:
            cases[1].values |= make.values_of(changes)
        make.snapshot(officer, cycle.year, cases)
        run = compute(runs.request_run(by=officer, cycle=cycle))
        runs.make_official(by=officer, run=run)
        found.append(ScoreRun.objects.get(pk=run.pk))
    return found[0], found[1]


def by_new_method(officer: Any, old: ScoreRun, version: Any) -> dict[int, Decimal]:
    """2024 tried under the version as a run of its own."""
    trial = compute(runs.request_run(by=officer, cycle=old.cycle, scheme_version=version))
    return dict(ScoreResult.objects.filter(run=trial).values_list("enterprise_id", "total"))


@pytest.mark.parametrize("changes", [{}, {"scoring": {"function": "percentile"}}], ids=["curve", "relative"])
def test_a_trend_scores_earlier_years_again_and_keeps_what_was_published(officer: Any, changes: Any) -> None:
    version = new_method(**changes)
    old, new = two_years(officer, version)
    again = by_new_method(officer, old, version)
    published = dict(ScoreResult.objects.filter(run=old).values_list("enterprise_id", "total"))
    assert again != published
    for firm, total in published.items():
        years = fair.years(standing.standings_of(firm))
        assert [one.standing.total for one in years.years][0] == total
        assert [one.fair for one in years.years] == [again[firm], again[firm]]
        assert (years.method, years.method_changed) == ("2025.1", True)
    row = explain.result_of(year=2025, enterprise_id=min(published))
    assert portrait.portrait(explain.score_page(row)).trend == fair.years(
        standing.standings_of(min(published))
    )


@pytest.mark.parametrize("changes", [{}, {"scoring": {"function": "percentile"}}], ids=["curve", "relative"])
def test_the_year_before_of_many_is_told_by_the_newest_method(
    officer: Any, changes: Any, django_assert_max_num_queries: Any
) -> None:
    version = new_method(**changes)
    old, _new = two_years(officer, version)
    histories = standing.standings_of_all(
        ScoreResult.objects.filter(run=old).values_list("enterprise_id", flat=True)
    )
    with django_assert_max_num_queries(12):
        told = fair.before(histories.values())
    assert told == by_new_method(officer, old, version)


def test_a_year_without_the_figures_that_a_method_asks_for_is_not_compared(officer: Any) -> None:
    body = copy.deepcopy(json.loads(json.dumps(make._scheme.body))) | {"version": "2025.1"}
    body["inputs"].append({"code": "green_power", "zh": "绿电", "type": "number"})
    old, new = two_years(officer, make.scheme_version(body, "2025.1"))
    years = fair.years(standing.standings_of(ScoreResult.objects.filter(run=old)[0].enterprise_id))
    assert [one.fair is None for one in years.years] == [True, False]
    assert [row[2] for row in years.rows][0] == "—"
    assert list(review(new).groups["year"]) == ["2025"]


def test_the_years_of_the_zone_are_compared_by_one_method(officer: Any) -> None:
    old, new = two_years(officer, new_method())
    found = review(new).groups["year"]
    assert found["2024"]["rescored"] and not found["2025"]["rescored"]
    assert found["2024"]["total"] == found["2025"]["total"]
    years = analysis.years(analysis.review_of(new))
    assert years is not None
    assert years.labels == ["2024", "2025"]
    screen = screens.released()
    assert screen is not None
    assert screen.rescored
    assert [total for _year, total in screen.years] == [found["2025"]["total"][2]] * 2


def test_a_new_method_is_nobodys_jump(officer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    jumps = (Anomaly.Rule.TOTAL_JUMP, Anomaly.Rule.PLACE_JUMP)
    _old, new = two_years(officer, new_method())
    assert not Anomaly.objects.filter(run=new, rule__in=jumps).exists()
    monkeypatch.setattr(fair, "cohort", lambda run, scheme: None)
    services.record(new, services.last_year(new))
    assert Anomaly.objects.filter(run=new, rule__in=jumps).exists(), "the guard is not what keeps them away"


def test_a_jump_says_by_which_method_last_year_was_counted(officer: Any) -> None:
    _old, new = two_years(officer, new_method(), rd_expense=1)
    row = Anomaly.objects.get(run=new, rule=Anomaly.Rule.TOTAL_JUMP)
    assert "（2024 年度按 2025.1 版方法重算）" in anomalies.sentence(row, new)
    assert row.detail["last"] == "85.00", "8 % of revenue, by the new method"

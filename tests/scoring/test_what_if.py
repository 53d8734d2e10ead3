"""What-if: an estimate for the firm alone, by the production rules, and nothing of its peers."""

from __future__ import annotations

import copy
import re
from decimal import Decimal
from typing import Any

import pytest

from innovscore.core.problems import Conflict, Refused, TooMany
from parks.scope import park_scope
from scoring import rules
from scoring.models import Scenario, ScoreResult, WhatIfUse
from scoring.queries import alternatives, explain, places, ways, whatif
from scoring.services import runs
from scoring.services import whatif as services
from tests.factories import parks as people
from tests.factories import scoring as make
from tests.scoring.test_pages import agent_of
from tests.scoring.test_runs import compute

pytestmark = pytest.mark.django_db
URL = "/p/cq/e/score/2025/whatif/"


@pytest.fixture
def row(park: Any) -> Any:
    """The second worked example (59.03) in a cohort of its likes."""
    officer = people.actor("score_officer", park)
    with park_scope(park.pk):
        make.snapshot(officer, cases=make.golden_cases(scale=6))
        compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
        yield explain.result_of(
            year=2025, enterprise_id=ScoreResult.objects.get(uscc=make.uscc(2)).enterprise_id
        )


def ask(row: ScoreResult, **typed: str) -> whatif.Outcome:
    frozen = whatif.frozen_row(row)
    return services.ask(row=row, frozen=frozen, changes=services.read(row, frozen, list(typed.items())))


def test_the_same_figures_give_the_official_score(row: Any) -> None:
    found = ask(row, rd_expense="688")
    assert (found.before, found.total, found.change) == (Decimal("59.03"), Decimal("59.03"), 0)


def test_more_research_raises_intensity_growth_and_amount_at_once(row: Any) -> None:
    found = ask(row, rd_expense="860")
    assert found.total > found.before
    assert {part.code for part in found.parts if part.change} == {"rd_input"}
    assert sum(part.change for part in found.parts) == pytest.approx(found.change, abs=Decimal("0.01"))


def test_the_outcome_is_what_the_engine_says_of_these_facts(row: Any) -> None:
    example = dict(make.GOLDEN[1]["inputs"]) | {"rd_expense": 860, "staff_total": 200}
    from scoring import engine

    plain = make.values_of(example)
    scheme = make._scheme
    facts = {"id": "x"} | {
        code: value.amount
        if value.entries is None
        else [(e.get("level", ""), e.get("rank", "")) for e in value.entries]
        for code, value in plain.items()
    }
    expected = engine.score_one(engine.facts_from_rows(scheme, [facts]), scheme)
    found = ask(row, rd_expense="860", staff_total="200")
    assert found.total == Decimal(int(expected.total[0])) / 100


def test_peers_are_told_in_steps_only(row: Any) -> None:
    found = ask(row, rd_expense="700").among
    low, high = found.percentile
    assert (low % rules.BAND, (low, high)) == (0, rules.band(low))
    assert found.places[1] - found.places[0] + 1 >= rules.SMALLEST_GROUP
    for board in found.boards:
        assert board.after is None or board.after[1] - board.after[0] + 1 >= min(
            rules.SMALLEST_GROUP, board.eligible
        )


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({}, "nothing_changed"),
        ({"rd_expense": "约七百"}, "not_a_number_approximate"),
        ({"rd_expense": ""}, "not_a_number_empty"),
        ({"staff_total": "-5"}, "negative"),
        ({"staff_total": "1.5"}, "precision"),
        ({"no_such": "1"}, "no_such_fact"),
        ({"hightech_revenue": "99999999"}, "rule_broken"),
        (dict.fromkeys(("rd_expense", "rd_staff", "ip_class1", "ip_class2", "fresh_graduates", "staff_total"), "1"), "too_many_changes"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_sentence(row: Any, typed: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as caught:
        ask(row, **typed)
    assert caught.value.code == code
    assert str(caught.value.message)
    assert not WhatIfUse.objects.exists()


def test_the_points_on_the_curves_move(row: Any) -> None:
    found = ask(row, rd_expense="860").points
    moved = {point.code: point for point in found}
    assert {"rd_intensity", "rd_expense"} <= moved.keys()
    assert moved["rd_intensity"].before == (8, 0.85)
    assert moved["rd_intensity"].after == pytest.approx((10, 0.925))
    assert sum(point.change for point in found) == pytest.approx(
        ask(row, rd_expense="860").change, abs=Decimal("0.01")
    )


def test_the_place_of_a_total_is_counted_exactly(row: Any) -> None:
    """Whatever the total: above all, between, equal to some, below all, and not in its own way."""
    results = ScoreResult.objects.filter(run=row.run, place__isnull=False)
    totals = set(results.values_list("total", flat=True))
    assert len(totals) < results.count(), "some share a place"
    for total in sorted(totals | {one + Decimal("0.01") for one in totals} | {Decimal(0), Decimal(100)}):
        assert places.place_of(row.run, total) == 1 + results.filter(total__gt=total).count()
        others = results.exclude(pk=row.pk)
        alone = places.place_of(row.run, total, instead_of=row)
        assert alone == 1 + others.filter(total__gt=total).count()


def test_a_larger_cohort_is_represented_by_a_sample(row: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places among a third of the firms are told as places among all; the own score stays exact."""
    whole = ask(row, rd_expense="860")
    monkeypatch.setattr(alternatives, "COHORT", row.run.rows // 3)
    monkeypatch.setattr(alternatives, "_peers", {})
    assert len(alternatives.peers_of(row.run, make._scheme).rows.facts) < row.run.rows
    sampled = ask(row, rd_expense="860")
    assert (sampled.total, sampled.parts) == (whole.total, whole.parts)
    assert sampled.among.ranked == row.run.statistics["ranked"]
    assert 1 <= sampled.among.places[0] <= sampled.among.places[1] <= sampled.among.ranked


def test_the_sliders_reach_beyond_the_figure(row: Any) -> None:
    fields = {field.column: field for field in whatif.fields_of(row, whatif.frozen_row(row))}
    spend, staff = fields["rd_expense"], fields["staff_total"]
    assert (spend.bottom, spend.top, spend.step) == (0, 5000, 25)
    assert (staff.bottom, staff.top, staff.step) == (0, 500, 2)


def test_the_thirty_first_question_of_an_hour_is_refused(row: Any) -> None:
    for _number in range(rules.WHAT_IFS_AN_HOUR):
        WhatIfUse.objects.create(enterprise_id=row.enterprise_id)
    with pytest.raises(TooMany, match="每小时最多试 30 次"):
        ask(row, rd_expense="700")
    row.refresh_from_db()
    assert str(row.total) == "59.03"


def test_advice_only_raises_what_the_engine_confirms(row: Any) -> None:
    frozen = whatif.frozen_row(row)
    found = ways.advice(row, frozen)
    assert found.ways
    assert [way.gain for way in found.ways] == sorted((way.gain for way in found.ways), reverse=True)
    for way in found.ways:
        assert way.field.input not in rules.NOT_ADVISED
        assert not way.field.input.endswith("_prev")
        again = whatif.outcome(row, frozen, {way.field.column: way.minor})
        assert again.change == way.gain > 0
    together = whatif.outcome(row, frozen, {way.field.column: way.minor for way in found.together})
    assert together.change == found.gain
    assert found.is_enough == (found.gain >= 5)


def test_plans_are_kept_once_a_name_and_are_private(row: Any, park: Any) -> None:
    agent = agent_of(park, 2)
    kept = services.keep(
        by=agent, row=row, name="多投研发", fields={"rd_expense": "860"}, result=ask(row, rd_expense="860")
    )
    with pytest.raises(Conflict):
        services.keep(by=agent, row=row, name="多投研发", fields={}, result=ask(row, rd_expense="870"))
    other = explain.result_of(
        year=2025, enterprise_id=ScoreResult.objects.get(uscc=make.uscc(1)).enterprise_id
    )
    assert whatif.scenarios(other) == []
    with pytest.raises(Exception, match="no_plan"):
        services.remove(by=agent_of(park, 1), row=other, scenario_id=kept.pk)
    second = services.keep(by=agent, row=row, name="乙", fields={}, result=ask(row, rd_expense="870"))
    services.rename(by=agent, row=row, scenario_id=second.pk, name=" 少投研发 ")
    with pytest.raises(Conflict, match="plan_exists"):
        services.rename(by=agent, row=row, scenario_id=second.pk, name="多投研发")
    assert {plan.name for plan in whatif.scenarios(row)} == {"多投研发", "少投研发"}
    services.remove(by=agent, row=row, scenario_id=second.pk)
    services.remove(by=agent, row=row, scenario_id=kept.pk)
    assert not Scenario.objects.exists()


def test_the_page_asks_saves_and_compares_without_script(row: Any, park: Any, client_as: Any) -> None:
    client = client_as(agent_of(park, 2))
    form = {"field": ["rd_expense", ""], "value": ["860", ""]}
    page = client.post(URL, form).content.decode()
    for text in ("估算，不作为官方积分", "% 的企业", "约第"):
        assert text in page
    assert "style=" not in page
    assert client.post(URL, form | {"save": "1", "name": "多投\x00研发"}).status_code == 302
    (opened,) = re.findall(r'<a href="(\?[^"#]+)">多投研发</a>', client.get(URL).content.decode())
    assert 'value="860"' in client.get(URL + opened).content.decode()
    refused = client.post(URL, {"field": ["rd_expense"], "value": ["约七百"]})
    assert refused.status_code == 422
    assert "没有读懂" in refused.content.decode()
    fragment = client.post(URL, form, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment


def test_a_moving_slider_tells_nothing_of_peers_and_is_not_counted(
    row: Any, park: Any, client_as: Any
) -> None:
    client = client_as(agent_of(park, 2))
    form = {"field": ["rd_expense"], "value": ["860"]}
    moving = client.post(URL, form | {"live": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "估算总分" in moving and "c-was" in moving
    assert not [text for text in ("% 的企业", "约第", "榜单位置（估算") if text in moving]
    assert "还可问 30 次" in moving
    for _number in range(rules.WHAT_IFS_AN_HOUR):
        WhatIfUse.objects.create(enterprise_id=row.enterprise_id)
    refused = client.post(URL, form)
    assert refused.status_code == 429
    page = refused.content.decode()
    assert "每小时最多试 30 次" in page and "估算总分" in page and "榜单位置（估算" not in page


def test_where_scores_look_at_the_cohort_every_question_is_counted(park: Any, client_as: Any) -> None:
    body = copy.deepcopy(dict(make._scheme.body))
    next(item for item in body["indicators"] if item["code"] == "rd_intensity")["scoring"] = {
        "function": "percentile"
    }
    officer = people.actor("score_officer", park)
    with park_scope(park.pk):
        make.cycle(2025, make.scheme_version(body, "relative"))
        make.snapshot(officer, cases=make.golden_cases(scale=6))
        compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
        row = explain.result_of(
            year=2025, enterprise_id=ScoreResult.objects.get(uscc=make.uscc(2)).enterprise_id
        )
        assert ask(row, rd_expense="688").change == 0
        assert ask(row, rd_expense="860").change > 0
        asked = WhatIfUse.objects.count()
    client, form = client_as(agent_of(park, 2)), {"field": ["rd_expense"], "value": ["860"]}
    moving = client.post(URL, form | {"live": "1"}, headers={"HX-Request": "true"}).content.decode()
    assert "停下来后显示" in moving and "估算总分" not in moving
    assert client.get(URL).status_code == 200
    with park_scope(park.pk):
        assert WhatIfUse.objects.count() == asked
        for _number in range(rules.WHAT_IFS_AN_HOUR):
            WhatIfUse.objects.create(enterprise_id=row.enterprise_id)
    refused = client.post(URL, form)
    assert refused.status_code == 429 and "估算总分" not in refused.content.decode()

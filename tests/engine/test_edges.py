"""Odd inputs: each has a defined answer, none raises, none leaves a NaN."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.engine import zone
from scoring.engine import (
    EngineError,
    FactsError,
    SchemeError,
    facts_from_rows,
    flag_names,
    load_scheme,
    make_facts,
    rank,
    score,
)
from scoring.engine.tables import ColumnMap, plain_number, read_rows, write_table
from tests.engine import small

PARK = load_scheme("indicators/schemes/cq_htz_30.yaml")
COHORT = small.COHORT_FUNCTIONS


def cohort(function: str, values: Sequence[Any], **indicator: Any) -> list[int]:
    return small.shares(small.one(function, indicator=indicator, **COHORT[function]), values)


ALONE = {
    "percentile": 10_000,
    "rank": 10_000,
    "borda": 10_000,
    "min_max": 5000,
    "z_score": 5000,
    "distance_max": 10_000,
    "distance_median": 10_000,
}
EQUAL = {
    "percentile": 5000,
    "rank": 10_000,
    "borda": 0,
    "min_max": 5000,
    "z_score": 5000,
    "distance_max": 10_000,
    "distance_median": 10_000,
}


@pytest.mark.parametrize("function", COHORT)
def test_a_group_of_one_two_equal_units_and_a_constant_column(function: str) -> None:
    assert cohort(function, [7]) == [ALONE[function]]
    assert cohort(function, [7, 7]) == [EQUAL[function]] * 2
    assert cohort(function, [7] * 5) == [EQUAL[function]] * 5


@pytest.mark.parametrize("function", COHORT)
def test_zeros_and_negatives_only(function: str) -> None:
    zero = 0 if function == "distance_max" else EQUAL[function]
    assert cohort(function, [0, 0, 0]) == [zero] * 3
    assert all(0 <= s <= 10_000 for s in cohort(function, [-5, -1, "-0.0", 0]))
    assert cohort(function, [1, "-0.0", 2, 0])[1] == cohort(function, [1, 0, 2, 0])[1]  # -0.0 is 0


@pytest.mark.parametrize("function", COHORT)
def test_a_column_without_any_value_and_a_unit_without_any(function: str) -> None:
    assert cohort(function, [None, None]) == [0, 0]
    with_gap = cohort(function, [1, None, 3, 8])
    assert with_gap[1] == 0
    assert [with_gap[i] for i in (0, 2, 3)] == cohort(
        function, [1, 3, 8]
    )  # the gap is no member of the cohort


@pytest.mark.parametrize(
    "rule", [{"method": "clip", "low": 0.4, "high": 0.6}, {"method": "winsorise", "points": 9}]
)
def test_zero_range_after_trimming(rule: dict) -> None:
    assert (
        cohort("min_max", [1, 5, 5, 5, 900], outliers=rule)[1:4] == [5000] * 3
        if rule["method"] == "clip"
        else True
    )
    assert all(0 <= s <= 10_000 for s in cohort("z_score", [1, 5, 5, 5, 900], outliers=rule))


def test_a_far_value_squeezes_the_others_only_without_an_outlier_rule() -> None:
    values = [*range(20), 10**6]
    assert max(cohort("min_max", values)[:20]) == 0
    assert max(cohort("min_max", values, outliers={"method": "winsorise", "points": 2})[:20]) == 10_000
    bent = cohort("min_max", values, outliers={"method": "log"})
    assert bent == sorted(bent)
    assert bent[20] == 10_000


def test_divisions_by_nothing_score_zero_and_are_marked() -> None:
    scheme = load_scheme(
        small.one("linear_cap", floor=0, cap=1).body
        | {"inputs": [{"code": "x", "type": "number"}, {"code": "y", "type": "number"}]}
        | {"indicators": [{"code": "i", "dimension": "d", "formula": "x / y", "weight": 100, "scoring": {"function": "linear_cap", "floor": 0, "cap": 1},
                           "zero_when": [{"check": "y < 0", "flag": "LOSS"}]}]}
    )  # fmt: skip
    scores = score(small.facts(scheme, [(0, 0), (1, 0), (-1, -2), (1, 2), (5, 1)]), scheme)
    assert scores.normalised[:, 0].tolist() == [0, 0, 0, 5000, 10_000]
    assert scores.cells[:, 0].tolist() == [4, 4, 5, 0, 0]
    assert flag_names(scheme, int(scores.flags[2])) == ("LOSS",)  # a negative over a negative is no profit


@pytest.mark.parametrize(
    ("value", "want"),
    [("0.00005", 1), ("0.000049", 0), ("0.12345", 1235), ("0.99995", 10_000), ("0.3", 3000)],
)
def test_half_up_at_the_fourth_decimal(value: str, want: int) -> None:
    assert small.shares(small.one("linear_cap", floor=0, cap=1), [value]) == [want]


def test_a_tenth_and_two_tenths_are_three_tenths() -> None:
    scheme = small.one("step", tiers=[[0.3, 1]], indicator={"formula": "x + 0.2"})
    assert small.shares(scheme, ["0.1", "0.099999"]) == [10_000, 0]


def test_money_of_every_size() -> None:
    rows = [
        {"id": "a", "revenue": "1e15", "rd_expense": "1e15"},
        {"id": "b", "revenue": "0.01", "rd_expense": "1e-9"},
    ]
    scores = score(facts_from_rows(PARK, rows), PARK)
    rd = [i.code for i in PARK.indicators].index("rd_expense")
    assert scores.normalised[:, rd].tolist() == [10_000, 0]
    with pytest.raises(FactsError, match="a: revenue: .*too large"):
        facts_from_rows(PARK, [{"id": "a", "revenue": "1e30"}])


@pytest.mark.parametrize("value", ["NaN", "inf", "-Infinity", "many", "12.5.3"])
def test_what_is_no_number_is_refused_with_its_place(value: str) -> None:
    with pytest.raises(FactsError, match="a: revenue"):
        facts_from_rows(PARK, [{"id": "a", "revenue": value}])


def test_growth_from_nothing_losses_and_ratios_above_one() -> None:
    rows = [
        {"id": "new", "revenue": 5e6, "revenue_prev": 0, "rd_expense": 9e6, "total_cost_expense": 1e7},
        {
            "id": "neg",
            "revenue": -5e6,
            "revenue_prev": -1e6,
            "hightech_revenue": 1e6,
            "staff_total": 0,
            "rd_staff": 3,
        },
        {"id": "none"},
    ]
    scores = score(facts_from_rows(PARK, rows), PARK)
    assert ((scores.normalised >= 0) & (scores.normalised <= 10_000)).all()
    assert scores.total[2] == 0
    assert not scores.ranked[2]
    codes = [i.code for i in PARK.indicators]
    assert scores.normalised[0, codes.index("rd_intensity")] == 10_000
    assert scores.normalised[1, codes.index("hightech_revenue_ratio")] == 0


@pytest.mark.parametrize(
    ("text", "number"), [("1,234,567.5", "1234567.5"), ("-1,000", "-1000"), ("1e3", "1000"), ("007", "7")]
)
def test_numbers_as_people_write_them(text: str, number: str) -> None:
    from decimal import Decimal

    assert plain_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["12,5", "1,23,4", "1_000", "nan", "inf", "12 万", "--5", ""])
def test_numbers_nobody_should_guess_at(text: str) -> None:
    with pytest.raises(ValueError, match="number"):
        plain_number(text)


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_the_same_facts_from_every_kind_of_file(tmp_path: Path, ending: str) -> None:
    import pandas as pd

    frame = pd.DataFrame({
        "id": ["a", "b", "c", "d", "e", "b"], "revenue": ["12345600", "１２３", "12,5", "", "5", "6"],
        "staff_total": ["3", "4", "5", "6", "6.5", "1"], "penalty.env_penalty": ["0", "1", "0", "", "0", "0"],
        "awards": ["national_2#1;provincial_1#4", "-", "", "", "", ""],
    })  # fmt: skip
    path = tmp_path / f"facts.{ending}"
    write_table(frame, path)
    table = read_rows(path, PARK, ColumnMap())
    assert [row["id"] for row in table.rows] == ["a", "b", "d"]
    assert [(line, unit) for line, unit, _ in table.rejects] == [(4, "c"), (6, "e"), (7, "b")]
    assert "'12,5' cannot be read" in table.rejects[0][2]
    assert "whole number" in table.rejects[1][2]
    facts = facts_from_rows(PARK, table.rows)
    assert facts.columns[0].tolist() == [1_234_560_000, 12_300, 0]
    assert facts.columns[PARK.fact_columns.index("penalty.env_penalty")].tolist() == [0, 1, 0]


def wrong(match: str, **change: Any) -> None:
    item = {
        "code": "i",
        "dimension": "d",
        "formula": "x",
        "weight": 100,
        "scoring": {"function": "linear_cap", "floor": 0, "cap": 1},
    }
    body = small.one("percentile").body
    with pytest.raises(SchemeError, match=match):
        load_scheme(body | {"indicators": [item | change.pop("item", {})]} | change)


def test_schemes_that_make_no_sense_are_refused() -> None:
    wrong("sum to 99, not 100", item={"weight": 99})
    wrong("sum to 0", item={"weight": 0})
    wrong("floor and cap are equal", item={"scoring": {"function": "linear_cap", "floor": 1, "cap": 1}})
    wrong("ascend strictly: 1, 1", item={"scoring": {"function": "piecewise", "points": [[1, 0], [1, 1]]}})
    wrong("ascend strictly: 2, 1", item={"scoring": {"function": "step", "tiers": [[2, 0], [1, 1]]}})
    wrong("between 0 and 1", item={"scoring": {"function": "piecewise", "points": [[1, 0], [2, 1.5]]}})
    wrong("must be above zero", item={"scoring": {"function": "log_cap", "k": 0, "cap": 5}})
    wrong("needs 'cap'", item={"scoring": {"function": "log_cap", "k": 1}})
    for odd in (float("nan"), float("inf"), 1e19, 1e-19):
        wrong(
            r"cap.*between 10\^-18 and 10\^18", item={"scoring": {"function": "log_cap", "k": 1, "cap": odd}}
        )
    wrong(r"between 10\^-18 and 10\^18", item={"formula": f"x / 1{'0' * 19}"})
    wrong("there is no input 'y'", item={"inputs": ["x", "y"]})
    wrong("takes no 'cap'", item={"scoring": {"function": "percentile", "cap": 5}})
    wrong("runs against the direction", item={"scoring": {"function": "linear_cap", "floor": 5, "cap": 1}})
    wrong(
        "always rises",
        item={"direction": "lower_better", "scoring": {"function": "log_cap", "k": 1, "cap": 5}},
    )
    wrong("looks at one unit alone", item={"outliers": {"method": "clip"}})
    wrong(
        "box_cox needs 'lambda'", item={"scoring": {"function": "min_max"}, "outliers": {"method": "box_cox"}}
    )
    wrong("log is for min_max", item={"scoring": {"function": "percentile"}, "outliers": {"method": "log"}})
    wrong("neither an input nor a constant", item={"formula": "x + nothing"})
    wrong("there is no function 'eval'", item={"formula": "eval(x)"})
    wrong("a number is needed", item={"formula": "x > 1"})
    wrong("no dimension is a bonus", bonus_points=5)
    wrong("directly below the total", dimensions=[{"code": "d"}, {"code": "e", "parent": "d", "bonus": True}])
    wrong("has a circle", dimensions=[{"code": "d", "parent": "e"}, {"code": "e", "parent": "d"}])
    wrong(r"unknown key; did you mean 'weight'", item={"wieght": 1})


def test_a_tree_of_depth_eight_sums_to_the_total() -> None:
    codes = [f"d{depth}" for depth in range(8)]
    nodes = [{"code": code} | ({"parent": codes[i - 1]} if i else {}) for i, code in enumerate(codes)]
    body = small.many({"linear_cap": {"floor": 0, "cap": 1}, "step": {"tiers": [[0.5, 1]]}}).body
    items = [i | {"dimension": d} for i, d in zip(body["indicators"], ("d7", "d3"), strict=True)]
    plain = load_scheme(body | {"dimensions": nodes, "indicators": items})
    scores = score(small.facts(plain, [(0.25, 1), (1, 1), (0, 0)]), plain)
    assert scores.total.tolist() == [6250, 10_000, 0]
    assert (scores.dimensions[:, :4] == scores.points.sum(axis=1)[:, None]).all()
    deep = load_scheme(
        body | {"dimensions": [n | {"aggregate": "geometric"} for n in nodes], "indicators": items}
    )
    assert score(small.facts(deep, [(0.25, 1), (1, 1), (0, 1)]), deep).total.tolist() == [5000, 10_000, 0]


def test_a_cap_below_k_is_a_gentle_curve_not_an_error() -> None:
    assert small.shares(small.one("log_cap", k=100, cap=1), [0, "0.5", 1, 5]) == [0, 5012, 10_000, 10_000]


def test_a_weight_of_zero_counts_for_nothing() -> None:
    body = small.many({"linear_cap": {"floor": 0, "cap": 1}, "step": {"tiers": [[0.5, 1]]}}).body
    items = [i | {"weight": w} for i, w in zip(body["indicators"], (100, 0), strict=True)]
    scheme = load_scheme(body | {"indicators": items})
    assert score(small.facts(scheme, [(0.25, 1), (0.25, 0)]), scheme).total.tolist() == [2500, 2500]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("code: small\ncode: again\n", 2, "key given twice"),
        ("code: [1\n", 2, "not YAML"),
        ("code: &a small\nzh: *a\n", 2, "aliases"),
        ("code: small\nversoin: '1'\n", 2, "did you mean 'version'"),
    ],
)
def test_errors_point_at_line_and_key(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "scheme.yaml"
    path.write_text(text)
    with pytest.raises(SchemeError) as caught:
        load_scheme(path)
    assert any(words in message and at == line for _key, at, message in caught.value.problems), (
        caught.value.problems
    )


def test_a_unit_that_changed_its_stage_is_scored_in_the_one_that_was_set() -> None:
    rows = [
        {"id": "a", "revenue": 3e8},
        {"id": "b", "revenue": 3e8, "group": "growth"},
        {"id": "c", "revenue": "2e8"},
    ]
    scores = score(facts_from_rows(PARK, rows), PARK)
    assert [scores.group_labels[g] for g in scores.group] == ["mature", "growth", "mature"]
    assert "GROUP_SET" in flag_names(PARK, int(scores.flags[1]))


def test_a_penalty_larger_than_the_score_leaves_nothing() -> None:
    row = {
        "id": "a",
        "staff_total": 10,
        "rd_staff": 10,
        "penalty.tax_credit_d": 1,
        "penalty.env_penalty": 1,
        "penalty.wage_arrears": 1,
    }
    scores = score(facts_from_rows(PARK, [row, row | {"id": "b", "penalty.abnormal_operation": 1}]), PARK)
    assert scores.deductions.tolist() == [2000, 2000]
    assert scores.total.tolist() == [0, 0]


def ten(values: Sequence[int], **rules: Any) -> tuple[Any, Any, Any]:
    scheme = small.one("linear_cap", floor=0, cap=100, scheme={
        "boards": [{"code": "b", "weights": {"i": 100}}], "board_rules": {"size": 10} | rules, "penalties": {"veto": [{"code": "v"}]},
    })  # fmt: skip
    facts = small.facts(scheme, values)
    return scheme, facts, rank(score(facts, scheme), facts, scheme).boards["b"]


def test_a_tie_at_the_last_place_of_a_top_ten() -> None:
    values = [50, 49, 48, 47, 46, 45, 44, 43, 42, 10, 10, 10, 1]
    assert [*ten(values)[2].winners] == list(range(10))  # the smaller id of the three
    board = ten(values, cut="include_all")[2]
    assert [*board.winners] == list(range(12))
    assert board.place[9:12].tolist() == [10, 10, 10]


def test_fewer_than_ten_and_nobody() -> None:
    assert len(ten([3, 2, 1])[2].winners) == 3
    assert ten([])[2].winners == ()
    assert ten([3, 2, 1], eligibility=[{"check": "x > 99"}])[2].winners == ()


def test_a_leader_with_a_veto_leaves_his_place_to_the_next() -> None:
    scheme, facts, board = ten([9, 8, 7])
    assert board.place.tolist() == [1, 2, 3]
    values = facts.table()
    values[0, scheme.fact_columns.index("penalty.v")] = 1
    after = make_facts(scheme, ids=facts.ids, values=values, states=facts.states)
    scores = score(after, scheme)
    ranking = rank(scores, after, scheme)
    assert ranking.boards["b"].place.tolist() == [0, 1, 2]
    assert ranking.overall.tolist() == [0, 1, 2]
    assert scores.total[0] == 900  # the score stays, the place goes


@pytest.mark.parametrize(
    ("rule", "total"),
    [("zero", 3000), ("not_applicable", 10_000), ("group_mean", 6500), ("group_median", 6500), ("refuse", 0)],
)
def test_every_rule_for_what_is_missing(rule: str, total: int) -> None:
    body = small.many({"linear_cap": {"floor": 0, "cap": 1}, "piecewise": {"points": [[0, 0], [1, 1]]}}).body
    items = [i | {"weight": w, "missing": rule} for i, w in zip(body["indicators"], (70, 30), strict=True)]
    scheme = load_scheme(body | {"indicators": items, "missing": {"rule": rule}})
    scores = score(small.facts(scheme, [(None, 1), (0.25, 1), (0.75, 0)]), scheme)
    assert scores.total[0] == total
    assert bool(scores.ranked[0]) == (rule != "refuse")


def test_units_with_too_little_data_get_no_place() -> None:
    body = small.many({"linear_cap": {"floor": 0, "cap": 1}, "piecewise": {"points": [[0, 0], [1, 1]]}}).body
    scheme = load_scheme(body | {"missing": {"provisional_below": 60}})
    scores = score(small.facts(scheme, [(1, None), (0.1, 0.1)]), scheme)
    assert scores.completeness.tolist() == [5000, 10_000]
    assert scores.ranked.tolist() == [False, True]  # an entry without data is never first


def test_bonus_points_come_on_top_and_are_not_asked_for() -> None:
    body = small.many({"linear_cap": {"floor": 0, "cap": 1}, "piecewise": {"points": [[0, 0], [1, 1]]}}).body
    items = [
        i | {"weight": w, "dimension": d} for i, w, d in zip(body["indicators"], (100, 30), "de", strict=True)
    ]
    scheme = load_scheme(body | {
        "bonus_points": 30, "dimensions": [{"code": "d"}, {"code": "e", "bonus": True}], "indicators": items, "missing": {"provisional_below": 99},
    })  # fmt: skip
    scores = score(small.facts(scheme, [(1, 1), (0.5, None), (0.5, 0.5)]), scheme)
    assert scores.total.tolist() == [13_000, 5000, 6500]
    assert scores.completeness.tolist() == [10_000] * 3
    for top in ("geometric", "harmonic"):
        again = score(small.facts(scheme, [(0.5, 0.5)]), load_scheme(scheme.body | {"aggregate": top}))
        assert again.total.tolist() == [6500]


@pytest.mark.parametrize("name", ["national_18", "national_9_plus_3"])
def test_one_snapshot_under_the_national_schemes(name: str) -> None:
    other = load_scheme(f"indicators/schemes/{name}.yaml")
    assert other.draft
    assert {i.code for i in other.inputs} <= {i.code for i in PARK.inputs}
    assert set(other.fact_columns) <= set(
        PARK.fact_columns
    )  # so a park's snapshot can be scored as it stands
    facts = zone(other, 300)
    scores = score(facts, other)
    assert 0 < scores.total.max() <= int(other.most_points * 100)
    assert other.most_points == (130 if name.endswith("3") else 100)
    shared = [(a, b) for a in other.indicators for b in PARK.indicators if a.code == b.code]
    assert len(shared) == len(other.indicators)
    assert np.isfinite(scores.points.astype(float)).all()


def test_unknown_names_are_refused_by_name() -> None:
    with pytest.raises(EngineError, match="there is no group 'giant'"):
        facts_from_rows(PARK, [{"id": "a", "group": "giant"}])

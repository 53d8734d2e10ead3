"""What must not matter, and what must follow: the invariances of composite indicators as properties."""

from __future__ import annotations

import sys
from fractions import Fraction as F  # noqa: N817
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.engine import zone
from scoring.engine import load_scheme, make_facts, rank, result_root, score
from tests.engine import small

FAST = settings(max_examples=30, deadline=None, database=None, derandomize=True)
ALL = small.COHORT_FUNCTIONS | small.UNIT_FUNCTIONS
SCALED = {"min_max": {}, "z_score": {"range": 2}, "percentile": {}, "rank": {}, "borda": {}}
numbers = st.integers(-50, 50).map(lambda n: n / 4)
columns = st.lists(numbers, min_size=2, max_size=14)
functions = st.sampled_from(sorted(ALL))


def shares(function: str, values: list[float], **indicator: Any) -> list[int]:
    return small.shares(small.one(function, indicator=indicator, **ALL[function]), values)


@FAST
@given(functions, columns, st.randoms(use_true_random=False))
def test_order_of_units_does_not_matter(function: str, values: list[float], rng: Any) -> None:
    order = list(range(len(values)))
    rng.shuffle(order)
    got, mixed = shares(function, values), shares(function, [values[i] for i in order])
    assert [got[i] for i in order] == mixed


@FAST
@given(columns, st.randoms(use_true_random=False))
def test_order_of_indicators_and_dimensions_does_not_matter(values: list[float], rng: Any) -> None:
    names = sorted(ALL)
    rng.shuffle(names)
    one, two = small.many(ALL), small.many({name: ALL[name] for name in names})
    each = [score(small.facts(s, [[v] * len(ALL) for v in values]), s) for s in (one, two)]
    place = [[i.code for i in two.indicators].index(i.code) for i in one.indicators]
    assert each[0].normalised.tolist() == each[1].normalised[:, place].tolist()
    assert (
        np.abs(each[0].total - each[1].total).max() <= 1
    )  # the remainder of a third of a point has to go somewhere


@FAST
@given(st.sampled_from(sorted(set(ALL) - {"distance_target", "distance_median"})), columns, st.data())
def test_more_of_something_good_never_costs_points(function: str, values: list[float], data: Any) -> None:
    row = data.draw(st.integers(0, len(values) - 1))
    more = list(values)
    more[row] += data.draw(st.integers(1, 40)) / 4
    before, after = shares(function, values)[row], shares(function, more)[row]
    if function in ("min_max", "z_score") and len(set(more)) == 1:
        return  # all equal now: the middle, by definition
    assert after >= before or len(set(values)) == 1


@FAST
@given(st.sampled_from(sorted(SCALED)), columns, st.integers(1, 900), st.integers(-99, 99))
def test_another_unit_or_zero_point_of_a_column_changes_nothing(
    function: str, values: list[float], factor: int, offset: int
) -> None:
    assert shares(function, values) == shares(function, [v * factor + offset for v in values])


@pytest.mark.parametrize(
    "rule", [{"method": "log"}, {"method": "box_cox", "lambda": 0.5}, {"method": "winsorise", "points": 2}]
)
@settings(FAST, max_examples=15)
@given(columns, st.integers(1, 900), st.integers(-99, 99))
def test_outlier_rules_do_not_depend_on_the_unit(
    rule: dict, values: list[float], factor: int, offset: int
) -> None:
    moved = [v * factor + offset for v in values]
    assert shares("min_max", values, outliers=rule) == shares("min_max", moved, outliers=rule)


@FAST
@given(columns, st.integers(2, 50))
def test_unit_of_a_column_does_not_matter_to_log_cap_when_its_parameters_follow(
    values: list[float], factor: int
) -> None:
    one = small.one("log_cap", k=2, cap=50)
    two = small.one("log_cap", k=2 * factor, cap=50 * factor)
    assert small.shares(one, values) == small.shares(two, [v * factor for v in values])


@FAST
@given(st.sampled_from(["percentile", "rank", "borda"]), columns)
def test_any_rising_transformation_keeps_ranks(function: str, values: list[float]) -> None:
    assert shares(function, values) == shares(function, [v**3 + v for v in values])


@FAST
@given(st.sampled_from(["percentile", "rank", "borda", "min_max", "z_score", "distance_median"]), columns)
def test_turning_sign_and_direction_gives_the_same_scores(function: str, values: list[float]) -> None:
    turned = shares(function, [-v for v in values], direction="lower_better")
    assert shares(function, values) == turned


@FAST
@given(functions, columns, st.data())
def test_equal_values_get_equal_scores(function: str, values: list[float], data: Any) -> None:
    row = data.draw(st.integers(0, len(values) - 1))
    got = shares(function, [*values, values[row]])
    assert got[-1] == got[row]


@FAST
@given(columns, st.data())
def test_a_twin_does_not_change_min_max_of_the_others(values: list[float], data: Any) -> None:
    row = data.draw(st.integers(0, len(values) - 1))
    assert shares("min_max", [*values, values[row]])[: len(values)] == shares("min_max", values)


@FAST
@given(st.sampled_from(sorted(small.UNIT_FUNCTIONS)), columns)
def test_one_more_unit_changes_nobody_under_absolute_functions(function: str, values: list[float]) -> None:
    assert shares(function, [*values, -99])[: len(values)] == shares(function, values)


@FAST
@given(columns)
def test_mean_of_midranks_is_one_half(values: list[float]) -> None:
    n = len(values)
    exact = [F(sum(o < v for o in values)) + F(sum(o == v for o in values) - 1, 2) for v in values]
    assert sum(exact) / n / (n - 1) == F(1, 2)
    assert abs(sum(shares("percentile", values)) - n * 5000) <= n / 2


@FAST
@given(st.lists(st.lists(st.integers(0, 10_000), min_size=3, max_size=3), min_size=1, max_size=8))
def test_geometric_and_harmonic_never_exceed_arithmetic(rows: list[list[int]]) -> None:
    totals = {}
    for method in ("arithmetic", "geometric", "harmonic"):
        scheme = small.many(
            {"linear_cap": {"floor": 0, "cap": 1}, "piecewise": {"points": [[0, 0], [1, 1]]}, "efficacy": {"low": 0.6, "high": 1}},
            aggregate=method, dimensions=[{"code": "d", "aggregate": method}],
        )  # fmt: skip
        scores = score(small.facts(scheme, [[v / 10_000 for v in row] for row in rows]), scheme)
        totals[method] = scores.total
        full = (scores.normalised == 10_000).all(axis=1)
        assert (scores.total[full] == 10_000).all()
    assert (totals["geometric"] <= totals["arithmetic"] + 1).all()
    assert (totals["harmonic"] <= totals["geometric"] + 1).all()


@FAST
@given(st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=8), st.sampled_from([0.5, 2, 7]))
def test_weights_times_a_number_are_the_same_weights(rows: list[tuple[int, ...]], factor: float) -> None:
    def scheme(times: float) -> Any:
        body = small.many(
            {
                "linear_cap": {"floor": 0, "cap": 9},
                "step": {"tiers": [[3, 0.5], [6, 1]]},
                "log_cap": {"k": 1, "cap": 9},
            }
        ).body
        items = [i | {"weight": w * times} for i, w in zip(body["indicators"], (20, 30, 50), strict=True)]
        return load_scheme(body | {"indicators": items})

    one, two = scheme(1), scheme(factor)
    assert (
        score(small.facts(one, rows), one).total.tolist() == score(small.facts(two, rows), two).total.tolist()
    )


SCHEME = load_scheme("indicators/schemes/cq_htz_30.yaml")
FACTS = zone(SCHEME, 400)
SCORES = score(FACTS, SCHEME)


def test_contributions_sum_to_the_total_exactly_and_deductions_are_bounded() -> None:
    for row in range(len(SCORES)):
        points = sum(F(int(p), 10**14) for p in SCORES.points[row])
        assert points == sum(F(int(p), 10**14) for p in SCORES.dimensions[row])
        rounded = F(int(points * 100 + F(1, 2)), 100)
        assert F(int(SCORES.total[row]), 100) == max(F(0), rounded - F(int(SCORES.deductions[row]), 100))
    assert SCORES.deductions.max() <= 2000


def test_places_are_dense_where_they_should_be() -> None:
    places = rank(SCORES, FACTS, SCHEME).overall[SCORES.ranked]
    totals = SCORES.total[SCORES.ranked]
    assert len(np.unique(places)) == len(np.unique(totals))
    assert all((places[i] < places[j]) == (totals[i] > totals[j]) for i in range(60) for j in range(60))


@pytest.mark.parametrize("batches", [1, 3, 8])
def test_one_batch_or_several_give_the_same_bytes(batches: int) -> None:
    parts = [score(FACTS.take(rows), SCHEME) for rows in np.array_split(np.arange(len(FACTS)), batches)]
    for name in ("normalised", "points", "dimensions", "total", "completeness", "flags", "cells"):
        whole = getattr(SCORES, name)
        assert np.concatenate([getattr(part, name) for part in parts]).tobytes() == whole.tobytes(), name


def test_a_large_zone_is_scored_in_batches_with_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[score.__module__], "BATCH", 64)
    assert result_root(score(FACTS, SCHEME)) == result_root(SCORES)


@FAST
@given(
    st.integers(0, 399),
    st.sampled_from(["rd_expense", "hightech_revenue", "invention_applications", "tax_paid_total"]),
)
def test_a_better_fact_never_costs_an_enterprise_its_place(row: int, name: str) -> None:
    values = FACTS.table()
    values[row, SCHEME.fact_columns.index(name)] *= 2
    assume(FACTS.states[row, [i.code for i in SCHEME.inputs].index(name)] != 0)
    after_facts = make_facts(SCHEME, ids=FACTS.ids, values=values, states=FACTS.states, group=FACTS.group)
    after = score(after_facts, SCHEME)
    others = np.arange(400) != row
    assert (after.total[others] == SCORES.total[others]).all()
    gain = {
        i.code: after.normalised[row, k] - SCORES.normalised[row, k] for k, i in enumerate(SCHEME.indicators)
    }
    assert gain.get({"tax_paid_total": "tax_paid"}.get(name, name), 0) >= 0

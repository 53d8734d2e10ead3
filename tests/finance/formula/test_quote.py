"""The quote: worked examples to the cent, and what must hold for all firms."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance import formula as f

FORMULA = f.Formula(
    bands=((D(60), D(500_000)), (D(70), D(3_000_000)), (D(80), D(6_000_000)), (D(90), D(10_000_000)), (D(100), D(15_000_000))),
    stage={"startup": D("0.8"), "growth": D(1), "mature": D(1)},
    alpha=D("0.30"), beta=D(8), gamma=D("0.50"),
)  # fmt: skip
STANDING = f.Standing(points=D(86), stage="growth")
FIGURES = f.Figures(revenue=(D(50_000_000), D(40_000_000)), tax=(D(1_600_000), D(1_200_000)), equity=D(18_000_000))
CAPS = f.Caps(product=D(15_000_000))


def _quote(standing: Any = STANDING, figures: Any = FIGURES, caps: Any = CAPS) -> f.Quote:
    return f.quote(standing, figures, caps, FORMULA)


def test_the_worked_example_is_bound_by_equity() -> None:
    result = _quote()
    assert (result.amount, result.binding) == (D(9_000_000), "equity_capacity")
    assert {step.code: step.value for step in result.steps}["score"] == D("9450000.00")


def test_more_equity_lets_the_score_bind() -> None:
    result = _quote(figures=dataclasses.replace(FIGURES, equity=D(20_000_000)))
    assert (result.amount, result.binding) == (D(9_450_000), "score")


def test_exposure_is_taken_off_and_the_rest_floored_to_ten_thousand() -> None:
    assert _quote(figures=dataclasses.replace(FIGURES, exposure=D("3333333.33"))).amount == D(5_660_000)


@pytest.mark.parametrize(
    ("change", "binding"),
    [({"vetoes": ("tax_credit_d",)}, "veto"), ({"is_final": False}, "not_final"), ({"points": D("59.99")}, "R01")],
)
def test_a_veto_an_open_score_or_a_low_one_gives_nothing(change: dict[str, Any], binding: str) -> None:
    result = _quote(standing=dataclasses.replace(STANDING, **change))
    assert (result.amount, result.binding) == (0, binding)


points = st.decimals(min_value=0, max_value=100, places=2)
yuan = st.decimals(min_value=0, max_value=10**10, places=2)


@given(low=points, more=points)
def test_more_points_never_lower_the_line(low: D, more: D) -> None:
    higher = min(D(100), low + more)
    ask = lambda value: _quote(standing=dataclasses.replace(STANDING, points=value)).amount  # noqa: E731
    assert ask(low) <= ask(higher)


@given(points=points, revenue=st.tuples(yuan, yuan), tax=st.tuples(yuan, yuan), equity=yuan, cap=yuan)
def test_the_line_never_passes_a_cap_and_names_one(points: D, revenue: Any, tax: Any, equity: D, cap: D) -> None:
    result = f.quote(f.Standing(points, "growth"), f.Figures(revenue, tax, equity), f.Caps(product=cap), FORMULA)
    assert all(result.amount <= limit for limit in result.limits.values())
    assert result.amount % 10_000 == 0
    assert not result.limits or result.binding in result.limits


def test_losses_are_shared_by_the_largest_remainder() -> None:
    assert f.split(D("1000000.01"), {"guarantor": D("0.8"), "bank": D("0.2")}) == {"guarantor": D("800000.01"), "bank": D("200000.00")}
    assert f.split(D("0.01"), {"a": D("0.5"), "b": D("0.3"), "c": D("0.2")}) == {"a": D("0.01"), "b": D(0), "c": D(0)}


def test_the_pool_pays_at_most_the_cap_of_a_project() -> None:
    assert f.pool_payment(D(4_000_000), D("0.9"), D(3_000_000), D(40_000_000)) == D("3000000.00")


def test_interest_counts_actual_days_over_360() -> None:
    assert f.interest_act_360(D(1_000_000), D("0.0345"), dt.date(2024, 2, 1), dt.date(2024, 3, 1)) == D("2779.17")


def test_the_subsidy_is_a_share_of_the_lpr_part() -> None:
    assert f.subsidy(D(180_000), D("0.036"), D("0.03"), D("0.5"), D(500_000)) == D("75000.00")

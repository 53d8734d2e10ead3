"""The quote: worked examples to the cent, and what must hold for all firms."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finance import formula as f

FORMULA = f.Formula(
    bands=((Decimal(60), Decimal(500_000)), (Decimal(70), Decimal(3_000_000)), (Decimal(80), Decimal(6_000_000)), (Decimal(90), Decimal(10_000_000)), (Decimal(100), Decimal(15_000_000))),
    stage={"startup": Decimal("0.8"), "growth": Decimal(1), "mature": Decimal(1)},
    alpha=Decimal("0.30"), beta=Decimal(8), gamma=Decimal("0.50"),
)  # fmt: skip
STANDING = f.Standing(points=Decimal(86), stage="growth")
FIGURES = f.Figures(
    revenue=(Decimal(50_000_000), Decimal(40_000_000)),
    tax=(Decimal(1_600_000), Decimal(1_200_000)),
    equity=Decimal(18_000_000),
)
CAPS = f.Caps(product=Decimal(15_000_000))


def _quote(standing: Any = STANDING, figures: Any = FIGURES, caps: Any = CAPS) -> f.Quote:
    return f.quote(standing, figures, caps, FORMULA)


def test_the_worked_example_is_bound_by_equity() -> None:
    result = _quote()
    assert (result.amount, result.binding) == (Decimal(9_000_000), "equity_capacity")
    assert {step.code: step.value for step in result.steps}["score"] == Decimal("9450000.00")


def test_more_equity_lets_the_score_bind() -> None:
    result = _quote(figures=dataclasses.replace(FIGURES, equity=Decimal(20_000_000)))
    assert (result.amount, result.binding) == (Decimal(9_450_000), "score")


def test_exposure_is_taken_off_and_the_rest_floored_to_ten_thousand() -> None:
    assert _quote(figures=dataclasses.replace(FIGURES, exposure=Decimal("3333333.33"))).amount == Decimal(
        5_660_000
    )


@pytest.mark.parametrize(
    ("change", "binding"),
    [
        ({"vetoes": ("tax_credit_d",)}, "veto"),
        ({"is_final": False}, "not_final"),
        ({"points": Decimal("59.99")}, "R01"),
    ],
)
def test_a_veto_an_open_score_or_a_low_one_gives_nothing(change: dict[str, Any], binding: str) -> None:
    result = _quote(standing=dataclasses.replace(STANDING, **change))
    assert (result.amount, result.binding) == (0, binding)


points = st.decimals(min_value=0, max_value=100, places=2)
yuan = st.decimals(min_value=0, max_value=10**10, places=2)


@given(low=points, more=points)
def test_more_points_never_lower_the_line(low: Decimal, more: Decimal) -> None:
    higher = min(Decimal(100), low + more)
    ask = lambda value: _quote(standing=dataclasses.replace(STANDING, points=value)).amount  # noqa: E731
    assert ask(low) <= ask(higher)


@given(points=points, revenue=st.tuples(yuan, yuan), tax=st.tuples(yuan, yuan), equity=yuan, cap=yuan)
def test_the_line_never_passes_a_cap_and_names_one(
    points: Decimal, revenue: Any, tax: Any, equity: Decimal, cap: Decimal
) -> None:
    result = f.quote(
        f.Standing(points, "growth"), f.Figures(revenue, tax, equity), f.Caps(product=cap), FORMULA
    )
    assert all(result.amount <= limit for limit in result.limits.values())
    assert result.amount % 10_000 == 0
    assert not result.limits or result.binding in result.limits


@given(points=points, revenue=st.tuples(yuan, yuan), tax=st.tuples(yuan, yuan), equity=yuan, more=yuan)
def test_better_figures_never_lower_the_line(
    points: Decimal, revenue: Any, tax: Any, equity: Decimal, more: Decimal
) -> None:
    standing = dataclasses.replace(STANDING, points=points)
    before = _quote(standing, f.Figures(revenue, tax, equity)).amount
    assert _quote(standing, f.Figures((revenue[0] + more, revenue[1]), tax, equity)).amount >= before
    assert _quote(standing, f.Figures(revenue, (tax[0] + more, tax[1]), equity)).amount >= before
    assert _quote(standing, f.Figures(revenue, tax, equity + more)).amount >= before


@given(st.decimals(min_value=60, max_value=99, places=2))
def test_one_point_moves_the_line_by_at_most_six_hundred_thousand(points: Decimal) -> None:
    figures = f.Figures((Decimal(10**9), Decimal(10**9)), (Decimal(10**8), Decimal(10**8)), Decimal(10**9))
    ask = lambda value: _quote(dataclasses.replace(STANDING, points=value), figures).amount  # noqa: E731
    assert ask(points + 1) - ask(points) <= 600_000


@given(points=points, caps=st.lists(st.none() | yuan, min_size=4, max_size=4))
def test_only_the_lowest_cap_matters_and_the_same_question_has_the_same_answer(
    points: Decimal, caps: list[Decimal | None]
) -> None:
    standing = dataclasses.replace(STANDING, points=points)
    names = ("first_loan", "guarantor_client", "group", "pool")
    one = _quote(standing, caps=f.Caps(Decimal(15_000_000), **dict(zip(names, caps, strict=True))))
    other = _quote(
        standing, caps=f.Caps(Decimal(15_000_000), **dict(zip(names, reversed(caps), strict=True)))
    )
    assert one.amount == other.amount
    assert one == _quote(standing, caps=f.Caps(Decimal(15_000_000), **dict(zip(names, caps, strict=True))))


@given(points=points, exposure=yuan)
def test_the_explanation_reproduces_the_amount(points: Decimal, exposure: Decimal) -> None:
    result = _quote(
        dataclasses.replace(STANDING, points=points), dataclasses.replace(FIGURES, exposure=exposure)
    )
    if result.limits:
        steps = {step.code: step.value for step in result.steps}
        left = max(Decimal(0), steps[result.binding] - steps["exposure"])
        assert result.amount == steps["amount"] == left - left % 10_000


def test_a_formula_that_cannot_be_says_what_is_wrong() -> None:
    data: dict[str, Any] = {
        "bands": [["60", "500000"], ["70", "3000000"]],
        "stage": {"growth": "1"},
        "alpha": "0.3",
        "beta": "8",
        "gamma": "0.5",
    }
    assert f.Formula.from_data(data).bands[1] == (Decimal(70), Decimal(3_000_000))
    for missing in ("bands", "stage", "alpha", "beta", "gamma"):
        with pytest.raises(ValueError, match="unreadable"):
            f.Formula.from_data({key: value for key, value in data.items() if key != missing})
    for change, wrong in (
        ({"bands": data["bands"][::-1]}, "bands"), ({"alpha": "NaN"}, "numbers"), ({"growth_high": "0.9"}, "growth"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=wrong):
            f.Formula.from_data(data | change)


def test_losses_are_shared_by_the_largest_remainder() -> None:
    assert f.split(Decimal("1000000.01"), {"guarantor": Decimal("0.8"), "bank": Decimal("0.2")}) == {
        "guarantor": Decimal("800000.01"),
        "bank": Decimal("200000.00"),
    }
    assert f.split(Decimal("0.01"), {"a": Decimal("0.5"), "b": Decimal("0.3"), "c": Decimal("0.2")}) == {
        "a": Decimal("0.01"),
        "b": Decimal(0),
        "c": Decimal(0),
    }


def test_the_pool_pays_at_most_the_cap_of_a_project() -> None:
    assert f.pool_payment(
        Decimal(4_000_000), Decimal("0.9"), Decimal(3_000_000), Decimal(40_000_000)
    ) == Decimal("3000000.00")


def test_interest_counts_actual_days_over_360() -> None:
    assert f.interest_act_360(
        Decimal(1_000_000), Decimal("0.0345"), dt.date(2024, 2, 1), dt.date(2024, 3, 1)
    ) == Decimal("2779.17")


def test_the_subsidy_is_a_share_of_the_lpr_part() -> None:
    assert f.subsidy(
        Decimal(180_000), Decimal("0.036"), Decimal("0.03"), Decimal("0.5"), Decimal(500_000)
    ) == Decimal("75000.00")

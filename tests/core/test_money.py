"""What people type is understood or refused with a reason."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core import money


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("688", "6880000"),
        ("７０２．００ 万元", "7020000"),
        ("1.2亿", "120000000"),
        ("12,688.5", "126885000"),
        ("１２，６８８．００", "126880000"),
        ("300元", "300"),
        ("-5", "-50000"),
        ("−5", "-50000"),
        ("1，234，567元", "1234567"),
        (" 3 000 元", "3000"),
    ],
)
def test_amounts_are_understood(text: str, yuan: str) -> None:
    assert money.parse_money(text) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("约七百", "approximate"),
        ("5-7", "range"),
        ("5—7", "range"),
        ("600万–700万", "range"),
        ("1.2.3", "form"),
        ("1e5", "form"),
        ("1,5", "form"),
        ("12,34,567", "form"),
        ("1,234,5", "form"),
        ("1.5,000", "form"),
        ("Infinity", "form"),
        ("NaN", "form"),
        ("0.0000001", "precision"),
        ("99999999999999999", "too_large"),
        ("5人", "form"),
        ("٣٤", "form"),
    ],
)
def test_other_texts_are_refused_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(money.NotANumber) as refusal:
        money.parse_money(text)
    assert refusal.value.code == code


def test_floor_goes_down_to_the_step() -> None:
    assert money.floor_to(Decimal("5666666.67"), Decimal(10_000)) == Decimal(5_660_000)


@given(
    st.decimals(min_value=-(10**11), max_value=10**11, places=2), st.sampled_from(["", "万元", "元", "亿"])
)
def test_what_is_shown_can_be_typed_back(yuan: Decimal, unit: str) -> None:
    value = yuan / money.UNITS[unit or "万元"]
    text = f"{value:,f}{unit}"
    if len(text.partition(".")[2].rstrip("0万元亿")) <= 6:
        assert money.parse_money(text) == yuan


@given(
    st.decimals(min_value=0, max_value=10**9, places=2),
    st.lists(st.integers(1, 50), min_size=1, max_size=6),
)
def test_parts_sum_to_the_whole_and_are_within_a_cent(total: Decimal, weights: list[int]) -> None:
    shares = {str(n): Decimal(weight) / sum(weights) for n, weight in enumerate(weights)}
    if sum(shares.values()) != 1:
        return
    parts = money.largest_remainder(total, shares)
    assert sum(parts.values()) == total
    assert all(abs(parts[name] - total * share) < money.CENT for name, share in shares.items())


@pytest.mark.parametrize("total", ["-1", "0.001"])
def test_only_whole_cents_are_split(total: str) -> None:
    with pytest.raises(ValueError, match="whole cents"):
        money.largest_remainder(Decimal(total), {"a": Decimal(1)})


def test_halves_go_up() -> None:
    assert (money.round_half_up(Decimal("0.125"), 2), money.round_half_up(Decimal("2.5"), 0)) == (
        Decimal("0.13"),
        Decimal(3),
    )


@pytest.mark.parametrize(
    ("text", "code"), [("5万元", "form"), ("8%", "form"), ("2.5", "count"), ("-1", "count"), ("", "empty")]
)
def test_a_count_is_whole_and_has_no_unit_of_money(text: str, code: str) -> None:
    assert money.parse_count("12人") == 12
    with pytest.raises(money.NotANumber) as refusal:
        money.parse_count(text)
    assert refusal.value.code == code

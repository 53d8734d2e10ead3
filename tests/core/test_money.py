"""What people type is understood or refused with a reason."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from innovscore.core import money


@pytest.mark.parametrize(
    ("text", "yuan"),
    [("688", "6880000"), ("７０２．００ 万元", "7020000"), ("1.2亿", "120000000"), ("12,688.5", "126885000"), ("１２，６８８．００", "126880000"), ("300元", "300"), ("-5", "-50000")],
)
def test_amounts_are_understood(text: str, yuan: str) -> None:
    assert money.parse_money(text) == D(yuan)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), ("约七百", "approximate"), ("5-7", "range"), ("1.2.3", "form"), ("1e5", "form"), ("NaN", "form"), ("0.0000001", "precision"), ("99999999999999999", "too_large"), ("5人", "form")],
)
def test_other_texts_are_refused_with_a_reason(text: str, code: str) -> None:
    with pytest.raises(money.NotANumber) as refusal:
        money.parse_money(text)
    assert refusal.value.code == code


def test_floor_goes_down_to_the_step() -> None:
    assert money.floor_to(D("5666666.67"), D(10_000)) == D(5_660_000)

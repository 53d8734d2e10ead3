"""Properties of the pure rules of declarations."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from enterprises import rules
from innovscore.core.money import NotANumber, parse_money, parse_number
from scoring.engine import load_scheme

SCHEME = load_scheme(Path("indicators/schemes/cq_htz_30.yaml").resolve())
YUAN = st.decimals(min_value=1, max_value=10**11, places=2)


@given(YUAN)
def test_a_figure_typed_in_yuan_instead_of_wan_is_noticed(amount: Decimal) -> None:
    assert rules.unit_slip(amount * rules.WAN, amount)


@given(YUAN, st.decimals(min_value="0.05", max_value=20, places=2))
def test_ordinary_change_is_no_slip(amount: Decimal, factor: Decimal) -> None:
    assert not rules.unit_slip(amount * factor, amount)


@given(YUAN, YUAN)
def test_difference_is_symmetric_and_at_most_100(one: Decimal, other: Decimal) -> None:
    apart = rules.difference(one, other)
    assert apart == rules.difference(other, one)
    assert apart is not None
    assert 0 <= apart <= 100


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_wan_typed_in_any_width_means_the_same_yuan(wan: Decimal) -> None:
    plain = f"{wan:,.2f}"
    wide = plain.translate(
        {ord(a): ord(b) for a, b in zip("0123456789.,", "０１２３４５６７８９．，", strict=True)}
    )
    assert parse_money(plain) == parse_money(f" {wide} 万元 ") == (wan * 10_000).quantize(Decimal("0.01"))


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader_of_numbers(text: str) -> None:
    try:
        value, _unit = parse_number(text)
    except NotANumber as error:
        assert error.code in {"empty", "approximate", "range", "form", "too_large", "precision"}
    else:
        assert value.is_finite()


@given(
    st.dictionaries(st.sampled_from(["revenue", "rd_expense", "rd_staff", "staff_total"]), st.none() | YUAN)
)
def test_checks_over_missing_values_are_not_asked(amounts: dict[str, Decimal | None]) -> None:
    class Value:
        def __init__(self, amount: Decimal | None) -> None:
            self.amount, self.entries = amount, None

    values = {code: Value(amount) for code, amount in amounts.items()}
    for finding in rules.findings(SCHEME, values):
        assert all(amounts.get(name) is not None for name in finding.codes)


def test_only_figures_without_an_own_lower_bound_may_be_negative() -> None:
    signed = {item.code for item in SCHEME.inputs if rules.may_be_negative(item)}
    assert {"net_profit", "net_assets_begin"} <= signed
    assert not signed & {"revenue", "rd_expense", "staff_total"}

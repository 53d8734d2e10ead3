"""Unified social credit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core import uscc

GOOD = [
    "91500107MA5U00011B",
    "91500106MA5U0002XL",
    "91500107MA5U000383",
    "91500112MA5U000465",
    "91500107MA5U00054Q",
]


@pytest.mark.parametrize("code", GOOD)
def test_good_codes_pass(code: str) -> None:
    assert uscc.fault(code) is None


def test_a_real_code_outside_the_rule_is_refused_with_the_expected_character() -> None:
    assert uscc.fault("91350203M0001QAY9B") == uscc.UsccFault("check", 18, "B", "9")


@pytest.mark.parametrize(
    ("code", "fault"),
    [("9150", "length"), ("91500107MI5U00011B", "character"), ("91500107MA5U00012B", "organisation_check")],
)
def test_the_fault_is_named(code: str, fault: str) -> None:
    found = uscc.fault(code)
    assert found is not None and found.code == fault


def test_typing_is_forgiven() -> None:
    assert uscc.normalise(" ９１500107-ma5u 00011b ") == "91500107MA5U00011B"


@given(st.integers(0, 31**6 - 1))
def test_synthetic_codes_pass(number: int) -> None:
    assert uscc.fault(uscc.synthetic(number)) is None


@given(st.sampled_from(GOOD), st.integers(0, 17), st.sampled_from(uscc.ALPHABET))
def test_one_wrong_character_is_always_found(code: str, position: int, character: str) -> None:
    changed = code[:position] + character + code[position + 1 :]
    assert (uscc.fault(changed) is None) == (changed == code)


def test_many_codes_are_the_same_as_one_by_one() -> None:
    assert uscc.synthetic_codes(29_000, 2_000) == [uscc.synthetic(n) for n in range(29_000, 31_000)]
    assert len(set(uscc.synthetic_codes(0, 5_000))) == 5_000


@pytest.mark.parametrize("number", [-1, uscc.SYNTHETIC])
def test_there_is_no_code_beyond_the_last(number: int) -> None:
    with pytest.raises(ValueError, match="synthetic codes"):
        uscc.synthetic(number)

"""One text for one value; Merkle domains."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core import digest
from innovscore.core.canonical import canonical_json

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3),
    max_leaves=6,
)


def test_keys_are_sorted_and_numbers_are_texts() -> None:
    value = {"b": Decimal("1.50"), "a": [True, None, 3], "d": dt.date(2025, 1, 2)}
    assert canonical_json(value) == '{"a":[true,null,3],"b":"1.50","d":"2025-01-02"}'
    assert canonical_json(Decimal("1E+3")) == '"1000"'


def test_two_spellings_of_a_character_are_one() -> None:
    assert canonical_json("e\u0301") == canonical_json("\u00e9")


@pytest.mark.parametrize(
    ("value", "error"),
    [(1.0, TypeError), (Decimal("NaN"), ValueError), ({"e\u0301": 1, "\u00e9": 2}, ValueError)],
)
def test_what_has_no_single_form_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        canonical_json({"x": value})


@given(st.dictionaries(st.sampled_from("abcdef"), values, max_size=6))
def test_the_order_of_the_keys_does_not_matter(value: dict[str, object]) -> None:
    assert canonical_json(value) == canonical_json(dict(reversed(value.items())))


def test_a_node_does_not_pass_as_a_leaf() -> None:
    one, two = digest.leaf(b"1"), digest.leaf(b"2")
    assert digest.node(one, two) != digest.leaf(bytes.fromhex(one + two))
    assert digest.root([one, two]) == digest.node(one, two) != digest.root([two, one])


def test_there_is_no_path_to_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        digest.path([digest.leaf(b"1")], 1)

"""What a table tells of groups of firms: no single firm can be read from it, nor from the sum less what is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core.disclosure import shown


@pytest.mark.parametrize(
    ("firms", "told"),
    [
        ([9, 7, 5], [True, True, True]),
        ([9, 2], [False, False]),  # 11 in all less 9 would be the two
        ([9, 7, 2], [True, False, False]),
        ([9, 4, 1], [True, False, False]),  # five are hidden together
        ([0, 9, 7], [True, True, True]),
        ([0, 3], [True, False]),
        ([], []),
    ],
)
def test_small_groups_hide_with_the_next_larger_one(firms: list[int], told: list[bool]) -> None:
    assert shown(firms, 5) == told


@given(st.lists(st.integers(0, 20), max_size=8))
def test_what_is_hidden_is_nobody_or_enough_or_all(firms: list[int]) -> None:
    told = shown(firms, 5)
    hidden = [n for n, is_told in zip(firms, told, strict=True) if not is_told]
    assert all(n == 0 or n >= 5 for n, is_told in zip(firms, told, strict=True) if is_told)
    assert sum(hidden) in (0, sum(firms)) or sum(hidden) >= 5

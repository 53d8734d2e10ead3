"""Places, the cut at ten and the proof of an entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rankings import order


def _places(scores: list[int]) -> list[int]:
    items = [(score, f"{number:03}") for number, score in enumerate(scores)]
    return [one.place for one in order.rank(items, key=lambda i: i[0], identity=lambda i: i[1])]


def test_equal_scores_share_a_place_and_the_next_is_skipped() -> None:
    assert _places([90, 95, 90, 80]) == [1, 2, 2, 4]


def test_all_who_share_the_tenth_place_are_on_the_board() -> None:
    items = [(100 - min(n, 9), f"{n:03}") for n in range(14)]
    board = order.cut(order.rank(items, key=lambda i: i[0], identity=lambda i: i[1]))
    assert len(board) == 14
    assert board[-1].place == 10 and board[-1].tied


def test_the_tie_break_may_cut_at_exactly_ten_and_still_shows_the_tie() -> None:
    items = [(100 - min(n, 9), n % 5, f"{n:03}") for n in range(14)]
    ranked = order.rank(items, key=lambda i: i[0], tie_break=lambda i: i[1], identity=lambda i: i[2])
    board = order.cut(ranked, include_ties=False)
    assert len(board) == 10
    assert (board[-1].item, board[-1].place, board[-1].tied) == ((91, 4, "009"), 10, True)


def test_a_published_entry_has_one_leaf_however_it_is_written() -> None:
    assert order.entry_leaf({"uscc": "x", "place": 1}) == order.entry_leaf({"place": 1, "uscc": "x"})
    assert order.entry_leaf({"uscc": "x", "place": 1}) != order.entry_leaf({"uscc": "x", "place": 2})


def test_fewer_than_ten_make_a_shorter_board() -> None:
    items = [(1, "a"), (2, "b")]
    assert len(order.cut(order.rank(items, key=lambda i: i[0], identity=lambda i: i[1]))) == 2


@given(st.lists(st.integers(0, 20), max_size=40), st.randoms())
def test_the_order_of_the_rows_does_not_matter(scores: list[int], random: object) -> None:
    items = [(score, f"{number:03}") for number, score in enumerate(scores)]
    shuffled = items[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    key, identity = (lambda i: i[0]), (lambda i: i[1])
    assert order.rank(items, key=key, identity=identity) == order.rank(shuffled, key=key, identity=identity)


@given(st.integers(1, 33), st.data())
def test_every_entry_proves_itself_and_a_changed_one_does_not(size: int, data: st.DataObject) -> None:
    leaves = [order.leaf(str(n).encode()) for n in range(size)]
    index = data.draw(st.integers(0, size - 1))
    steps = order.path(leaves, index)
    assert order.verify(leaves[index], steps, order.root(leaves))
    assert not order.verify(order.leaf(b"other"), steps, order.root(leaves))


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_small_trees_have_a_root(size: int) -> None:
    assert len(order.root([order.leaf(b"x")] * size)) == 64

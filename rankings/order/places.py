"""Places of a board: score descending, then the scheme's tie rules; equal scores share a place (1, 1, 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Item]):
    """An item with its shared `place` and its `position` in the total order; `tied` when another shares the place."""

    item: Item
    place: int
    tied: bool
    position: int = 0


def rank(
    items: Iterable[Item],
    *,
    key: Callable[[Item], Any],
    identity: Callable[[Item], str],
    tie_break: Callable[[Item], Any] | None = None,
) -> list[Ranked[Item]]:
    """Best first, as a total order: `key`, then `tie_break` (both larger for better), then `identity` ascending.

    Items of equal `key` share a place whatever the tie break says: it orders them, it does not hide the tie.
    `identity` (the USCC) must be unique, so that the order of the rows never matters.
    """
    ordered = sorted(items, key=identity)
    if tie_break is not None:
        ordered.sort(key=tie_break, reverse=True)
    ordered.sort(key=key, reverse=True)
    places: list[int] = []
    for index, item in enumerate(ordered):
        shared = index > 0 and key(item) == key(ordered[index - 1])
        places.append(places[-1] if shared else index + 1)
    sharing = Counter(places)
    return [
        Ranked(item, place, sharing[place] > 1, position)
        for position, (item, place) in enumerate(zip(ordered, places, strict=True), start=1)
    ]


def cut(ranked: list[Ranked[Item]], size: int = 10, *, include_ties: bool = True) -> list[Ranked[Item]]:
    """The board: places 1 to `size`.

    `include_ties`: all who share the last place are on it (the board may be longer), so that no lot is drawn;
    otherwise the tie break decides and the board has at most `size` entries.
    """
    return [one for one in ranked if (one.place if include_ties else one.position) <= size]

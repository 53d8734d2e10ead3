"""Places of a board: score descending, then the scheme's tie rules; equal keys share a place (1, 1, 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ranked(Generic[Item]):
    """An item with its place; `tied` when another one shares the place."""

    item: Item
    place: int
    tied: bool


def rank(items: Iterable[Item], *, key: Callable[[Item], Any], identity: Callable[[Item], str]) -> list[Ranked[Item]]:
    """Best first; `key` is larger for better, items of equal key share a place and stand in order of `identity`."""
    ordered = sorted(sorted(items, key=identity), key=key, reverse=True)
    keys = [key(item) for item in ordered]
    places: list[int] = []
    for index, value in enumerate(keys):
        places.append(places[-1] if index and value == keys[index - 1] else index + 1)
    return [Ranked(item, place, places.count(place) > 1) for item, place in zip(ordered, places, strict=True)]


def cut(ranked: list[Ranked[Item]], size: int = 10) -> list[Ranked[Item]]:
    """The board: places 1 to `size`; all who share the last place are on it, so that no lot is drawn."""
    return [one for one in ranked if one.place <= size]

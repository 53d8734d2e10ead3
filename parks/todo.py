"""待办: what waits for a person. Each room says what it knows of; the page and the desk ask all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from .actors import Actor
from .clock import db_now


@dataclass(frozen=True, slots=True)
class Todo:
    """A line of the list: what, where, how many of it, until when if there is a date, and whether that is past."""

    label: str
    url: str
    count: int = 1
    due: dt.datetime | None = None
    late: bool = False


Source = Callable[[Actor], Iterable[Todo]]
_sources: dict[str, Source] = {}


def source(name: str) -> Callable[[Source], Source]:
    """Register a room's function: it gives the todos of an actor, inside the actor's park."""

    def register(function: Source) -> Source:
        _sources[name] = function
        return function

    return register


def todos_for(actor: Actor) -> list[Todo]:
    """Everything that waits for an actor: what has a date first, the nearest date first."""
    now = db_now()
    found = [
        replace(todo, late=todo.due is not None and todo.due <= now)
        for name in sorted(_sources)
        for todo in _sources[name](actor)
    ]
    return sorted(found, key=lambda todo: (todo.due is None, todo.due.timestamp() if todo.due else 0))

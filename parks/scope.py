"""The park a piece of work belongs to: one door for the managers and for row-level security.

`park_scope` opens a transaction, tells PostgreSQL the park (`app.park_id`, read by every row-level
security policy) and tells the scoped managers. Outside of it tenant tables have no rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

_park_id: ContextVar[int | None] = ContextVar("park_id", default=None)


class OutsideParkScope(RuntimeError):
    """Tenant rows were asked for while no park was entered; a programming error."""


def current_park_id() -> int:
    """The id of the park that was entered; raises OutsideParkScope when there is none."""
    park_id = _park_id.get()
    if park_id is None:
        raise OutsideParkScope("Enter a park first: with park_scope(park): ...")
    return park_id


def default_park_id() -> int | None:
    """Default of `ParkModel.park`: new rows belong to the park that was entered."""
    return _park_id.get()


def set_local(name: str, value: str) -> None:
    """Set a PostgreSQL setting for the rest of the transaction (row-level security reads it)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])


@contextmanager
def park_scope(park_id: int) -> Iterator[None]:
    """Work inside one park, in one transaction. Nesting the same park is allowed, another park is not."""
    outer = _park_id.get()
    if outer is not None and outer != park_id:
        raise OutsideParkScope(f"Park {outer} is entered; leave it before entering park {park_id}.")
    token = _park_id.set(park_id)
    try:
        with transaction.atomic():
            set_local("app.park_id", str(park_id))
            yield
    finally:
        _park_id.reset(token)

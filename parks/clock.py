"""The one clock of decisions: the database's. That of a sandbox park may run ahead by days, so that due dates can be played."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import DateTimeField, Func

BEIJING = ZoneInfo("Asia/Shanghai")


class ParkNow(Func):
    """`db_now()` inside of a query."""

    template = "(statement_timestamp() + (SELECT park_shift()))"
    output_field = DateTimeField()


def db_now() -> dt.datetime:
    """The time of the park entered when the statement began (aware, UTC)."""
    return _asked("SELECT statement_timestamp() + park_shift()")


def server_now() -> dt.datetime:
    """The database's own time: for signatures, tokens and deliveries, which others compare with their clocks."""
    return _asked("SELECT statement_timestamp()")


def _asked(query: str) -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute(query)
        now: dt.datetime = cursor.fetchone()[0]
    return now


def db_today() -> dt.date:
    """The calendar day in Beijing by the clock of the park entered."""
    return db_now().astimezone(BEIJING).date()

"""The one clock of decisions: the database's."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db import connection

BEIJING = ZoneInfo("Asia/Shanghai")


def db_now() -> dt.datetime:
    """The database's time when the statement began (aware, UTC)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: dt.datetime = cursor.fetchone()[0]
    return now


def db_today() -> dt.date:
    """The calendar day in Beijing by the database's clock."""
    return db_now().astimezone(BEIJING).date()

"""Codes and receipts are secrets of whoever holds them: guessing them from one address is slowed down."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from innovscore.core.problems import TooMany

LIMIT = 20  # wrong codes an address may try in a quarter of an hour
SLOT = "date_bin('15 minutes', statement_timestamp(), timestamptz '2000-01-01')"


def _origin(address: str) -> str:
    return salted_hmac("rankings.lookup", address, secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()


def check(address: str) -> None:
    """Raises TooMany when this address has tried too many wrong codes lately."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count FROM rankings_lookupmiss WHERE origin = %s AND slot = {SLOT}",  # noqa: S608  # from this file
            [_origin(address)],
        )
        row = cursor.fetchone()
    if row and row[0] >= LIMIT:
        raise TooMany(code="too_many_lookups", message=_("查询未命中的次数过多，请一刻钟后再试。"))


def miss(address: str) -> None:
    """Note a wrong code; one atomic statement, so that parallel tries all count."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO rankings_lookupmiss (origin, slot, count) VALUES (%s, {SLOT}, 1) "  # noqa: S608  # from this file
            "ON CONFLICT (origin, slot) DO UPDATE SET count = rankings_lookupmiss.count + 1",
            [_origin(address)],
        )

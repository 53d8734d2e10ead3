"""Rate limits in PostgreSQL (generic cell rate algorithm): one atomic statement a call, right across all processes."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from innovscore.core.problems import TooMany


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once, refilled at `per_minute`."""

    per_minute: int
    burst: int

    @property
    def interval(self) -> dt.timedelta:
        return dt.timedelta(minutes=1) / self.per_minute


CLIENT = Rate(per_minute=600, burst=300)
"""A client of the bank API."""

TOKEN = Rate(per_minute=30, burst=30)
"""Asking for access tokens, by client and address."""

TAKE = """
INSERT INTO parks_throttle AS t (key, ahead_until) VALUES (%(key)s, statement_timestamp() + %(interval)s)
ON CONFLICT (key) DO UPDATE SET ahead_until = greatest(t.ahead_until, statement_timestamp()) + %(interval)s
  WHERE greatest(t.ahead_until, statement_timestamp()) + %(interval)s <= statement_timestamp() + %(window)s
RETURNING extract(epoch FROM ahead_until - statement_timestamp())
"""
WAIT = (
    "SELECT extract(epoch FROM ahead_until - statement_timestamp()) FROM parks_throttle WHERE key = %(key)s"
)


def spend(key: str, rate: Rate) -> dict[str, str]:
    """Count a call; returns the headers that tell what is left. Raises TooMany (429 with Retry-After).

    Call it outside of the request's transaction, so that refused requests count too and callers do not queue.
    """
    interval = rate.interval
    values: dict[str, Any] = {"key": key, "interval": interval, "window": interval * rate.burst}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        row = cursor.fetchone()
        if row is not None:
            return _headers(rate, float(row[0]))
        cursor.execute(WAIT, values)
        ahead = float(cursor.fetchone()[0])
    wait = ahead - interval.total_seconds() * (rate.burst - 1)
    raise TooMany(
        code="rate_limited",
        message=_("请求过于频繁，请稍后重试。"),
        headers=_headers(rate, ahead) | {"Retry-After": str(max(1, math.ceil(wait)))},
    )


def _headers(rate: Rate, ahead: float) -> dict[str, str]:
    left = max(0, math.floor(rate.burst - ahead / rate.interval.total_seconds() + 1e-6))
    return {
        "RateLimit-Limit": str(rate.burst),
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": str(math.ceil(max(ahead, 0))),
    }

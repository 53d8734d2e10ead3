"""Is this process alive, and may it take traffic? For load balancers and people on duty (docs/operations.md)."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from parks import walls

from . import checks

DISK_FREE_SHARE = 0.10
CLOCK_SKEW_SECONDS = 2.0


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers. No I/O: a slow database must not get web processes killed."""
    return JsonResponse({"status": "alive", "version": settings.CODE_VERSION})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503 with the failing checks named."""
    results = {name: _run(check) for name, check in CHECKS.items()}
    failing = [name for name, result in results.items() if result != "ok"]
    body = {"status": "not ready" if failing else "ready", "failing": failing, "checks": results}
    return JsonResponse(body, status=503 if failing else 200)


def _run(check: Callable[[], str]) -> str:
    """`ok` or the reason; an address or a password in an exception's text never leaves the house."""
    try:
        return check() or "ok"
    except (DatabaseError, redis.RedisError, OSError) as error:
        return f"unreachable ({type(error).__name__})"


def database_role() -> str:
    """The role neither owns tables nor passes row-level security (the owner only migrates)."""
    return checks.unsafe_role()


def row_level_security() -> str:
    """Every table of a park has its wall, and outside a park no row of one is seen."""
    models = walls.park_models()
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE oid = ANY (SELECT to_regclass(t) FROM unnest(%s::text[]) t) "
            "AND relrowsecurity AND relforcerowsecurity",
            [tables],
        )
        walled = int(cursor.fetchone()[0])
        if walled != len(tables):
            return f"{len(tables) - walled} tables without forced row-level security"
        closed = next(model for model in models if not getattr(model.Tenancy, "visible", ""))
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {connection.ops.quote_name(closed._meta.db_table)})")  # noqa: S608  # a model's own name
        return "rows are visible outside a park" if cursor.fetchone()[0] else ""


@functools.cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def migrations() -> str:
    """The database has every migration of this code."""
    missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return f"{len(missing)} apps have migrations to apply" if missing else ""


def redis_answers() -> str:
    """Redis takes bells: it answers and is not full."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    return "" if client.ping() else "no answer"


def disk() -> str:
    """Room for evidence files and exports."""
    folder = Path(settings.EVIDENCE_ROOT)
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    share = usage.free / usage.total
    return "" if share > DISK_FREE_SHARE else f"{share:.0%} free, more than {DISK_FREE_SHARE:.0%} needed"


def clock() -> str:
    """Host and database agree on the time: deadlines are decided by the database's clock."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        database = float(cursor.fetchone()[0])
    after = time.time()
    skew = max(before - database, database - after, 0.0)
    return "" if skew < CLOCK_SKEW_SECONDS else f"{skew:.1f} s between host and database"


CHECKS: dict[str, Callable[[], str]] = {
    "database_role": database_role,
    "row_level_security": row_level_security,
    "migrations": migrations,
    "redis": redis_answers,
    "disk": disk,
    "clock": clock,
}

"""Production refuses to start with unsafe settings. Each check id stands in docs/operations.md."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection

MIN_SECRET = 40


@register(Tags.security)
def production_settings(**_: Any) -> list[CheckMessage]:
    """Secrets, debug and demo mode (not asked of the owner process, which only migrates)."""
    if settings.LOCAL:
        return []
    errors: list[CheckMessage] = []
    if len(settings.SECRET_KEY) < MIN_SECRET or "change" in settings.SECRET_KEY.lower():
        errors.append(
            Error(
                "SECRET_KEY is a default or too short.",
                hint="Use 50 random characters.",
                id="innovscore.E001",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        errors.append(Error("ALLOWED_HOSTS may not be *.", hint="Name the hosts.", id="innovscore.E002"))
    return errors


@register(Tags.database)
def database_role(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """Web and worker must not be able to pass row-level security."""
    if settings.PROCESS == "owner":
        return []
    try:
        reason = unsafe_role()
    except DatabaseError as error:
        return [Error(f"The database cannot be asked: {error}", id="innovscore.E011")]
    if reason:
        return [
            Error(
                f"The database role {reason}.",
                hint="See docs/operations.md, database roles.",
                id="innovscore.E010",
            )
        ]
    return []


def unsafe_role() -> str:
    """Why the connected role may not be used by web or worker; empty when it is safe."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        superuser, bypass = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        owned = cursor.fetchone()[0]
    if superuser:
        return "is a superuser"
    if bypass:
        return "can bypass row-level security"
    return "owns tables" if owned else ""

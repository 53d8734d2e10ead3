from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from psycopg2 import sql

from innovscore.core.env import Env
from parks.walls import WEB_ROLE, WORKER_ROLE


class Command(BaseCommand):
    """Make or update the two login roles of the application; run with the owner's URL."""

    requires_system_checks: list[str] = []
    help = "Creates the login roles of web and worker (no superuser, no bypass of row-level security)."

    def handle(self, *args: Any, **options: Any) -> None:
        env = Env(defaults_file=settings.BASE_DIR / ".local" / "env")
        for name, variable in ((WEB_ROLE, "DATABASE_URL"), (WORKER_ROLE, "DATABASE_WORKER_URL")):
            parts = urlsplit(env.str(variable))
            if unquote(parts.username or "") != name:
                raise CommandError(f"{variable} must name the role {name}, not {parts.username}.")
            self._ensure(name, unquote(parts.password or ""))

    def _ensure(self, name: str, password: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('innovscore roles', 0))")
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
            verb = "ALTER" if cursor.fetchone() else "CREATE"
            cursor.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                    sql.SQL(verb), sql.Identifier(name), sql.Literal(password)
                )
            )
            cursor.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(str(connection.settings_dict["NAME"])), sql.Identifier(name)
                )
            )
            cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(name)))
        self.stdout.write(f"{name}: {'made' if verb == 'CREATE' else 'updated'}")

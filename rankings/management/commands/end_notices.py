from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from parks.clock import db_now
from parks.models import Park
from parks.scope import park_scope


class Command(BaseCommand):
    """Demo mode only: let the notices of a zone be over, so that the next step can be tried the same day.

    Run as the owner of the tables (INNOVSCORE_PROCESS=owner); the application's roles cannot move a notice.
    """

    help = "Demo mode: moves the running notices of a zone into the past."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--park", required=True, help="code of the zone, e.g. cq")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("Only in demo mode: a real notice runs its full time.")
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no zone {options['park']}.")
        with park_scope(park.pk), connection.cursor() as cursor:
            now = db_now()
            for table in ("rankings_boardedition", "rankings_publishedboard"):
                cursor.execute(
                    f"UPDATE {table} SET notice_starts_at = notice_starts_at - (notice_ends_at - %s), "  # noqa: S608  # names from this file
                    "notice_ends_at = %s WHERE state = 'on_notice' AND notice_ends_at > %s",
                    [now, now, now],
                )
            self.stdout.write(f"{park.code}: {cursor.rowcount} notices are over")

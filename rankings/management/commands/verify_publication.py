from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parks.models import Park
from parks.scope import park_scope
from rankings.queries.verification import verify


class Command(BaseCommand):
    """Recompute every hash of a zone's published boards; exit 1 and name what was tampered with."""

    help = "Recomputes the hashes of published boards against entries, editions, runs and snapshots."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--park", required=True, help="code of the zone, e.g. cq")
        parser.add_argument("--json", action="store_true", help="print the breaks as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no zone {options['park']}.")
        with park_scope(park.pk):
            breaks = list(verify())
        if options["json"]:
            self.stdout.write(
                json.dumps([{"where": one.where, "what": one.what} for one in breaks], ensure_ascii=False)
            )
        else:
            for one in breaks:
                self.stdout.write(f"{one.where}: {one.what}")
        if breaks:
            raise CommandError(f"{len(breaks)} breaks", returncode=1)
        if not options["json"]:
            self.stdout.write(f"{park.code}: every published board verifies")

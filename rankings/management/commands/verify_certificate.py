from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parks.models import Park
from parks.scope import park_scope
from rankings.queries import certificates


class Command(BaseCommand):
    """Check one certificate by code or downloaded file against the database, or all of a zone; exit 1 names what fails."""

    help = "verify_certificate CODE | FILE.json | --park cq (all of a zone)"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("which", nargs="?", default="")
        parser.add_argument("--park", default="", help="all certificates of this zone")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["park"]:
            self._zone(options["park"])
            return
        if not options["which"]:
            raise CommandError("Give a code, a file, or --park.")
        path = Path(options["which"])
        given = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
        code = str(given.get("code", "")) if given else options["which"]
        found = certificates.by_code(code)
        if found is None:
            raise CommandError("unknown: there is no such certificate", returncode=1)
        breaks = list(found.breaks)
        if given and (given.get("certificate"), given.get("signature")) != (
            found.payload,
            found.row.signature,
        ):
            breaks.append("the file differs from what was issued")
        for what in breaks:
            self.stdout.write(what)
        self.stdout.write(f"{found.row.number} {found.row.name}: {found.verdict}")
        if breaks:
            raise CommandError(f"{len(breaks)} breaks", returncode=1)

    def _zone(self, code: str) -> None:
        park = Park.objects.filter(code=code).first()
        if park is None:
            raise CommandError(f"There is no zone {code}.")
        with park_scope(park.pk):
            found = list(certificates.breaks())
            count = certificates.all_certificates().count()
        for number, what in found:
            self.stdout.write(f"{number}: {what}")
        if found:
            raise CommandError(f"{len(found)} breaks", returncode=1)
        self.stdout.write(f"{code}: {count} certificates verify")

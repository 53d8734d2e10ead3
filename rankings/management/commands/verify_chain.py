from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from parks import audit
from parks.models import Park
from parks.scope import park_scope
from rankings import signing
from rankings.queries import certificates
from rankings.queries.verification import verify


class Command(BaseCommand):
    """Walk the audit chain and the publication chain of a zone, its witnesses, and a witness file kept elsewhere."""

    help = "Verifies audit chain, publications and witnesses of a zone; --witness FILE compares with a head kept elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--park", required=True, help="code of the zone, e.g. cq")
        parser.add_argument("--witness", type=Path, help="a witness file that was kept elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no zone {options['park']}.")
        with park_scope(park.pk):
            found = [f"audit {one.seq}: {one.what}" for one in audit.breaks()]
            found += [f"{one.where}: {one.what}" for one in verify()]
            found += [f"witness {number}: {what}" for number, what in certificates.witness_breaks()]
            if options["witness"]:
                found += self._kept(park, options["witness"])
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} breaks", returncode=1)
        self.stdout.write(f"{park.code}: chains, publications and witnesses verify")

    def _kept(self, park: Park, path: Path) -> list[str]:
        from innovscore.core.canonical import canonical_json

        kept = json.loads(path.read_text(encoding="utf-8"))
        says = kept["witness"]
        known = {row["key_id"]: row["public_key"] for row in certificates.keys(park)}
        if not signing.verifies(canonical_json(says), kept["signature"], known.get(says["key_id"], "")):
            return [f"{path.name}: the signature does not hold"]
        return [f"{path.name}: {what}" for what in certificates.differences(says)]

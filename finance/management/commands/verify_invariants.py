"""Checks the invariants of lending in one park or in all; exits non-zero and names the rows when one is broken."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from finance.queries.invariants import INVARIANTS, breaches
from parks.models import Park
from parks.scope import park_scope


class Command(BaseCommand):
    help = "Verify the invariants of lending (lines, persons, consents, history); names every row that breaks one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", help="code of the park; all parks when it is left out")

    def handle(self, *args: Any, **options: Any) -> None:
        parks = Park.objects.order_by("code")
        if options["park"]:
            parks = parks.filter(code=options["park"])
        if not parks:
            raise CommandError(f"There is no park {options['park']!r}.")
        broken = sum(self._verify(park) for park in parks)
        if broken:
            raise CommandError(f"{broken} row(s) break an invariant.")

    def _verify(self, park: Park) -> int:
        with park_scope(park.pk):
            found = list(breaches())
        for breach in found:
            self.stderr.write(f"{park.code} {breach.code} {breach.rule}: {breach.row}")
        if not found:
            self.stdout.write(f"{park.code}: {', '.join(INVARIANTS)} hold")
        return len(found)

"""`manage.py freeze --park CODE --year Y`: copy the verified values of a cycle into a snapshot, as the page does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from innovscore.core.problems import Problem
from parks.actors import Actor
from parks.models import Park
from parks.scope import park_scope

from ...queries import cycles
from ...services import snapshots


class Command(BaseCommand):
    help = "Freeze the verified declarations of a cycle and print the root of the snapshot."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True, help="code of the park, e.g. cq")
        parser.add_argument("--year", required=True, type=int, help="evaluation year")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no park {options['park']!r}.")
        try:
            with park_scope(park.pk):
                snapshot = snapshots.freeze_cycle(
                    by=Actor.system(park), cycle=cycles.get_cycle(options["year"])
                )
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        excluded = ", ".join(f"{state} {count}" for state, count in snapshot.excluded.items())
        self.stdout.write(
            f"snapshot {snapshot.pk}: {snapshot.rows} enterprises, not counted: {excluded or 'none'}"
        )
        self.stdout.write(f"root {snapshot.root}")

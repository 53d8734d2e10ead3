from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from innovscore.core.problems import Problem
from parks.models import Park
from parks.scope import park_scope
from scoring.queries import facts, results
from scoring.queries.schemes import scheme_of
from scoring.services import runs

SHOWN_DIGITS = 16  # of a run hash, on every page


def _run(which: str) -> Any:
    found = results.run_by_hash(which) if len(which) >= SHOWN_DIGITS else None
    if found is None and not which.isdecimal():
        raise CommandError(f"There is no run {which}.", returncode=1)
    return found or results.get_run(int(which))


class Command(BaseCommand):
    """Compute a run again from its frozen snapshot and compare the hash; exit 1 when a digit differs."""

    help = "Recomputes a run from its snapshot: verify_run --park cq RUN, a run's id or the run hash that pages show"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run")
        parser.add_argument("--park", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no zone {options['park']}.")
        try:
            with park_scope(park.pk):
                run = _run(options["run"])
                again = runs.evaluate(run, facts.read(run.snapshot, scheme_of(run.scheme_version))).run_hash
                untrue = facts.untrue_rows(run.snapshot)
        except Problem as problem:
            raise CommandError(str(problem.message), returncode=1) from problem
        if again != run.run_hash:
            raise CommandError(f"recomputed {again}, stored {run.run_hash}", returncode=1)
        if untrue:
            raise CommandError(f"provenance changed since the freeze: {', '.join(untrue)}", returncode=1)
        self.stdout.write(f"run {run.pk}: {run.run_hash} again")

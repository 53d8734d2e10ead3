"""`manage.py import_department`: a department's file from the shell, the same services as the page."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml
from django.core.management.base import BaseCommand, CommandError, CommandParser

from innovscore.core.problems import Problem
from parks.actors import Actor
from parks.models import Park
from parks.scope import park_scope

from ...queries import cycles
from ...services import departments


def read_mapping(path: str) -> dict[str, Any]:
    """The mapping file as data; CommandError when it is none."""
    try:
        data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise CommandError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise CommandError(f"{path}: not a mapping file (see docs/import.md)")
    return data


def read_file(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error


class Command(BaseCommand):
    help = "Import a department's XLSX or CSV into the open cycle of a year; prints every refused cell."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True, help="code of the park, e.g. cq")
        parser.add_argument("--year", required=True, type=int, help="evaluation year of an existing cycle")
        parser.add_argument("--source", required=True, help="code of the department, e.g. tax")
        parser.add_argument("--file", required=True)
        parser.add_argument(
            "--as-of", required=True, type=dt.date.fromisoformat, help="date of the data, YYYY-MM-DD"
        )
        parser.add_argument(
            "--mapping", help="mapping file; without one columns are recognised by code or Chinese name"
        )
        parser.add_argument(
            "--only-good", action="store_true", help="write the good cells although others are wrong"
        )
        parser.add_argument(
            "--sure-of-units", action="store_true", help="money is in the units said, whatever the figures look like"
        )  # fmt: skip
        parser.add_argument("--dry-run", action="store_true", help="only check")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no park {options['park']!r}.")
        mapping = (
            departments.ColumnMapping.from_data(read_mapping(options["mapping"]))
            if options["mapping"]
            else None
        )
        try:
            with park_scope(park.pk):
                self._import(Actor.system(park), options, mapping)
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem

    def _import(self, by: Actor, options: dict[str, Any], mapping: departments.ColumnMapping | None) -> None:
        cycle = cycles.of_year(options["year"])
        batch = departments.upload(
            by=by, cycle=cycle, source=options["source"], as_of=options["as_of"], data=read_file(options["file"]),
            filename=Path(options["file"]).name, mapping=mapping,
        )  # fmt: skip
        report = batch.report
        for fault in report["faults"]:
            self.stderr.write(f"row {fault['row']}, {fault['column']}: {fault['text']!r}: {fault['why']}")
        self.stdout.write(
            f"rows {report['read']}, matched {report['matched']}, values {report['values']}, wrong cells {report['fault_count']} in {report['bad_rows']} rows"
        )
        for question in report["questions"]:
            self.stderr.write(
                f"{question['head']}: {question['count']} of {question['compared']} figures look like {question['other']}, not {question['unit']}"
            )
        if options["dry_run"]:
            return
        if options["sure_of_units"]:
            units = {question["head"]: question["unit"] for question in report["questions"]}
            batch = departments.settle_units(by=by, batch=batch, cycle=cycle, units=units)
        if batch.rows_refused and not options["only_good"]:
            raise CommandError(
                "Nothing was written. Correct the file, or use --only-good to write the good cells."
            )
        done = departments.apply(by=by, batch=batch, report=lambda *_progress: None, mode="cell")
        self.stdout.write(
            f"batch {batch.pk}: {done['values']} values written, {done.get('prefilled', 0)} declared values refreshed"
        )

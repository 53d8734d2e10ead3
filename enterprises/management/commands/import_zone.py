"""`manage.py import_zone`: a zone from one table of firms that have an external id instead of a USCC (docs/import.md)."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from indicators.queries import schemes as scheme_queries
from indicators.services import schemes
from innovscore.core.problems import NotFound, Problem
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Park
from parks.scope import park_scope
from parks.services.zones import open_park

from ...models import Cycle
from ...queries import cycles
from ...services import cycles as cycle_services
from ...services import departments, spreadsheets, zones
from .import_department import read_file, read_mapping

DAYS_TO_DECLARE = 30


class Command(BaseCommand):
    help = "Import a table of firms known by an external id as a zone's department data; lists every row it cannot use."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True, help="code of the zone")
        parser.add_argument("--year", required=True, type=int, help="evaluation year")
        parser.add_argument("--file", required=True, help="CSV or XLSX, one row a firm")
        parser.add_argument("--mapping", required=True, help="mapping file (docs/import.md)")
        parser.add_argument("--scheme", help="scheme of the library to adopt when the year has no cycle yet")
        parser.add_argument("--source", default="register", help="code of the source shown beside each value")
        parser.add_argument(
            "--as-of", type=dt.date.fromisoformat, help="date of the data (default: last day of the year)"
        )
        parser.add_argument(
            "--create-park", metavar="NAME", help="make the zone, with this name, when it does not exist"
        )
        parser.add_argument(
            "--accept",
            action="store_true",
            help="take the register's values as verified (nobody acts for these firms)",
        )
        parser.add_argument("--rejects", help="write the rows that cannot be used to this CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        mapping = read_mapping(options["mapping"])
        data = read_file(options["file"])
        try:
            with transaction.atomic():
                park = self._park(options)
                with park_scope(park.pk):
                    rejects = self._import(Actor.system(park), mapping, data, options)
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        self._list(rejects, options["rejects"])

    def _park(self, options: dict[str, Any]) -> Park:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None and options["create_park"]:
            park = open_park(
                code=options["park"], name=options["create_park"], name_en=options["create_park"]
            )
        if park is None:
            raise CommandError(f"There is no park {options['park']!r}; --create-park NAME makes it.")
        return park

    def _import(
        self, by: Actor, mapping: dict[str, Any], data: bytes, options: dict[str, Any]
    ) -> list[zones.Reject]:
        filename = Path(options["file"]).name
        reason = f"import_zone {filename}"
        cycle = self._cycle(by, options)
        columns = zones.FirmColumns.from_data(mapping)
        table = spreadsheets.read_table(data)
        firms, rejects = zones.read_firms(table, columns)
        admitted = zones.admit_firms(by=by, firms=firms, reason=reason)
        self.stdout.write(f"rows {len(list(table.rows))}, firms {len(firms)}, new {admitted}")
        rejects += self._department_data(by, cycle, mapping, data, options)
        made = 0
        waiting = cycles.without_declaration(cycle)
        for start in range(0, len(waiting), 500):
            made += cycle_services.prepare_declarations(
                by=by, cycle=cycle, enterprises=cycles.enterprises(waiting[start : start + 500])
            )
        grouped = zones.set_groups(by=by, cycle=cycle, firms=firms, reason=reason) if columns.group else 0
        self.stdout.write(f"declarations {made}, with group {grouped}")
        if options["accept"]:
            count, stopped = zones.accept_by_default(by=by, cycle=cycle, reason=reason)
            rejects += stopped
            self.stdout.write(f"verified by default {count}")
        return rejects

    def _cycle(self, by: Actor, options: dict[str, Any]) -> Cycle:
        try:
            return cycles.of_year(options["year"])
        except NotFound:
            if not options["scheme"]:
                raise
        version = scheme_queries.active().filter(code=options["scheme"]).first() or schemes.adopt(
            by=by, name=options["scheme"]
        )
        deadline = db_now() + dt.timedelta(days=DAYS_TO_DECLARE)
        return cycle_services.open_cycle(
            by=by, year=options["year"], scheme_version=version, deadline=deadline
        )

    def _department_data(
        self, by: Actor, cycle: Cycle, mapping: dict[str, Any], data: bytes, options: dict[str, Any]
    ) -> list[zones.Reject]:
        as_of = options["as_of"] or dt.date(cycle.year, 12, 31)
        chosen = departments.ColumnMapping.from_data(mapping)
        name = Path(options["file"]).name
        batch = departments.upload(
            by=by,
            cycle=cycle,
            source=options["source"],
            as_of=as_of,
            data=data,
            filename=name,
            mapping=chosen,
        )
        done = departments.apply(by=by, batch=batch, report=lambda *_progress: None, mode="cell")
        self.stdout.write(
            f"values {done['values']}, refused cells {batch.report['fault_count']}, refreshed {done.get('prefilled', 0)}"
        )
        return [
            zones.Reject(f["row"], f["text"], f"{f['column']}: {f['why']}") for f in batch.report["faults"]
        ]

    def _list(self, rejects: list[zones.Reject], path: str | None) -> None:
        for one in rejects:
            self.stderr.write(f"row {one.row or '-'} {one.key}: {one.why}")
        self.stdout.write(f"not used: {len(rejects)}")
        if path:
            with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["row", "id", "reason"])
                writer.writerows([one.row, one.key, one.why] for one in rejects)

"""A department's file of 100,000 rows × 40 columns against pandas.read_excel + bulk_create: python -m bench.imports [--rows N].

Each way runs in a process of its own on the same throw-away database and the same file; time is read off a
clock, memory off the kernel ten times a second (proportional set size of the process and all it started, together, so
that a confined parser counts). Ours checks every cell, matches firms, reports faults; the other only casts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from bench import run as base

ROOT = Path(__file__).resolve().parent.parent
LIMIT_MB = 512
NOTES = 4
WAYS = {
    "ours": "Innovscore import",
    "pandas": "pandas.read_excel (calamine) + bulk_create",
    "openpyxl": "pandas.read_excel (openpyxl) + bulk_create",
}


def make_file(path: Path, rows: int) -> int:
    """The workbook: code, one column an input of the scheme, notes. Returns its cells."""
    import xlsxwriter

    from enterprises.services.mappings import KEY_HEAD
    from innovscore.core import uscc

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("数据")
        columns = scheme().inputs
        heads = [KEY_HEAD, *(f"{i.zh}（万元）" if i.type == "money" else i.zh for i in columns)]
        sheet.write_row(0, 0, [*heads, *(f"备注{n}" for n in range(NOTES))])
        for row in range(1, rows + 1):
            sheet.write_string(row, 0, uscc.synthetic(row))
            for place, item in enumerate(columns, start=1):
                if item.levels:
                    sheet.write_string(row, place, next(iter(item.levels)))
                else:
                    sheet.write_number(
                        row, place, row % 97 + place if item.type != "money" else row * 1.25 + place
                    )
            for n in range(NOTES):
                sheet.write_string(row, len(heads) + n, f"备注{row % 50}")
    return rows * (len(heads) + NOTES)


def scheme() -> Any:
    from scoring.engine import load_scheme

    return load_scheme(ROOT / "indicators" / "schemes" / "cq_htz_30.yaml")


def fill(rows: int) -> int:
    """A park with as many firms and an open cycle. Returns the park."""
    import datetime as dt

    from enterprises.models import Enterprise
    from enterprises.services import cycles
    from indicators.services import schemes
    from innovscore.core import uscc
    from parks.actors import Actor
    from parks.clock import db_now
    from parks.models import Organisation, Park
    from parks.scope import park_scope

    park = Park.objects.create(code="bench", name="Bench")
    with park_scope(park.pk):
        by = Actor.system(park)
        version = schemes.adopt(by=by, name="cq_htz_30")
        cycles.open_cycle(by=by, year=2025, scheme_version=version, deadline=db_now() + dt.timedelta(days=9))
        for start in range(1, rows + 1, 10_000):
            codes = [uscc.synthetic(n) for n in range(start, min(start + 10_000, rows + 1))]
            made = Organisation.objects.bulk_create(
                Organisation(kind="enterprise", uscc=c, name=c) for c in codes
            )
            Enterprise.objects.bulk_create(
                Enterprise(organisation=one, uscc=one.uscc, name=one.name, member_from="2020-01-01")
                for one in made
            )
    return park.pk


def ours(park_id: int, path: Path) -> int:
    """Check and write, as the job does it."""
    import datetime as dt

    from enterprises.models import Cycle, DepartmentBatch
    from enterprises.services import departments
    from parks.actors import Actor
    from parks.models import Park
    from parks.scope import park_scope

    with park_scope(park_id):
        by, cycle = Actor.system(Park.objects.get(pk=park_id)), Cycle.objects.get(year=2025)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        kept = departments.file_path(digest)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        os.link(path, kept)
        mapping = departments.guess_mapping(scheme(), departments.open_table(path, departments.JOB).heads)
        batch = DepartmentBatch.objects.create(
            year=cycle.year, source="tax", as_of=dt.date(2026, 6, 12), filename=path.name, sha256=digest,
            mapping=mapping.as_data(), state="checked", mode="file",
        )  # fmt: skip
        return departments.apply(by=by, batch=batch, report=lambda *_progress: None)["values"]


def pandas_way(park_id: int, path: Path, engine: str) -> int:
    """What one writes in an afternoon."""
    import datetime as dt
    from decimal import Decimal

    import pandas

    from enterprises.models import DepartmentBatch, DepartmentValue
    from parks.scope import park_scope

    frame = pandas.read_excel(path, engine=engine, dtype={0: str})
    columns = {f"{i.zh}（万元）" if i.type == "money" else i.zh: i for i in scheme().inputs}
    written = 0
    with park_scope(park_id):
        batch = DepartmentBatch.objects.create(
            year=2025,
            source="tax",
            as_of=dt.date(2026, 6, 12),
            filename="p",
            sha256="0" * 64,
            state="applied",
        )
        made: list[DepartmentValue] = []
        for row in frame.itertuples(index=False):
            for head, value in zip(frame.columns, row, strict=True):
                item = columns.get(head)
                if item is None:
                    continue
                amount = (
                    None if item.levels else Decimal(str(value)) * (10_000 if item.type == "money" else 1)
                )
                made.append(
                    DepartmentValue(
                        batch=batch, uscc=row[0], year=2025, code=item.code, amount=amount, source="tax", as_of=batch.as_of,
                        entries=[{"level": value}] if item.levels else None,
                    )
                )  # fmt: skip
            if len(made) > 20_000:
                written += len(DepartmentValue.objects.bulk_create(made, batch_size=5000))
                made = []
        written += len(DepartmentValue.objects.bulk_create(made, batch_size=5000))
    return written


def measure(way: str, park_id: int, path: Path) -> None:
    """Run one way in this process and print what it took."""
    base.connect()
    start = time.perf_counter()
    written = (
        ours(park_id, path)
        if way == "ours"
        else pandas_way(park_id, path, "calamine" if way == "pandas" else "openpyxl")
    )
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "values": written}))


def watched(command: list[str]) -> tuple[dict[str, Any], float]:
    """What a measured process printed, and the most MB that it and its children held at one moment."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        tree, most = psutil.Process(started.pid), 0.0
        while started.poll() is None:
            most = max(most, held(tree))
            time.sleep(0.1)
        out, err = started.communicate()
    if started.returncode:
        raise RuntimeError(err.strip().splitlines()[-1] if err.strip() else f"exit {started.returncode}")
    return json.loads(out.splitlines()[-1]), most


def held(tree: psutil.Process) -> float:
    """MB of a process and all below it; pages that they share count once."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in (tree, *tree.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += one.memory_full_info().pss
    return total / 2**20


def compare(rows: int, ways: list[str], folder: Path) -> int:
    base.prepare()
    try:
        path = folder / "imports.xlsx"
        cells, park_id = make_file(path, rows), fill(rows)
        print(f"# {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
        print(f"# {rows:,} rows, {cells:,} cells, file {path.stat().st_size / 1e6:.1f} MB")
        print("| way | seconds | rows/s | peak memory, MB | values written |\n|---|---|---|---|---|")
        found = dict[str, float]()
        for way in ways:
            command = [
                sys.executable,
                "-m",
                "bench.imports",
                "--measure",
                way,
                "--park",
                str(park_id),
                "--file",
                str(path),
            ]
            try:
                one, peak = watched(command)
            except RuntimeError as error:
                print(f"| {WAYS[way]} | failed: {error} | | | |")
                continue
            found[way] = peak
            print(
                f"| {WAYS[way]} | {one['seconds']:.1f} | {rows / one['seconds']:,.0f} | {peak:.0f} | {one['values']:,} |",
                flush=True,
            )
        most = found.get("ours", math.inf)
        print(f"# limit {LIMIT_MB} MB: {'kept' if most <= LIMIT_MB else 'NOT kept'}")
        return int(most > LIMIT_MB)
    finally:
        base.remove()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--ways", default="ours,pandas", help=f"of {', '.join(WAYS)}")
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--park", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.park, options.file)
        return 0
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return compare(options.rows, options.ways.split(","), Path(folder))


if __name__ == "__main__":
    sys.exit(main())

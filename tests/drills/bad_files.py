"""Broken files without end: python -m tests.drills.bad_files

SEED and MINUTES (default 5) come from the environment. Each file is a mutated workbook, CSV, PDF or picture; tables are
read, checked and written as a page would do it, documents are stored. A refusal must be one of ours and leave nothing; a
success must leave exactly what it says; 10 seconds a file at most. The process may use 1.5 GB, so that a parser that eats
memory ends the drill. Prints "N tried, N failed".
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from typing import Any

from bench import imports
from bench import run as bench

MEMORY = 3 << 29
SECONDS = 10.0
PART = 500


def main() -> int:
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    minutes = float(os.environ.get("MINUTES", "5"))
    print(f"SEED={seed} MINUTES={minutes}", flush=True)
    bench.prepare()
    tried = failed = 0
    try:
        park_id = imports.fill(3)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        ends = time.monotonic() + minutes * 60
        with tempfile.TemporaryDirectory() as folder:
            while time.monotonic() < ends:
                done, bad = _part(park_id, folder, seed + tried)
                tried, failed = tried + done, failed + bad
    finally:
        bench.remove()
    print(f"{tried} tried, {failed} failed")
    return 1 if failed or not tried else 0


def _part(park_id: int, folder: str, seed: int) -> tuple[int, int]:
    from django.conf import settings

    from parks.actors import Actor
    from parks.models import Park
    from parks.scope import park_scope
    from tests.factories.mutations import mutants

    settings.EVIDENCE_ROOT = folder
    failed = 0
    with park_scope(park_id):
        by = Actor.system(Park.objects.get(pk=park_id))
        for name, data in mutants(_originals(), count=PART, seed=seed):
            problem = _one(by, name, data)
            if problem:
                failed += 1
                print(f"seed {seed} {name} ({len(data)} bytes): {problem}", flush=True)
    return PART, failed


def _originals() -> list[tuple[str, bytes]]:
    from innovscore.core import uscc
    from tests.factories import enterprises as make
    from tests.factories import files

    heads = ("统一社会信用代码", "营业收入（万元）", "职工总数(年平均)", "研发与创新平台")
    rows = (heads, (uscc.synthetic(1), 5, 160, "国家级平台"), (uscc.synthetic(2), 6.5, 20, ""))
    text = make.table(heads, *rows[1:]).decode()
    tables = [("a.xlsx", files.workbook(*rows)), ("b.xlsx", files.workbook(*rows, formulas=[(2, 1)]))]
    texts = [(f"{name}.csv", text.encode(name)) for name in ("utf-8", "gb18030", "utf-16")]
    return [*tables, *texts, ("a.pdf", files.pdf("x")), ("a.png", files.png("x")), ("a.jpg", files.jpeg("x"))]


def _one(by: Any, name: str, data: bytes) -> str:
    """What is wrong with how one file was met, or nothing."""
    from enterprises.models import DepartmentValue
    from innovscore.core.problems import Problem

    before, start = DepartmentValue.objects.count(), time.perf_counter()
    written = 0
    try:
        written = (
            _table(by, name, data)
            if not name.endswith((".pdf", ".png", ".jpg"))
            else _document(by, name, data)
        )
    except Problem:
        pass
    except Exception as error:
        return repr(error)
    if DepartmentValue.objects.count() != before + written:
        return "half imported"
    return "too slow" if time.perf_counter() - start > SECONDS else ""


def _table(by: Any, name: str, data: bytes) -> int:
    from django.db import transaction

    from enterprises.models import Cycle
    from enterprises.services import departments
    from tests.factories import enterprises as make

    with transaction.atomic():
        batch = make.batch(by, Cycle.objects.get(year=2025), data, filename=name)
        departments.request_apply(by=by, batch=batch, mode=random.choice(("file", "row", "cell")))
        return int(make.apply(by, batch)["values"])


def _document(by: Any, name: str, data: bytes) -> int:
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.db import transaction

    from enterprises.models import Enterprise
    from parks.services import evidence

    with transaction.atomic():
        organisation = Enterprise.objects.values_list("organisation_id", flat=True)[0]
        evidence.store(by=by, organisation_id=organisation, upload=SimpleUploadedFile(name, data))
    return 0


if __name__ == "__main__":
    sys.exit(main())

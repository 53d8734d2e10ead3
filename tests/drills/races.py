"""Races for a line, again and again: python -m tests.drills.races

SEED (sizes of amounts), MINUTES (default 1) and RACES (at least so many, default 20) come from the environment; THREADS
connections (default 64) apply at once. After each race what is taken must be within the cap, with exactly the winners it allows, and all
invariants of the park must hold. Prints "N tried, N failed".
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import uuid
from decimal import Decimal
from typing import Any

from bench import run as bench


def main() -> int:
    minutes, threads = float(os.environ.get("MINUTES", "1")), int(os.environ.get("THREADS", "64"))
    races = int(os.environ.get("RACES", "20"))
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    print(f"SEED={seed} MINUTES={minutes} RACES={races} THREADS={threads}")
    bench.prepare()
    rng, tried, failed = random.Random(seed), 0, 0  # sizes, not secrets
    deadline = time.monotonic() + minutes * 60
    try:
        scene = _scene()
        while tried < races or time.monotonic() < deadline:
            tried += 1
            problem = one_race(scene, Decimal(rng.randrange(20, 300)) * 10_000, threads)
            if problem:
                failed += 1
                print(f"race {tried}: {problem}")
    finally:
        bench.remove()
    print(f"{tried} tried, {failed} failed")
    return 1 if failed or not tried else 0


def _scene() -> Any:
    from parks.scope import park_scope
    from tests.factories import loans as make
    from tests.factories import parks as people

    park = people.park(code=f"drill{uuid.uuid4().hex[:6]}")
    with park_scope(park.pk):
        return make.scene(park)


def one_race(scene: Any, amount: Decimal, threads: int) -> str:
    """Everybody applies for `amount` of one line at once; then all that won are withdrawn. What is wrong, or nothing."""
    from finance.models import Application, CreditLine
    from finance.queries.invariants import breaches
    from finance.services import applications
    from parks.scope import park_scope

    won = [one for one in _together(threads, lambda: _apply(scene, amount)) if one]
    with park_scope(scene.park.pk):
        line = CreditLine.objects.get()
        expected = min(threads, int(line.quoted_limit // amount))
        wrong = [str(one) for one in breaches()]
        if len(won) != expected or line.reserved != amount * expected:
            wrong.append(f"{len(won)} won instead of {expected}, reserved {line.reserved}")
        for pk in Application.objects.filter(pk__in=won).values_list("pk", flat=True):
            applications.withdraw(by=scene.firm.signatory, application_id=pk)
        if CreditLine.objects.get().reserved:
            wrong.append("something stayed reserved")
    return "; ".join(wrong)


def _apply(scene: Any, amount: Decimal) -> int | None:
    from innovscore.core.problems import Problem
    from parks.scope import park_scope

    try:
        with park_scope(scene.park.pk):
            return int(scene.apply(amount, client_ref=uuid.uuid4().hex).pk)
    except Problem:
        return None


def _together(number: int, work: Any) -> list[Any]:
    from django.db import connection

    start, results = threading.Barrier(number), [None] * number

    def run(i: int) -> None:
        try:
            start.wait(60)
            results[i] = work()
        finally:
            connection.close()

    running = [threading.Thread(target=run, args=(i,)) for i in range(number)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(120)
    return results


if __name__ == "__main__":
    sys.exit(main())

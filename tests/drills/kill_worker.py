"""kill -9 of the worker in the middle of a score run, again and again: python -m tests.drills.kill_worker

SEED (moment of each kill) and KILLS (how many, default 10) come from the environment; UNITS enterprises are scored
(default 20,000). After each kill another worker starts, and within 60 seconds there must be exactly one current
result with the one right hash, complete, and nothing left of the killed attempt. Prints "N tried, N failed".
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import run as bench

RESUMED_WITHIN = 60
POLL = 0.05


def main() -> int:
    kills, units = int(os.environ.get("KILLS", "10")), int(os.environ.get("UNITS", "20000"))
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    print(f"SEED={seed} KILLS={kills} UNITS={units}")
    bench.prepare()
    failed = tried = 0
    try:
        park, cycle = bench.fill(units)
        rng = random.Random(seed)  # moments of kills, not secrets
        expected, seconds = undisturbed(park, cycle)
        for number in range(kills):
            tried += 1
            problem = one_kill(park, cycle, number, rng.uniform(0, seconds), expected)
            if problem:
                failed += 1
                print(f"kill {number}: {problem}")
    finally:
        bench.remove()
    print(f"{tried} tried, {failed} failed")
    return 1 if failed or tried < kills else 0


def undisturbed(park: Any, cycle: Any) -> tuple[str, float]:
    """The right result root, and how long a run takes here."""
    from parks import jobs

    run = ask(park, cycle, "undisturbed")
    start = time.perf_counter()
    jobs.run(run.job_id)
    taken = time.perf_counter() - start
    return state_of(park, run.pk)["root"], taken


def ask(park: Any, cycle: Any, label: str) -> Any:
    """A run of its own: the former ones are given another engine version, so that this one is computed afresh."""
    from parks.actors import Actor
    from parks.scope import park_scope
    from scoring import engine
    from scoring.models import ScoreRun
    from scoring.services import runs

    with park_scope(park.pk):
        for former in ScoreRun.objects.filter(engine_version=engine.ENGINE_VERSION):
            former.engine_version = f"{engine.ENGINE_VERSION}+{former.pk}"
            former.save(update_fields=["engine_version"])
        return runs.request_run(by=Actor.system(park), cycle=cycle)


def one_kill(park: Any, cycle: Any, number: int, moment: float, expected: str) -> str:
    """Kill the worker `moment` seconds into the run; returns what is wrong afterwards, empty when nothing is."""
    run = ask(park, cycle, str(number))
    with tempfile.TemporaryDirectory() as folder:
        worker = start_worker(Path(folder))
        try:
            if not _wait(lambda: state_of(park, run.pk)["job"] != "queued", 30):
                return "no worker took the job in 30 s"
            time.sleep(moment)
            at_kill = state_of(park, run.pk)["job"]
        finally:
            stop_worker(worker, kill=True)
        start = time.perf_counter()
        worker = start_worker(Path(folder))
        try:
            if not _wait(lambda: state_of(park, run.pk)["job"] in ("succeeded", "failed"), RESUMED_WITHIN):
                return f"not over {RESUMED_WITHIN} s after the kill (job was {at_kill})"
        finally:
            stop_worker(worker)
    resumed = time.perf_counter() - start
    after = state_of(park, run.pk)
    print(
        f"kill {number} at {moment:.2f} s (job {at_kill}): over {resumed:.1f} s later, attempts {after['attempts']}"
    )
    right = {
        "job": "succeeded",
        "state": "computed",
        "root": expected,
        "current": run.pk,
        "rows": after["units"],
    }
    wrong = {name: after[name] for name, value in right.items() if after[name] != value}
    return f"{wrong} instead of {right}" if wrong else ""


def start_worker(folder: Path) -> subprocess.Popen[bytes]:
    """A worker with beat, as in production, in a process group of its own."""
    command = [
        sys.executable, "-m", "celery", "-A", "innovscore.celery", "worker", "--beat", "--pool", "prefork", "--concurrency", "1",
        "--schedule", str(folder / "beat"), "--loglevel", "WARNING", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    log = (folder / "worker.log").open("ab")
    return subprocess.Popen(command, cwd=bench.ROOT, stdout=log, stderr=log, start_new_session=True)


def stop_worker(process: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    os.killpg(process.pid, signal.SIGKILL if kill else signal.SIGTERM)
    process.wait(timeout=30)


def state_of(park: Any, run_id: int) -> dict[str, Any]:
    from parks.models import Job
    from parks.scope import park_scope
    from scoring.models import CurrentRun, ScoreResult, ScoreRun

    with park_scope(park.pk):
        run = ScoreRun.objects.select_related("snapshot").get(pk=run_id)
        job = Job.objects.get(pk=run.job_id)
        pointer = CurrentRun.objects.first()
        return {
            "job": job.state, "attempts": job.attempts, "state": run.state, "root": run.result_root, "units": run.snapshot.rows,
            "rows": ScoreResult.objects.filter(run=run).count(), "current": pointer.run_id if pointer else None,
        }  # fmt: skip


def _wait(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL)
    return False


if __name__ == "__main__":
    sys.exit(main())

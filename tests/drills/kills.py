"""kill -9 of worker, web, PostgreSQL and Redis in the middle of a score run, again and again: python -m tests.drills.kills

SEED (order and moment of the kills), KILLS (how many, default 10) and UNITS (enterprises that are scored, default
20,000) come from the environment; HURRY=1 lets a dead worker's lease run out at once instead of after 20 seconds.
The drill has servers of its own. It locks a table that the run needs (drawn from GATES), so that each kill meets a run
at work: anywhere from its first step to the moment before its commit. What was killed is started again at once, and
within 60 seconds there must be exactly one current result with the one right hash, complete, and nothing left of the
broken attempt; the web must answer. A killed Redis stays away for a while: signing in works without it. A kill that met
no running job counts as failed. Prints "N tried, N failed".
"""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from bench import run as bench
from innovscore import embedded

RESUMED_WITHIN = 60
POLL = 0.05
SIGN_IN = "/account/login/"
GATES = {
    "reading": "scoring_snapshotrow IN ACCESS EXCLUSIVE MODE",
    "writing": "scoring_scoreresult IN EXCLUSIVE MODE",
    "switching": "scoring_currentrun IN EXCLUSIVE MODE",
    "the last write": "scoring_runreview IN EXCLUSIVE MODE",
}
"""Where a run can be held, in its order; but for the first one others still read these tables."""
TARGETS = ("worker", "postgres", "redis", "web")
WEB = ["-m", "gunicorn", "-c", "innovscore/gunicorn.py", "innovscore.wsgi"]
WORKER = ["-m", "celery", "-A", "innovscore.celery", "worker", "--beat", "--pool", "prefork", "--concurrency", "1",
          "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]  # fmt: skip


@dataclass
class Site:
    """Servers, web and worker of the drill."""

    place: embedded.Place
    port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start what is not running."""
        if name == "postgres":
            embedded.start_postgres(self.place)
        elif name == "redis":
            embedded.start_redis(self.place)
        else:
            self._start(name)

    def _start(self, name: str) -> None:
        command = WEB if name == "web" else [*WORKER, "--schedule", str(self.place.home / "beat")]
        environment = os.environ | {
            "INNOVSCORE_PROCESS": name, "PORT": str(self.port), "WEB_CONCURRENCY": "1", "METRICS_PORT": "0", "DEBUG": "1",
        }  # fmt: skip
        log = (self.place.home / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [sys.executable, *command],
            cwd=bench.ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def kill(self, name: str) -> None:
        """SIGKILL to every process of it."""
        if name in self.running:
            os.killpg(self.running[name].pid, signal.SIGKILL)
            self.running.pop(name).wait(timeout=30)
            return
        if name == "postgres":
            postmaster = embedded._postmaster(self.place)
            victims = [postmaster, *postmaster.children(recursive=True)] if postmaster else []
        else:
            victims = embedded._redis_processes(self.place)
        for process in victims:
            process.kill()
        psutil.wait_procs(victims, timeout=30)

    def answers(self, path: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def close(self) -> None:
        for name in list(self.running):
            self.kill(name)
        embedded.stop(self.place)


def main() -> int:
    kills, units = int(os.environ.get("KILLS", "10")), int(os.environ.get("UNITS", "20000"))
    seed = int(os.environ.get("SEED", str(random.randrange(10**6))))
    print(f"SEED={seed} KILLS={kills} UNITS={units}", flush=True)
    logging.disable(logging.CRITICAL)  # what is killed complains
    rng = random.Random(seed)  # order and moments of kills, not secrets
    targets = [TARGETS[number % len(TARGETS)] for number in range(kills)]
    rng.shuffle(targets)
    failed = 0
    for name in (*embedded.DATABASE_NAMES, "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="innovscore-kills-") as folder:
        Path(folder).chmod(0o711)  # the database server may run as another user
        site = Site(embedded.Place(Path(folder), durable=True), embedded.free_port())
        try:
            bench.prepare(site.place)
            park, cycle = bench.fill(units)
            expected, seconds = undisturbed(park, cycle)
            for name in ("web", "worker"):
                site.start(name)
            if not wait(lambda: site.answers(SIGN_IN), RESUMED_WITHIN):
                raise SystemExit("the web did not start")
            for number, target in enumerate(targets):
                gate, moment = rng.choice(list(GATES)), rng.uniform(0, seconds)
                problem = one_kill(site, (park, cycle), target, (gate, moment), expected)
                failed += bool(problem)
                if problem:
                    print(f"kill {number}: {target}: {problem}", flush=True)
        finally:
            site.close()
    print(f"{kills} tried, {failed} failed")
    return 1 if failed else 0


def undisturbed(park: Any, cycle: Any) -> tuple[str, float]:
    """The right result root, and how long a run takes here."""
    from parks import jobs

    run = ask(park, cycle)
    start = time.perf_counter()
    jobs.run(run.job_id)
    taken = time.perf_counter() - start
    return state_of(park, run.pk)["root"], taken


def ask(park: Any, cycle: Any) -> Any:
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


def one_kill(site: Site, zone: tuple[Any, Any], target: str, when: tuple[str, float], expected: str) -> str:
    """Kill the target some seconds into a run that cannot pass its gate; returns what is wrong afterwards, empty when
    nothing is."""
    (park, cycle), (gate, moment) = zone, when
    if not wait(lambda: _is_idle(park), RESUMED_WITHIN):
        return f"other jobs were not over in {RESUMED_WITHIN} s"
    with shut(gate):
        run = ask(park, cycle)
        if not wait(lambda: state_of(park, run.pk)["job"] != "queued", RESUMED_WITHIN):
            return f"no worker took the job in {RESUMED_WITHIN} s"
        time.sleep(moment)
        at_kill = state_of(park, run.pk)["job"]
        site.kill(target)
    start = time.perf_counter()
    if at_kill != "running":
        return f"no job was at work when it was killed: {at_kill}"
    signs_in = target != "redis" or site.answers(SIGN_IN)
    site.start(target)
    if os.environ.get("HURRY") and target in ("worker", "postgres"):
        _let_the_lease_run_out(park)
    if not wait(lambda: state_of(park, run.pk)["job"] in ("succeeded", "failed"), RESUMED_WITHIN):
        return f"not over {RESUMED_WITHIN} s after the kill "
    resumed = time.perf_counter() - start
    after = state_of(park, run.pk)
    print(
        f"{target} killed at {moment:.2f} s, held before {gate}: over {resumed:.1f} s later, attempts {after['attempts']}",
        flush=True,
    )
    right = {
        "job": "succeeded", "state": "computed", "root": expected, "current": run.pk, "rows": after["units"],
    }  # fmt: skip
    wrong = {name: after[name] for name, value in right.items() if after[name] != value}
    if not signs_in:
        wrong["sign-in"] = "does not answer without Redis"
    if not wait(lambda: site.answers(SIGN_IN), RESUMED_WITHIN):
        wrong["web"] = "does not answer"
    return f"{wrong} instead of {right}; {after['error']}" if wrong else ""


@contextmanager
def shut(gate: str) -> Iterator[None]:
    """Lock the table of a gate: a run that comes to it waits."""
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    try:
        owner.cursor().execute(f"LOCK TABLE {GATES[gate]}")
        yield
    finally:
        owner.close()  # the lock goes with the session, if the kill of PostgreSQL left one


def _is_idle(park: Any) -> bool:
    from parks.models import Job
    from parks.scope import park_scope

    with park_scope(park.pk):
        return not Job.objects.filter(state__in=["queued", "running"]).exists()


def _let_the_lease_run_out(park: Any) -> None:
    """As the owner of the tables: time passes."""
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park.pk)])
        cursor.execute(
            "UPDATE parks_job SET lease_until = now() - interval '1 second' WHERE state = 'running'"
        )
    owner.close()


def state_of(park: Any, run_id: int) -> dict[str, Any]:
    from parks.models import Job
    from parks.scope import park_scope
    from scoring.models import CurrentRun, ScoreResult, ScoreRun

    with park_scope(park.pk):
        run = ScoreRun.objects.select_related("snapshot").get(pk=run_id)
        job = Job.objects.get(pk=run.job_id)
        pointer = CurrentRun.objects.first()
        return {
            "job": job.state, "attempts": job.attempts, "error": f"{job.error} {job.result.get('detail', '')}",
            "state": run.state, "root": run.result_root, "units": run.snapshot.rows,
            "rows": ScoreResult.objects.filter(run=run).count(), "current": pointer.run_id if pointer else None,
        }  # fmt: skip


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; a database that is just coming back counts as not yet."""
    from django.db import DatabaseError, connections

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except DatabaseError:
            connections.close_all()
        time.sleep(POLL)
    return False


if __name__ == "__main__":
    sys.exit(main())

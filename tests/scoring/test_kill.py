"""kill -9 during a run, of the worker at every step and of everything else: one complete current result, the same hash.

The drill `python -m tests.drills.kills` kills worker, web, PostgreSQL and Redis at random moments, as often as asked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from parks.models import Job
from parks.scope import park_scope
from scoring.models import CurrentRun, ScoreResult, ScoreRun
from scoring.services import runs
from tests.conftest import owner_connection, start_worker, stop_worker, wait_until
from tests.factories import parks as people
from tests.factories import scoring as make

BLOCKED = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
WHERE NOT granted AND relation = %s::regclass AND datname = current_database()"""


@pytest.mark.parametrize("table", ["scoring_snapshotrow", "scoring_scoreresult", "scoring_currentrun"])
def test_a_killed_run_ends_in_one_consistent_result(
    live_db: None, park: Any, tmp_path: Path, table: str
) -> None:
    """The worker is stopped where it touches the table (reading, writing, switching) by a lock, and killed there."""
    by = people.actor("score_officer", park)
    with park_scope(park.pk):
        make.snapshot(by, cases=make.golden_cases(scale=20))
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        with park_scope(park.pk):
            run = runs.request_run(by=by, cycle=make.Cycle.objects.get())
        worker = start_worker(tmp_path)
        try:
            wait_until(lambda: _is_blocked(table))
        finally:
            stop_worker(worker, kill=True)
            cursor.execute("ROLLBACK")
        cursor.execute(
            "SELECT set_config('app.park_id', %s, false)", [str(park.pk)]
        )  # time passes: the lease runs out
        cursor.execute(
            "UPDATE parks_job SET lease_until = now() - interval '1 second' WHERE state = 'running'"
        )
    worker = start_worker(tmp_path)
    try:
        wait_until(lambda: _is_over(park, run.job_id))
    finally:
        stop_worker(worker)
    with park_scope(park.pk):
        job, done = Job.objects.get(pk=run.job_id), ScoreRun.objects.get()
        assert (job.state, job.attempts) == ("succeeded", 2), job.error
        assert done.state == "computed"
        assert CurrentRun.objects.get().run_id == done.pk
        assert ScoreResult.objects.count() == done.rows == 20 * len(make.GOLDEN)


def _is_blocked(table: str) -> bool:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(BLOCKED, [table])
        return bool(cursor.fetchone()[0])


def _is_over(park: Any, job_id: int | None) -> bool:
    with park_scope(park.pk):
        return Job.objects.get(pk=job_id).is_over

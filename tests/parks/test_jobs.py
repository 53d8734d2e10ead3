"""Jobs live in PostgreSQL: asked for once, done once, taken over when a worker dies, never lost with Redis."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from innovscore.core.problems import Conflict
from parks import jobs
from parks.models import AuditEvent, Job
from parks.scope import park_scope
from tests.conftest import owner_connection, start_worker, stop_worker, wait_until


@pytest.fixture
def by(live_db: None, park: Any, actors: Any) -> Any:
    return actors("park_admin", park)


def _state(park: Any, job_id: int) -> str:
    with park_scope(park.pk):
        return Job.objects.get(pk=job_id).state


def _ask(park: Any, by: Any, **args: Any) -> Job:
    with park_scope(park.pk):
        return jobs.request(kind="parks.self_test", park_id=park.pk, dedupe_key="one", by=by, args=args)


def test_asking_twice_while_it_waits_gives_the_same_job(park: Any, by: Any) -> None:
    assert _ask(park, by).pk == _ask(park, by).pk


def test_asking_while_the_live_one_ends_makes_a_new_one(park: Any, by: Any, monkeypatch: Any) -> None:
    insert, calls = Job.objects.bulk_create, list[int]()

    def in_the_way(rows: Any, **options: Any) -> Any:
        calls.append(len(calls))
        return insert(rows, **options) if calls[-1] else []

    monkeypatch.setattr(Job.objects, "bulk_create", in_the_way)
    assert _ask(park, by).state == "queued"


def test_only_what_failed_is_asked_for_again_and_for_whoever_asked_first(
    park: Any, by: Any, actors: Any
) -> None:
    officer = actors("score_officer", park)
    with park_scope(park.pk):  # no worker sees it before the end
        job = _ask(park, by)
        with pytest.raises(Conflict, match="只有失败"):
            jobs.retry(job_id=job.pk, by=officer)
        jobs.cancel(job_id=job.pk, by=officer)
        again = jobs.retry(job_id=job.pk, by=officer)
        events = AuditEvent.objects.filter(person_ref=officer.person_id).order_by("pk")
        assert list(events.values_list("action", flat=True)) == ["job.cancelled", "job.retried"]
    assert (again.state, again.requested_by_id, again.actor["role"]) == (
        "queued",
        by.account_id,
        "park_admin",
    )


def test_a_worker_does_the_job_and_shows_progress(park: Any, by: Any, celery_worker: Any) -> None:
    job = _ask(park, by, steps=3)
    wait_until(lambda: _state(park, job.pk) == "succeeded")
    with park_scope(park.pk):
        done = Job.objects.get(pk=job.pk)
    assert (done.done, done.total, done.result) == (3, 3, {"steps": 3})


def test_a_job_is_done_although_redis_was_emptied(park: Any, by: Any, celery_worker: Any) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:  # the bell was never rung
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        job = _ask(park, by, steps=1)
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    wait_until(lambda: _state(park, job.pk) == "succeeded")


def test_a_killed_workers_job_is_taken_over(park: Any, by: Any, tmp_path: Path) -> None:
    worker = start_worker(tmp_path)
    try:
        job = _ask(park, by, steps=1000, wait=0.05)
        wait_until(lambda: _state(park, job.pk) == "running")
    finally:
        stop_worker(worker, kill=True)
    with owner_connection() as owner, owner.cursor() as cursor:  # time passes: the lease runs out
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        cursor.execute(
            "UPDATE parks_job SET lease_until = now() - interval '1 second', args = '{\"steps\": 2}'"
        )
    worker = start_worker(tmp_path)
    try:
        wait_until(lambda: _state(park, job.pk) == "succeeded")
    finally:
        stop_worker(worker)
    with park_scope(park.pk):
        assert Job.objects.get(pk=job.pk).fence == 2


def test_whoever_lost_the_lease_cannot_finish(park: Any, by: Any) -> None:
    job = _ask(park, by)
    handle = jobs.JobHandle(id=job.pk, park_id=park.pk, fence=0, args={}, actor=by)
    with park_scope(park.pk):
        Job.objects.filter(pk=job.pk).update(state="running", fence=1)
        with pytest.raises(jobs.LeaseLost):
            handle.guard()


def test_what_was_asked_to_stop_has_no_effect_afterwards(park: Any, by: Any) -> None:
    """At the next step and before the last commit, however short the job is."""
    with park_scope(park.pk):
        job = jobs.request(kind="parks.self_test", park_id=park.pk, dedupe_key="one", by=by)
        Job.objects.filter(pk=job.pk).update(state="running", fence=1)
    handle = jobs.JobHandle(id=job.pk, park_id=park.pk, fence=1, args={}, actor=by)
    handle.report(1, 2)
    with park_scope(park.pk):
        jobs.cancel(job_id=job.pk, by=by)
        with pytest.raises(jobs.JobCancelled):
            handle.guard()
    with pytest.raises(jobs.JobCancelled):
        handle.report(2, 2)


def test_progress_does_not_wait_for_who_waits_for_the_job(
    park: Any, by: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of the table waits for the job's own transaction, and the report would wait for the change: for ever."""
    monkeypatch.setattr(jobs, "SHOWN_WITHIN", "200ms")
    with park_scope(park.pk):
        job = jobs.request(kind="parks.self_test", park_id=park.pk, dedupe_key="one", by=by)
        Job.objects.filter(pk=job.pk).update(state="running", fence=1)  # no worker of another test takes it
    handle = jobs.JobHandle(id=job.pk, park_id=park.pk, fence=1, args={}, actor=by)

    def change() -> None:
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute("BEGIN; LOCK TABLE parks_job IN ACCESS EXCLUSIVE MODE; COMMIT")

    def waits() -> bool:
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute(
                "SELECT FROM pg_locks WHERE relation = 'parks_job'::regclass"
                " AND mode = 'AccessExclusiveLock' AND NOT granted"
            )
            return cursor.fetchone() is not None

    changer = threading.Thread(target=change)
    with park_scope(park.pk):
        assert Job.objects.filter(pk=job.pk).exists()
        changer.start()
        wait_until(waits)
        handle.report(1, 2)
    changer.join()
    with park_scope(park.pk):
        assert Job.objects.get(pk=job.pk).done == 0, "it was not shown, and nothing stopped"


def test_the_web_role_sees_no_jobs_of_other_parks(park: Any, other_park: Any, by: Any) -> None:
    _ask(park, by)
    with park_scope(other_park.pk):
        assert Job.everywhere.count() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM parks_job")
        assert cursor.fetchone() == (0,)

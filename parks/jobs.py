"""Background work as rows in PostgreSQL; Celery and Redis only ring the bell.

A room offers a job with `@job("scoring.compute")` in its tasks.py. `request` inserts the row and rings after
the commit; a worker takes it by a guarded UPDATE that raises the fence and sets a lease; a thread renews the
lease; whoever lost it cannot finish. `sweep` rings again for rows that nobody took or whose lease ran out, so
neither a killed worker nor an emptied Redis loses work.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, models, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Problem

from . import audit
from .actors import Actor
from .models import Job
from .scope import park_scope, set_local
from .signals import job_waiting

log = structlog.get_logger(__name__)
LEASE = dt.timedelta(seconds=20)
RENEW_SECONDS = 5.0
MAX_ATTEMPTS = 5
SHOWN_WITHIN = "5s"
"""Progress waits no longer for a lock: who holds it may be waiting for the job's own transaction."""
JobFunction = Callable[["JobHandle"], dict[str, Any]]
_registry: dict[str, JobFunction] = {}


class LeaseLost(RuntimeError):
    """Another worker has the job now; what this one holds must not be written."""


class JobCancelled(RuntimeError):
    """Somebody asked for the job to stop."""


def job(kind: str) -> Callable[[JobFunction], JobFunction]:
    """Register the function that does jobs of this kind. It must be safe to run twice."""

    def register(function: JobFunction) -> JobFunction:
        _registry[kind] = function
        return function

    return register


def kinds() -> list[str]:
    return sorted(_registry)


def request(
    *, kind: str, park_id: int, dedupe_key: str, by: Actor, args: dict[str, Any] | None = None
) -> Job:
    """Ask for a job; while one of the same key is queued or running, that one is returned."""
    if kind not in _registry:
        raise LookupError(f"No job is registered as {kind}.")
    wanted = Job(
        kind=kind, park_id=park_id, dedupe_key=dedupe_key, args=args or {}, requested_by_id=by.account_id,
        actor=by.as_dict(), code_version=settings.CODE_VERSION,
    )  # fmt: skip
    alive = Job.objects.filter(kind=kind, dedupe_key=dedupe_key, state__in=["queued", "running"])
    row = None
    with transaction.atomic():
        while row is None:  # the one that was in the way may end before it is read
            Job.objects.bulk_create([wanted], ignore_conflicts=True)
            row = alive.first()
        number = row.pk
        transaction.on_commit(lambda: ring(number), robust=True)
    return row


def ring(job_id: int) -> None:
    """Tell the workers that a job waits; failing to is harmless, the sweeper rings again."""
    job_waiting.send_robust(sender=Job, job_id=job_id)


@dataclass(slots=True)
class JobHandle:
    """What a job function gets: its arguments, who asked, and the way to report progress."""

    id: int
    park_id: int
    fence: int
    args: dict[str, Any]
    actor: Actor
    lost: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def report(self, done: int, total: int, message: str = "") -> None:
        """Show progress at once (own transaction). Raises LeaseLost or JobCancelled when the work must stop."""
        self.check()
        asked_to_stop = _side_channel(
            self.park_id,
            "UPDATE parks_job SET done = %s, total = %s, message = %s WHERE id = %s AND fence = %s RETURNING cancel_requested",
            [done, total, message[:200], self.id, self.fence],
        )
        if asked_to_stop:
            self.cancelled.set()
            self.check()

    def check(self) -> None:
        """Raise when another worker has the job or somebody asked to stop."""
        if self.lost.is_set():
            raise LeaseLost(f"job {self.id} fence {self.fence}")
        if self.cancelled.is_set():
            raise JobCancelled(f"job {self.id}")

    def guard(self) -> None:
        """Lock the job's row in the current transaction and make sure that it is still ours.

        Call it in the transaction that makes a result current: then two workers can never both do it, and a job that
        somebody asked to stop before has no effect. Raises LeaseLost or JobCancelled.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT cancel_requested FROM parks_job WHERE id = %s AND fence = %s AND state = 'running' FOR UPDATE",
                [self.id, self.fence],
            )
            row = cursor.fetchone()
        if row is None:
            raise LeaseLost(f"job {self.id} fence {self.fence}")
        if row[0]:
            raise JobCancelled(f"job {self.id}")


def run(job_id: int) -> None:
    """Take a job and do it; nothing to do when another worker has it.

    The worker role calls it outside any scope, other roles inside the job's park.
    """
    taken = _take(job_id)
    if taken is None:
        log.info("job.nothing_to_do", job_id=job_id)
        return
    handle, kind = taken
    log.info("job.started", job_id=job_id, kind=kind, fence=handle.fence)
    try:
        with _kept_lease(handle):
            result = _registry[kind](handle)
        _finish(handle, state="succeeded", result=result)
    except LeaseLost:
        log.warning("job.lease_lost", job_id=job_id, fence=handle.fence)
    except (OperationalError, InterfaceError):
        # The database went away or gave up on us: the lease runs out and the sweeper rings again.
        log.exception("job.interrupted", job_id=job_id, fence=handle.fence)
        connection.close()
    except JobCancelled:
        _finish(handle, state="cancelled", error=_("已按要求停止。"))
    except Problem as problem:
        _finish(handle, state="failed", error=str(problem.message))
    except Exception as error:
        log.exception("job.failed", job_id=job_id, kind=kind)
        _finish(
            handle,
            state="failed",
            error=_("处理时出现意外错误，可以重试。编号：%(id)s") % {"id": job_id},
            detail=repr(error),
        )


def _take(job_id: int) -> tuple[JobHandle, str] | None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE parks_job SET state = 'running', fence = fence + 1, attempts = attempts + 1,
                   lease_until = clock_timestamp() + make_interval(secs => %s), started_at = coalesce(started_at, clock_timestamp())
             WHERE id = %s AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
               AND attempts < %s
         RETURNING id, park_id, fence, args, actor, kind
            """,
            [LEASE.total_seconds(), job_id, MAX_ATTEMPTS],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    args, actor = (value if isinstance(value, dict) else _json(value) for value in row[3:5])
    return JobHandle(row[0], row[1], row[2], args, Actor.from_dict(actor)), row[5]


def _json(text: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(text)
    return value


def _finish(
    handle: JobHandle, *, state: str, result: dict[str, Any] | None = None, error: str = "", detail: str = ""
) -> None:
    with transaction.atomic(), park_scope(handle.park_id):
        updated = Job.objects.filter(pk=handle.id, fence=handle.fence, state="running").update(
            state=state,
            result=result or {"detail": detail} if detail else result or {},
            error=error,
            lease_until=None,
            finished_at=models.functions.Now(),
        )
    if updated:
        log.info("job.finished", job_id=handle.id, state=state)


@contextmanager
def _kept_lease(handle: JobHandle) -> Iterator[None]:
    stop = threading.Event()
    keeper = threading.Thread(target=_renew, args=(handle, stop), name=f"lease-{handle.id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _renew(handle: JobHandle, stop: threading.Event) -> None:
    try:
        while not stop.wait(RENEW_SECONDS):
            with transaction.atomic(), connection.cursor() as cursor:
                set_local("app.park_id", str(handle.park_id))
                cursor.execute(
                    "UPDATE parks_job SET lease_until = clock_timestamp() + make_interval(secs => %s) "
                    "WHERE id = %s AND fence = %s AND state = 'running' RETURNING cancel_requested",
                    [LEASE.total_seconds(), handle.id, handle.fence],
                )
                row = cursor.fetchone()
            if row is None:
                handle.lost.set()
                return
            if row[0]:
                handle.cancelled.set()
    except Exception:
        log.exception("job.lease_not_renewed", job_id=handle.id)
        handle.lost.set()
    finally:
        connection.close()


def _side_channel(park_id: int, sql: str, params: list[Any]) -> Any:
    """Run one statement on a connection of its own, so that it shows although a transaction is open; what it returns."""
    found: list[Any] = []

    def work() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                set_local("app.park_id", str(park_id))
                set_local("lock_timeout", SHOWN_WITHIN)
                cursor.execute(sql, params)
                found.extend(cursor.fetchone() or ())
        except OperationalError:
            log.warning("job.progress_not_shown", exc_info=True)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0] if found else None


def sweep() -> int:
    """Ring for jobs that wait too long or whose worker is gone; give up on those tried too often."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE parks_job SET state = 'failed', finished_at = clock_timestamp(), lease_until = NULL, error = %s
             WHERE state = 'running' AND lease_until < clock_timestamp() AND attempts >= %s
            """,
            [_("多次中断后已停止，可以重试。"), MAX_ATTEMPTS],
        )
        cursor.execute(
            """
            UPDATE parks_job SET rung_at = clock_timestamp()
             WHERE (state = 'queued' AND coalesce(rung_at, created_at) < clock_timestamp() - interval '5 seconds')
                OR (state = 'running' AND lease_until < clock_timestamp())
         RETURNING id
            """
        )
        ids = [job_id for (job_id,) in cursor.fetchall()]
    for job_id in ids:
        ring(job_id)
    return len(ids)


def cancel(*, job_id: int, by: Actor) -> None:
    """Ask a job to stop; a queued one stops at once, one that is over stays as it is."""
    with transaction.atomic():
        row = Job.objects.select_for_update().get(pk=job_id)
        if row.is_over:
            return
        row.cancel_requested = True
        if row.state == Job.State.QUEUED:
            row.state, row.finished_at = Job.State.CANCELLED, models.functions.Now()
        row.save(update_fields=["cancel_requested", "state", "finished_at"])
        audit.record(by=by, action="job.cancelled", obj=row, after={"kind": row.kind})


def retry(*, job_id: int, by: Actor) -> Job:
    """Ask again for a job that failed or was cancelled; it is done for whoever asked first. Raises Conflict for others."""
    row = Job.objects.get(pk=job_id)
    if row.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise Conflict(code="job_not_over", message=_("只有失败或已取消的任务可以重试。"))
    with transaction.atomic():
        again = request(
            kind=row.kind, park_id=by.park_id, dedupe_key=row.dedupe_key, args=row.args, by=Actor.from_dict(row.actor)
        )  # fmt: skip
        audit.record(by=by, action="job.retried", obj=again, after={"kind": row.kind, "job": row.pk})
    return again

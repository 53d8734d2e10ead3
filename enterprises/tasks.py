"""Jobs of this room."""

from __future__ import annotations

import logging
from typing import Any

from celery import shared_task

from parks.actors import Actor
from parks.jobs import JobHandle, LeaseLost, job
from parks.models import Park
from parks.scope import park_scope

from .queries import batches, cycles
from .services import cycles as cycle_services
from .services import deadlines, departments, expiring, library

logger = logging.getLogger(__name__)
AT_ONCE = 50


@job(cycle_services.PREPARE)
def prepare_cycle(job: JobHandle) -> dict[str, Any]:
    """Give every certified enterprise its declaration, a few hundred at a time; may run twice."""
    with park_scope(job.park_id):
        cycle = cycles.get(job.args["cycle"])
        waiting = cycles.without_declaration(cycle)
    made = 0
    for start in range(0, len(waiting), 500):
        with park_scope(job.park_id):
            part = cycles.enterprises(waiting[start : start + 500])
            made += cycle_services.prepare_declarations(by=job.actor, cycle=cycle, enterprises=part)
        job.report(start + len(part), len(waiting))
    return {"declarations": made}


@job(departments.CHECK)
def check_batch(job: JobHandle) -> dict[str, Any]:
    """Check a large file of department data, row by row."""
    try:
        with park_scope(job.park_id):
            batch = batches.get(job.args["batch"])
            done = departments.check_batch(by=job.actor, batch=batch, report=job.report)
            job.guard()
            return done
    except LeaseLost:
        raise
    except Exception:
        with park_scope(job.park_id):
            departments.fail(batch=batches.get(job.args["batch"]))
        raise


@job(departments.APPLY)
def apply_batch(job: JobHandle) -> dict[str, Any]:
    """Write a checked batch of department data in one transaction."""
    with park_scope(job.park_id):
        batch = batches.get(job.args["batch"])
        done = departments.apply(by=job.actor, batch=batch, report=job.report)
        job.guard()
        return done


@shared_task(name="enterprises.clean_files", ignore_result=True)
def clean_files() -> None:
    """Scan uploads that wait for the scanner; remove stored bytes that nothing names."""
    library.clean_up()


def _remind_of_letters(park: Park) -> None:
    try:
        with park_scope(park.pk):
            expiring.remind(by=Actor.system(park))
    except Exception:
        logger.exception("letters of authority that end were not told of in %s", park.code)


@shared_task(name="enterprises.watch_deadlines", ignore_result=True)
def watch_deadlines() -> None:
    """Reminders, notices and closing in every park; safe to run at any time and twice.

    A few declarations a transaction: the audit chain of a park is not held while thousands are written.
    """
    for park in Park.objects.order_by("pk"):
        _remind_of_letters(park)
        with park_scope(park.pk):
            numbers = deadlines.due()
        for start in range(0, len(numbers), AT_ONCE):
            try:
                with park_scope(park.pk):
                    deadlines.watch(by=Actor.system(park), numbers=numbers[start : start + AT_ONCE])
            except Exception:
                logger.exception("the clock failed in %s", park.code)

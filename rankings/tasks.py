"""Jobs of this room, done by the worker: it alone has the signing key."""

from __future__ import annotations

from typing import Any

import structlog
from celery import shared_task

from innovscore.core.problems import Problem
from parks.actors import Actor
from parks.jobs import JobHandle, job
from parks.models import Park
from parks.scope import park_scope

from .services import certificates, releases
from .services.releases import CERTIFICATES

log = structlog.get_logger(__name__)


@job(CERTIFICATES)
def issue(job: JobHandle) -> dict[str, Any]:
    """Sign what is missing, then the heads of the chains. Safe to run twice."""
    with park_scope(job.park_id):
        made = certificates.issue_missing(by=job.actor)
        job.guard()
    with park_scope(job.park_id):
        witness = certificates.record_witness(by=job.actor)
    return {"certificates": made, "witness": witness["witness"]["number"]}


@shared_task(name="rankings.witness", ignore_result=True)
def witness() -> None:
    """Every day: sign the heads of every zone's chains."""
    for park in Park.objects.order_by("pk"):
        try:
            with park_scope(park.pk):
                certificates.record_witness(by=Actor.system(park))
        except Problem as problem:
            log.warning("witness.not_signed", park=park.code, code=problem.code)


@shared_task(name="rankings.settle", ignore_result=True)
def settle() -> None:
    """Put in force what is due in every zone; whoever looks at a page does the same."""
    for park in Park.objects.order_by("pk"):
        releases.settle(park)

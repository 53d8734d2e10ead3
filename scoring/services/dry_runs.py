"""Trying a scheme version on a zone too large to score while somebody waits."""

from __future__ import annotations

from typing import Any

from parks import jobs
from parks.actors import Actor
from parks.models import Job
from parks.scope import park_scope

from ..queries import dry_run


def request(*, by: Actor, version_id: int) -> Job:
    """Ask for the dry run of a version; the same figures under the same scheme are tried once at a time.

    Raises NotFound, Refused as dry_run.subject does.
    """
    tried = dry_run.subject(version_id)
    return jobs.request(
        kind=dry_run.KIND, park_id=by.park_id, dedupe_key=tried.key, by=by, args={"version": version_id}
    )


def compute(job: jobs.JobHandle) -> dict[str, Any]:
    """The job; nothing is kept but its answer."""
    with park_scope(job.park_id):
        job.report(0, 1)
        return dry_run.computed(dry_run.subject(job.args["version"]))

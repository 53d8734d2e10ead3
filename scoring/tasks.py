"""Jobs of this room."""

from __future__ import annotations

from typing import Any

from parks.jobs import JobHandle, job

from .queries import cycles
from .queries import dry_run as dry_run_queries
from .services import dry_runs, reviews, runs, snapshots


@job("scoring.compute")
def compute(job: JobHandle) -> dict[str, Any]:
    """Compute the run named in the arguments. Safe to run twice: nothing is visible before the last commit."""
    return runs.compute(job)


@job(cycles.FREEZE)
def freeze(job: JobHandle) -> dict[str, Any]:
    """Freeze a year or correct its snapshot. Safe to run twice: the snapshot is made once."""
    return snapshots.freeze(job)


@job("scoring.review")
def review(job: JobHandle) -> dict[str, Any]:
    """Summaries and rank intervals of a computed run. Safe to run twice: it is kept once."""
    return reviews.compute(job)


@job(dry_run_queries.KIND)
def dry_run(job: JobHandle) -> dict[str, Any]:
    """Who would move under a scheme version. Safe to run twice: it only answers."""
    return dry_runs.compute(job)

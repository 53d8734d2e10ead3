"""Jobs of this room."""

from __future__ import annotations

from typing import Any

from parks.jobs import JobHandle, job

from .services import runs


@job("scoring.compute")
def compute(job: JobHandle) -> dict[str, Any]:
    """Compute the run named in the arguments. Safe to run twice: nothing is visible before the last commit."""
    return runs.compute(job)

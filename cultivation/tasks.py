"""Jobs of this room."""

from __future__ import annotations

from typing import Any

from parks.jobs import JobHandle, job

from .queries import matching as matching_queries
from .services import matching


@job(matching_queries.KIND)
def match(job: JobHandle) -> dict[str, Any]:
    """All firms against all policies. Safe to run twice: one pointer says which run counts."""
    return matching.run(job)

"""Messages to many firms that are on their way."""

from __future__ import annotations

from parks.models import Job
from parks.queries import jobs

KIND = "cultivation.tell"


def job_of(url: str) -> Job | None:
    """The last job that tells firms of the page at `url`, while it is not done."""
    last = jobs.latest(KIND, args__url=url)
    return last if last and last.state != "succeeded" else None

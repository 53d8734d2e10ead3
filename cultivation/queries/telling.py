"""Messages to many firms that are on their way."""

from __future__ import annotations

from parks.models import Job

KIND = "cultivation.tell"


def job_of(url: str) -> Job | None:
    """The last job that tells firms of the page at `url`, while it is not done."""
    last = Job.objects.filter(kind=KIND, args__url=url).order_by("-pk").first()
    return last if last and last.state != "succeeded" else None

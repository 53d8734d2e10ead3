"""Jobs of the roof."""

from __future__ import annotations

from typing import Any

from django.utils import translation

from parks.jobs import JobHandle, job
from parks.models import Park
from parks.scope import park_scope

from . import yearbook


@job(yearbook.KIND)
def report(job: JobHandle) -> dict[str, Any]:
    """The year's figures in the language of who asked. Safe to run twice: it reads only."""
    with translation.override(job.args["language"]), park_scope(job.park_id):
        year = yearbook.Year.of(Park.objects.get(pk=job.park_id), job.args["year"])
        return {"sections": yearbook.dumped(yearbook.sections(year, job.report))}

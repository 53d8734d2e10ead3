from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from .. import jobs
from ..http import ParkRequest
from ..models import Job


def job(request: ParkRequest, park: str, job_id: int) -> HttpResponse:
    """Progress of a job; htmx asks for the fragment until it is over."""
    row = get_object_or_404(Job.objects.all(), pk=job_id)
    template = "components/job_progress.html" if request.htmx else "parks/job.html"
    return render(request, template, {"job": row})


def cancel(request: ParkRequest, park: str, job_id: int) -> HttpResponse:
    row = get_object_or_404(Job.objects.all(), pk=job_id)
    jobs.cancel(job_id=row.pk, by=request.actor)
    return redirect("parks:job", park=park, job_id=row.pk)


def retry(request: ParkRequest, park: str, job_id: int) -> HttpResponse:
    row = get_object_or_404(Job.objects.all(), pk=job_id)
    again = jobs.retry(job_id=row.pk, by=request.actor)
    return redirect("parks:job", park=park, job_id=again.pk)

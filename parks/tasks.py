"""The bell: Celery tasks that only carry a job's id, and the two that beat rings."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from django.dispatch import receiver

from . import jobs, notices, outbox
from .models import Job
from .signals import job_waiting


@shared_task(name="parks.run_job", acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def run_job(*, job_id: int) -> None:
    jobs.run(job_id)


@shared_task(name="parks.sweep_jobs", ignore_result=True)
def sweep_jobs() -> None:
    jobs.sweep()


@shared_task(name="parks.deliver_outbox", ignore_result=True)
def deliver_outbox() -> None:
    outbox.deliver_due()


@shared_task(name="parks.send_digests", ignore_result=True)
def send_digests() -> None:
    notices.send_digests()


@receiver(job_waiting, dispatch_uid="parks.ring")
def ring_worker(sender: type[Job], job_id: int, **_: Any) -> None:
    run_job.apply_async(kwargs={"job_id": job_id}, retry=False)


@jobs.job("parks.self_test")
def self_test(job: jobs.JobHandle) -> dict[str, Any]:
    """Shows that jobs run: `steps` steps of `wait` seconds each. Asked for by operators and by tests."""
    steps = int(job.args.get("steps", 1))
    for step in range(steps):
        job.report(step + 1, steps)
        job.lost.wait(float(job.args.get("wait", 0)))
    return {"steps": steps}

"""`manage.py score --park CODE --year Y`: the same job that the button in the browser asks for."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from innovscore.core.problems import Problem
from parks import jobs
from parks.actors import Actor
from parks.models import Job, Park
from parks.scope import park_scope

from ...queries import cycles
from ...queries.results import get_run
from ...services import runs

POLL_SECONDS = 0.5


class Command(BaseCommand):
    help = "Compute the scores of a frozen cycle and print the run hash."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True, help="code of the park, e.g. cq")
        parser.add_argument("--year", required=True, type=int, help="evaluation year")
        parser.add_argument(
            "--scheme", help="another scheme version of the park (a comparison; does not become current)"
        )
        parser.add_argument(
            "--timeout", type=float, default=120, help="seconds to wait for a worker (default 120)"
        )
        parser.add_argument("--no-wait", action="store_true", help="ask for the job and return at once")
        parser.add_argument(
            "--here", action="store_true", help="do the job in this process, without a worker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(
                f"There is no park {options['park']!r}. Parks: {', '.join(Park.objects.values_list('code', flat=True))}"
            )
        try:
            run_id, job_id = self._request(park, options)
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        if options["here"]:
            jobs.run(job_id)
        if not options["no_wait"]:
            self._wait(park, job_id, options["timeout"])
            self._print(park, run_id)

    def _request(self, park: Park, options: dict[str, Any]) -> tuple[int, int]:
        with park_scope(park.pk):
            cycle = cycles.get_cycle(options["year"])
            version = cycles.scheme_version(options["scheme"]) if options["scheme"] else None
            run = runs.request_run(by=Actor.system(park), cycle=cycle, scheme_version=version)
            return run.pk, int(run.job_id or 0)

    def _wait(self, park: Park, job_id: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        seen = ""
        while time.monotonic() < deadline:
            with park_scope(park.pk):
                job = Job.objects.get(pk=job_id)
            if job.is_over:
                if job.state != Job.State.SUCCEEDED:
                    raise CommandError(f"Job {job_id}: {job.get_state_display()}. {job.error}")
                return
            if job.message != seen:
                seen = job.message
                self.stderr.write(f"{job.percent:3d} % {seen}")
            time.sleep(POLL_SECONDS)
        if job.state == Job.State.QUEUED:
            raise CommandError(
                f"No worker took job {job_id} in {timeout:.0f} s. Start one (`make run`, or `celery -A innovscore.celery worker "
                "--beat`); the job stays queued and will be done then. Or use --here to do it in this process."
            )
        raise CommandError(
            f"Job {job_id} still runs after {timeout:.0f} s; it goes on. Look again later or raise --timeout."
        )

    def _print(self, park: Park, run_id: int) -> None:
        with park_scope(park.pk):
            run = get_run(run_id)
            self.stdout.write(
                f"run {run.pk}: {run.rows} enterprises, scheme {run.scheme_version}, engine {run.engine_version}"
            )
            self.stdout.write(f"snapshot {run.snapshot_root}")
            self.stdout.write(f"results  {run.result_root}")
            self.stdout.write(f"run_hash {run.run_hash}")

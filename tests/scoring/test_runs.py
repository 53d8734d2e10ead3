"""From frozen facts to results: exact to the last digit, reproducible, current by one pointer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from innovscore.core.problems import Conflict, Refused
from parks import jobs
from parks.models import Job
from parks.scope import park_scope
from scoring.models import CurrentRun, ScoreResult, ScoreRun, SnapshotRow
from scoring.queries import results, standing
from scoring.services import runs, snapshots
from scoring.signals import run_made_current
from tests.conftest import owner_connection
from tests.factories import scoring as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(in_park: Any, actors: Any) -> Any:
    return actors("score_officer", in_park)


def compute(run: ScoreRun) -> ScoreRun:
    """Do the run's job in this process."""
    assert run.job_id is not None
    jobs.run(run.job_id)
    job = Job.objects.get(pk=run.job_id)
    assert job.state == "succeeded", (job.error, job.result)
    return results.get_run(run.pk)


@pytest.mark.parametrize("number", range(len(make.GOLDEN)))
def test_worked_examples_come_out_of_the_database_to_the_last_digit(officer: Any, number: int) -> None:
    make.snapshot(officer)
    run = compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
    example = make.GOLDEN[number]
    row = ScoreResult.objects.get(run=run, uscc=make.uscc(1 + number))
    assert row.stage == example["stage"]
    assert str(row.total) == example["total"]
    found = {code: f"{Decimal(s).scaleb(-4):.4f}" for code, s in zip(run.indicators, row.normalised, strict=True)}
    assert found == example["normalised"]
    assert sum(row.points) == sum(row.dimensions)

"""All firms of a park against all policies in one job: stored by run, current by one pointer, told once."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.urls import reverse

from cultivation.models import Claim, CurrentMatch, Match, MatchRun, PolicyPush
from cultivation.queries import matching as queries
from cultivation.queries.telling import KIND as TELL
from cultivation.services import claims, matching
from parks import jobs
from parks.models import Job, Notification
from parks.scope import park_scope
from tests.conftest import ROOT, owner_connection, wait_until
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    office.release()
    make.firm(in_park, 1)
    make.firm(in_park, 2, rd_expense=1_000_000, rd_expense_prev=900_000)
    return office


def run(office: make.Office) -> Job:
    job = matching.request(by=office["officer"])
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_a_run_finds_who_is_eligible_and_who_is_nearly(office: make.Office) -> None:
    assert run(office).state == "succeeded"
    rows = {row.enterprise.name: row for row in queries.matches(queries.current())}
    assert rows["示例企业1"].amount == 148_000
    assert rows["示例企业2"].gap == {
        "text": "研发费用占营业收入3%以上", "gap": "差 1.84%", "figures": [["研发费用占营业收入比重", "1.16%"]],
    }  # fmt: skip
    (one,) = queries.counts(queries.current())
    assert (one.eligible, one.near, one.unknown, one.not_eligible, one.total) == (1, 1, 0, 0, 148_000)


def test_a_run_that_lost_its_lease_changes_nothing_and_the_next_one_does(
    office: make.Office, monkeypatch: Any
) -> None:
    """kill -9 in the middle: the worker that takes over writes a run of its own, one pointer is moved once."""
    job = matching.request(by=office["officer"])

    def lost(handle: jobs.JobHandle) -> None:
        raise jobs.LeaseLost("taken over")

    with monkeypatch.context() as patch:
        patch.setattr(jobs.JobHandle, "guard", lost)
        jobs.run(job.pk)
    assert not CurrentMatch.objects.exists() and not Match.objects.exists()
    Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    jobs.run(job.pk)
    assert MatchRun.objects.count() == 1 and CurrentMatch.objects.get().run == MatchRun.objects.get()


WORKER = "import django; django.setup(); import sys; from parks import jobs; jobs.run(int(sys.argv[1]))"


def worker(job: Job) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "innovscore.settings",
        "INNOVSCORE_PROCESS": "worker",
    }
    return subprocess.Popen([sys.executable, "-c", WORKER, str(job.pk)], cwd=ROOT, env=environment)


def found(park: Any) -> list[tuple[Any, ...]]:
    with park_scope(park.pk):
        rows = queries.matches(queries.current()).order_by("pk")
        return list(rows.values_list("version_id", "enterprise_id", "is_eligible", "amount", "gap"))


def test_kill_9_in_the_middle_of_writing_and_the_next_worker_finds_the_same(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        office.release()
        for number in range(1, 31):
            make.firm(park, number, rd_expense=1_000_000 + number * 200_000)
        run(office)
    before = found(park)
    with park_scope(park.pk):
        job = matching.request(by=office["officer"])
    with owner_connection() as owner, owner.cursor() as cursor:
        owner.autocommit = False
        cursor.execute("LOCK TABLE cultivation_match IN EXCLUSIVE MODE")
        victim = worker(job)
        wait_until(lambda: state(park, job) == ("running", 2))
        victim.kill()
        victim.wait()
        owner.rollback()
    assert found(park) == before
    with park_scope(park.pk):
        Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    assert worker(job).wait() == 0
    assert state(park, job)[0] == "succeeded"
    with park_scope(park.pk):
        assert queries.current().job == job.pk and MatchRun.objects.count() == 2
    assert len(before) > 20 and found(park) == before


def test_kill_9_while_drafts_are_written_leaves_none_and_the_next_worker_writes_each_once(
    live_db: None, park: Any
) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        version = office.release()
        for number in range(1, 4):
            make.firm(park, number)
        job = claims.prepare(by=office["officer"], version_id=version.pk)
        assert claims.prepare(by=office["officer"], version_id=version.pk) == job  # pressed twice
    with owner_connection() as owner, owner.cursor() as cursor:
        owner.autocommit = False
        cursor.execute("LOCK TABLE cultivation_claim IN EXCLUSIVE MODE")
        victim = worker(job)
        wait_until(lambda: state(park, job) == ("running", 3))
        victim.kill()
        victim.wait()
        owner.rollback()
    with park_scope(park.pk):
        assert not Claim.objects.exists() and not Job.objects.filter(kind=TELL).exists()
        Job.objects.filter(pk=job.pk).update(lease_until="2020-01-01T00:00:00Z")
    assert worker(job).wait() == 0
    with park_scope(park.pk):
        assert Claim.objects.count() == 3 and Job.objects.filter(kind=TELL).count() == 1


def state(park: Any, job: Job) -> tuple[str, int]:
    with park_scope(park.pk):
        return Job.objects.values_list("state", "done").get(pk=job.pk)


def test_firms_are_told_once_per_version(office: make.Office) -> None:
    run(office)
    version, claimed = queries.counts(queries.current())[0].version, make.firm(office.park, 3)
    make.filed(claimed, version)
    run(office)
    assert matching.push(by=office["officer"], version_id=version.pk) == 2
    assert matching.push(by=office["officer"], version_id=version.pk) == 0
    make.told()
    assert (
        Notification.objects.filter(url__contains="/e/policies/").count() == 2 == PolicyPush.objects.count()
    )


def test_the_page_lists_and_exports(office: make.Office) -> None:
    run(office)
    client = people.client_for(office["reviewer"])
    address = reverse("cultivation:matching", kwargs={"park": "cq"})
    assert "示例企业2" in client.get(address, {"eligible": "False"}).content.decode()
    assert "示例企业1" not in client.get(address, {"eligible": "False"}).content.decode()
    assert client.get(address, {"export": "csv"}).content.decode("utf-8-sig").count("\n") == 3

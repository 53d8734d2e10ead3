"""From frozen facts to results: exact to the last digit, reproducible, current by one pointer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from innovscore.core import digest
from innovscore.core.problems import Conflict, Refused
from parks import jobs
from parks.models import Job
from parks.scope import park_scope
from scoring import engine
from scoring.models import CurrentRun, ScoreResult, ScoreRun, Snapshot, SnapshotRow
from scoring.queries import facts, results, standing
from scoring.queries.proofs import snapshot_proof
from scoring.queries.schemes import scheme_of
from scoring.services import runs, snapshots
from scoring.signals import run_made_current
from tests.conftest import owner_connection, wait_until
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
    found = {
        code: f"{Decimal(s).scaleb(-4):.4f}" for code, s in zip(run.indicators, row.normalised, strict=True)
    }
    assert found == example["normalised"]
    assert sum(row.points) == sum(row.dimensions)


def test_the_pointer_names_one_run_and_says_so_below(officer: Any) -> None:
    told: list[Any] = []
    run_made_current.connect(
        lambda **facts: told.append((facts["run"].pk, facts["previous"])), weak=False, dispatch_uid="t"
    )
    make.snapshot(officer)
    try:
        run = compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
    finally:
        run_made_current.disconnect(dispatch_uid="t")
    assert CurrentRun.objects.get().run_id == run.pk
    assert told == [(run.pk, None)]
    assert standing.current_run(run.cycle_id) == run


def test_computing_again_gives_the_same_hash_and_no_second_results(officer: Any) -> None:
    make.snapshot(officer)
    cycle = make.Cycle.objects.get()
    first = compute(runs.request_run(by=officer, cycle=cycle))
    rows = ScoreResult.objects.count()
    again = compute(runs.request_run(by=officer, cycle=cycle))
    assert (again.pk, again.run_hash) == (first.pk, first.run_hash)
    assert ScoreResult.objects.count() == rows == first.rows


def test_the_hash_depends_on_neither_row_order_nor_ids(officer: Any) -> None:
    cases = make.golden_cases(scale=3)

    def run_hash(ordered: list[make.Case]) -> str:
        """Of the year frozen and computed, which is then as if it had never been; the rows' ids go on."""
        with transaction.atomic():
            snapshot = make.snapshot(officer, 2025, ordered)
            found = compute(runs.request_run(by=officer, cycle=snapshot.cycle)).run_hash
            transaction.set_rollback(True)
        return found

    assert run_hash(cases) == run_hash(cases[::-1])


def test_another_scheme_version_is_a_comparison_and_does_not_become_current(officer: Any) -> None:
    make.snapshot(officer)
    cycle = make.Cycle.objects.get()
    current = compute(runs.request_run(by=officer, cycle=cycle))
    body = {**dict(make._scheme.body), "version": "2022.1"}
    other = compute(
        runs.request_run(by=officer, cycle=cycle, scheme_version=make.scheme_version(body, "2022.1"))
    )
    assert other.pk != current.pk
    assert other.run_hash != current.run_hash
    assert CurrentRun.objects.get().run_id == current.pk


def test_a_correction_is_a_new_snapshot_whose_run_takes_over(officer: Any) -> None:
    cases = make.golden_cases()
    old = make.snapshot(officer, cases=cases)
    cycle = make.Cycle.objects.get()
    first = compute(runs.request_run(by=officer, cycle=cycle))
    cases[0].values["tax_paid_total"].amount = Decimal(500_000)
    new = snapshots.store(by=officer, cycle=cycle, cases=cases, corrects=old, reason="复核决定 1 号")
    assert CurrentRun.objects.get().run_id == first.pk
    second = compute(runs.request_run(by=officer, cycle=cycle))
    assert (second.snapshot_id, CurrentRun.objects.get().run_id) == (new.pk, second.pk)
    assert second.run_hash != first.run_hash
    assert ScoreResult.objects.filter(run=first).count() == len(cases)


def test_a_cycle_that_is_not_frozen_cannot_be_computed(officer: Any) -> None:
    with pytest.raises(Conflict) as caught:
        runs.request_run(by=officer, cycle=make.cycle())
    assert caught.value.code == "not_frozen"


def test_nothing_verified_cannot_be_frozen(officer: Any) -> None:
    with pytest.raises(Refused) as caught:
        make.snapshot(officer, cases=[])
    assert caught.value.code == "nothing_verified"


def declared(cycle: Any, firm: Any, inputs: dict[str, Any], state: str = "verified") -> Any:
    """A declaration of golden inputs, as the verification leaves it."""
    declaration = cycle.declarations.create(enterprise=firm, state=state)
    for code, value in make.values_of(inputs).items():
        declaration.values.create(
            code=code,
            state="verified",
            verified_amount=value.amount,
            verified_entries=value.entries,
            source=value.source,
        )
    return declaration


def test_freezing_copies_verified_declarations_and_locks_the_cycle(officer: Any) -> None:
    cycle = make.cycle()
    for number, example in enumerate(make.GOLDEN, start=1):
        declared(cycle, make.enterprise(number), example["inputs"])
    declared(cycle, make.enterprise(99), make.GOLDEN[0]["inputs"], state="submitted")
    snapshot = snapshots.freeze_cycle(by=officer, cycle=cycle)
    assert (snapshot.rows, snapshot.excluded) == (len(make.GOLDEN), {"submitted": 1})
    run = compute(runs.request_run(by=officer, cycle=cycle))
    totals = list(ScoreResult.objects.filter(run=run).order_by("uscc").values_list("total", flat=True))
    assert [str(total) for total in totals] == [example["total"] for example in make.GOLDEN]
    cycle.refresh_from_db()
    assert cycle.state == "frozen"
    with pytest.raises(Conflict):
        snapshots.freeze_cycle(by=officer, cycle=cycle)


def asked(officer: Any, cycle: Any, reason: str | None = None) -> Job:
    """A freeze that was asked for, as a worker has it; no worker of another test takes it."""
    with transaction.atomic():
        job = snapshots.request(by=officer, cycle=cycle, reason=reason)
        Job.objects.filter(pk=job.pk).update(state="running", fence=1)
    return job


def handle_of(job: Job, officer: Any, fence: int = 1) -> jobs.JobHandle:
    return jobs.JobHandle(id=job.pk, park_id=officer.park_id, fence=fence, args=job.args, actor=officer)


def test_a_freeze_that_is_begun_again_makes_no_second_snapshot(officer: Any) -> None:
    """The worker may die between the commit and the note that the job is done."""
    cycle = make.cycle()
    for number, example in enumerate(make.GOLDEN, start=1):
        declared(cycle, make.enterprise(number), example["inputs"])
    for reason in (None, "企业补充审计报告"):
        job = asked(officer, cycle, reason)
        first, again = (snapshots.freeze(handle_of(job, officer)) for _attempt in range(2))
        assert first == again == {"snapshot": Snapshot.objects.latest("pk").pk, "rows": len(make.GOLDEN)}
        Job.objects.filter(pk=job.pk).update(state="succeeded")
    assert Snapshot.objects.count() == 2
    assert Snapshot.objects.latest("pk").reason == "企业补充审计报告"


def test_a_worker_that_lost_the_freeze_leaves_nothing(officer: Any) -> None:
    cycle = make.cycle()
    declared(cycle, make.enterprise(1), make.GOLDEN[0]["inputs"])
    job = asked(officer, cycle)
    with pytest.raises(jobs.LeaseLost), transaction.atomic():
        snapshots.freeze(handle_of(job, officer, fence=0))
    cycle.refresh_from_db()
    assert (cycle.state, Snapshot.objects.count()) == ("open", 0)


def test_what_bars_a_freeze_is_told_when_it_is_asked_for(officer: Any) -> None:
    cycle = make.cycle()
    with pytest.raises(Refused, match="nothing_verified"):
        snapshots.request(by=officer, cycle=cycle)
    with pytest.raises(Conflict, match="not_frozen"):
        snapshots.request(by=officer, cycle=cycle, reason="更正")


def test_an_unconfirmed_prefilled_value_stands_as_prefilled(officer: Any) -> None:
    cycle = make.cycle()
    declaration = declared(cycle, make.enterprise(1), make.GOLDEN[1]["inputs"])
    declaration.values.filter(code="tax_paid_total").update(
        state="prefilled", verified_amount=None, prefilled_amount=4_300_000
    )
    declaration.values.filter(code="pct_applications").update(state="zero_confirmed", verified_amount=None)
    declaration.values.filter(code="awards").update(state="missing", verified_entries=None)
    snapshot = snapshots.freeze_cycle(by=officer, cycle=cycle)
    row = SnapshotRow.objects.get(snapshot=snapshot)
    letters = dict(zip(snapshot.inputs, row.states, strict=True))
    assert (letters["tax_paid_total"], letters["pct_applications"], letters["awards"]) == ("p", "z", "m")
    assert row.facts[snapshot.columns.index("tax_paid_total")] == 430_000_000


def test_frozen_facts_refuse_change_from_the_application(officer: Any) -> None:
    make.snapshot(officer)
    for change in (
        "UPDATE scoring_snapshotrow SET states = ''",
        "DELETE FROM scoring_snapshotrow",
        "UPDATE scoring_snapshot SET root = ''",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def over(park: Any, job_id: int | None) -> Job | None:
    """The job when it is over."""
    with park_scope(park.pk):
        job = Job.objects.get(pk=job_id)
    return job if job.is_over else None


def test_frozen_facts_and_results_refuse_change_from_their_owner(
    live_db: None, park: Any, actors: Any, celery_worker: Any
) -> None:
    with park_scope(park.pk):
        by = actors("score_officer", park)
        make.snapshot(by)
        run = runs.request_run(by=by, cycle=make.Cycle.objects.get())
    wait_until(lambda: over(park, run.job_id))
    tables = ("scoring_snapshot", "scoring_snapshotrow", "scoring_scoreresult")
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {table}")  # our own table names
            assert cursor.fetchone()[0] > 0
            for change in (f"UPDATE {table} SET park_id = park_id", f"DELETE FROM {table}"):  # as above
                with pytest.raises(Exception, match="append-only"):
                    cursor.execute(change)


def test_changed_facts_stop_the_run(live_db: None, park: Any, actors: Any, celery_worker: Any) -> None:
    """Somebody with the database's keys changed a frozen figure: the run says so and gives no result."""
    with park_scope(park.pk):
        by = actors("score_officer", park)
        make.snapshot(by)
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        cursor.execute("ALTER TABLE scoring_snapshotrow DISABLE TRIGGER append_only")
        cursor.execute("UPDATE scoring_snapshotrow SET facts[1] = facts[1] + 1")
        cursor.execute("ALTER TABLE scoring_snapshotrow ENABLE TRIGGER append_only")
    with park_scope(park.pk):
        run = runs.request_run(by=by, cycle=make.Cycle.objects.get())
    job = wait_until(lambda: over(park, run.job_id))
    with park_scope(park.pk):
        assert job.state == "failed"
        assert "摘要不符" in job.error
        assert ScoreResult.objects.count() == CurrentRun.objects.count() == 0


def test_a_snapshot_of_the_first_format_is_proved_as_it_was_frozen(officer: Any) -> None:
    """Before snapshots were sealed: the root is over the facts alone, and runs and proofs stand on it."""
    sealed = make.snapshot(officer)
    scheme = scheme_of(sealed.scheme_version)
    root = engine.snapshot_root(facts.read(sealed, scheme).frozen)
    old = Snapshot.objects.create(
        cycle=sealed.cycle, scheme_version=sealed.scheme_version, columns=sealed.columns, inputs=sealed.inputs, rows=sealed.rows,
        root=root, corrects=sealed, reason="旧格式",
    )  # fmt: skip
    for row in SnapshotRow.objects.filter(snapshot=sealed):
        SnapshotRow.objects.create(
            snapshot=old, enterprise_id=row.enterprise_id, uscc=row.uscc, facts=row.facts, states=row.states,
            provenance='{"revenue": {"verifier": "赵审"}}',
        )  # fmt: skip
    assert facts.read(old, scheme).root == root != sealed.root
    assert facts.untrue_rows(old) == []
    run = compute(runs.request_run(by=officer, cycle=sealed.cycle))
    assert (run.snapshot_id, run.snapshot_root) == (old.pk, root)
    uscc = SnapshotRow.objects.filter(snapshot=old).values_list("uscc", flat=True)[0]
    found = snapshot_proof(old.pk, uscc)
    assert found is not None and digest.verify(found.leaf, found.path, root)


def test_no_name_of_a_person_is_frozen(officer: Any) -> None:
    make.snapshot(officer)
    said = json.loads(SnapshotRow.objects.first().provenance)["revenue"]
    assert said == {"as_of": "2026-03-31", "source": "tax", "verifier": 7, "version": 1}


def test_facts_of_another_park_are_not_there(officer: Any, other_park: Any) -> None:
    make.snapshot(officer)
    assert SnapshotRow.everywhere.count() == len(make.GOLDEN)
    connection.cursor().execute("SELECT set_config('app.park_id', %s, true)", [str(other_park.pk)])
    assert SnapshotRow.everywhere.count() == 0


def test_standing_tells_place_percentile_and_hash(officer: Any) -> None:
    make.snapshot(officer, cases=make.golden_cases(scale=4))
    run = compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
    row = ScoreResult.objects.get(uscc=make.uscc(2))
    found = standing.standing_of(row.enterprise_id)
    assert found is not None
    assert (found.total, found.stage, found.run_hash, found.cycle_year) == (
        Decimal("59.03"),
        "growth",
        run.run_hash,
        2025,
    )
    assert found.percentile == Decimal(50)
    assert found.stage_ranked == sum(example["stage"] == "growth" for example in make.GOLDEN) * 4
    assert abs(sum(found.dimensions.values()) - found.total) < Decimal("0.03")
    assert standing.standing_of(row.enterprise_id, 2024) is None


def test_board_rows_share_places_and_keep_a_total_order(officer: Any) -> None:
    make.snapshot(officer, cases=make.golden_cases(scale=2))
    run = compute(runs.request_run(by=officer, cycle=make.Cycle.objects.get()))
    rows = standing.board_rows(run, "high_quality")
    assert rows
    assert [row.position for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0].place == rows[1].place == 1
    assert rows[0].tied
    assert [row.score for row in rows] == sorted((row.score for row in rows), reverse=True)
    with pytest.raises(LookupError):
        standing.board_rows(run, "no_such_board")

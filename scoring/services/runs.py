"""Score runs: asked for by a person, computed by a job, made current by one pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from innovscore.core.problems import Conflict
from parks import audit, bulk, jobs, pgcopy
from parks.actors import Actor
from parks.clock import db_now
from parks.scope import park_scope
from scoring import engine

from ..models import CurrentRun, ScoreResult, ScoreRun
from ..queries import facts as frozen
from ..queries.results import latest_snapshot
from ..queries.schemes import scheme_of
from ..signals import run_made_current, run_unpublished
from ..statistics import Table, statistics
from . import anomalies, reviews

KIND = "scoring.compute"
STEPS = 4


def request_run(*, by: Actor, cycle: Any, scheme_version: Any = None) -> ScoreRun:
    """Ask for the computation of a cycle's snapshot under its scheme, or under another version for comparison.

    There is one run a (snapshot, scheme version, engine version): asking again computes it again and checks that
    every digit is the same. Raises Conflict while the cycle is not frozen.
    """
    with transaction.atomic():
        snapshot = latest_snapshot(cycle.pk)
        if snapshot is None:
            raise Conflict(
                code="not_frozen",
                message=_("%(year)s 年度还没有冻结，不能计算。请先冻结数据。") % {"year": cycle.year},
            )
        version = scheme_version or cycle.scheme_version
        run, _created = ScoreRun.objects.get_or_create(
            snapshot=snapshot,
            scheme_version=version,
            engine_version=engine.ENGINE_VERSION,
            defaults={
                "cycle": cycle,
                "snapshot_root": snapshot.root,
                "scheme_digest": version.digest,
                "requested_by_ref": by.person_id,
                "requested_by_name": by.person_name,
            },
        )
        run.job = jobs.request(
            kind=KIND, park_id=cycle.park_id, dedupe_key=f"run:{run.pk}", by=by, args={"run": run.pk}
        )
        run.save(update_fields=["job"])
        audit.record(
            by=by, action="run.requested", obj=run, after={"snapshot": snapshot.pk, "scheme": version.pk}
        )
    return run


def cancel_run(*, by: Actor, run: ScoreRun) -> None:
    """Ask a computation to stop. Nothing of it is visible before its last commit, so nothing has to be taken back.

    Raises Conflict when it is over already.
    """
    if run.job is None or run.job.is_over:
        raise Conflict(code="run_over", message=_("计算已经结束，不能停止。"))
    with transaction.atomic():
        jobs.cancel(job_id=run.job.pk, by=by)
        audit.record(by=by, action="run.cancelled", obj=run)


def make_official(*, by: Actor, run: ScoreRun) -> None:
    """The results count as final from now on (called when a board of the run is published)."""
    with transaction.atomic():
        locked = ScoreRun.objects.select_for_update().get(pk=run.pk)
        if locked.official_at is not None:
            return
        locked.official_at = db_now()
        locked.save(update_fields=["official_at"])
        audit.record(by=by, action="run.made_official", obj=locked, after={"run_hash": locked.run_hash})


def withdraw_official(*, by: Actor, run: ScoreRun, reason: str) -> None:
    """The results no longer count as final (called when the last final board of the run was withdrawn)."""
    with transaction.atomic():
        locked = ScoreRun.objects.select_for_update().get(pk=run.pk)
        if locked.official_at is None:
            return
        since, locked.official_at = locked.official_at, None
        locked.save(update_fields=["official_at"])
        run_unpublished.send(sender=ScoreRun, run=locked, reason=reason, by=by)
        audit.record(
            by=by, action="run.no_longer_official", obj=locked, before={"official_at": since}, reason=reason
        )


@dataclass(frozen=True)
class Computed:
    """What a computation gives; arrays are in the order of `rows`. The proof and the statistics are made when asked for."""

    run: ScoreRun
    scheme: engine.Scheme
    rows: frozen.FrozenRows
    scores: engine.Scores
    ranking: engine.Ranking

    @cached_property
    def result_root(self) -> str:
        return engine.result_root(self.scores)

    @cached_property
    def run_hash(self) -> str:
        """Raises Conflict when the rows are not the ones that were frozen."""
        if self.rows.root != self.run.snapshot_root:
            raise Conflict(
                code="snapshot_changed", message=_("快照内容与冻结时的摘要不符，已停止计算。请联系审计员。")
            )
        return engine.run_hash(
            self.run.snapshot_root, self.scheme.digest, engine.ENGINE_VERSION, self.result_root
        )

    @cached_property
    def statistics(self) -> dict[str, Any]:
        return _statistics(self)

    def prove(self) -> None:
        """Make what the run keeps besides its rows; needs no database."""
        _ = self.run_hash, self.statistics


def compute(job: jobs.JobHandle) -> dict[str, Any]:
    """The job: read the frozen facts, score, rank, write and switch. Everything becomes visible in one commit."""
    job.report(0, STEPS, _("读取冻结数据"))
    with park_scope(job.park_id):
        run = ScoreRun.objects.select_related("snapshot", "scheme_version", "cycle__scheme_version").get(
            pk=job.args["run"]
        )
        rows = frozen.read(run.snapshot, scheme_of(run.scheme_version))
    done = evaluate(run, rows, job)
    with park_scope(job.park_id):
        last = anomalies.last_year(run)
    job.report(3, STEPS, _("写入结果"))
    with park_scope(job.park_id):
        _keep(job, run, done, last)
    return {"run": run.pk, "run_hash": done.run_hash, "rows": len(rows.facts)}


def evaluate(run: ScoreRun, rows: frozen.FrozenRows, job: jobs.JobHandle | None = None) -> Computed:
    """Scores and places of frozen rows. Raises Conflict when the scheme is not the one of the run."""
    scheme = scheme_of(run.scheme_version)
    if scheme.digest != run.scheme_digest:
        raise Conflict(
            code="scheme_changed", message=_("指标体系的内容与其摘要不符，已停止计算。请联系审计员。")
        )
    _report(job, 1, _("计算指标"))
    scores = engine.score(rows.facts, scheme)
    _report(job, 2, _("计算名次"))
    ranking = engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    return Computed(run, scheme, rows, scores, ranking)


def _report(job: jobs.JobHandle | None, done: int, message: str) -> None:
    if job is not None:
        job.report(done, STEPS, message)


def _keep(job: jobs.JobHandle, run: ScoreRun, done: Computed, last: anomalies.LastYear | None) -> None:
    """Write the results of a run that has none, else check that they are the same; then switch the pointer.

    The job's row is locked last: progress is reported on another connection until here, and from here on nobody
    else can finish this job.
    """
    run = ScoreRun.objects.select_for_update(of=("self",)).select_related("cycle", "snapshot").get(pk=run.pk)
    if run.state == ScoreRun.State.COMPUTED:
        if run.run_hash != done.run_hash:
            raise Conflict(
                code="not_reproduced", message=_("重新计算的结果与已保存的不同，已停止。请联系审计员。")
            )
    else:
        write_results(done)
        _fill(run, done)
    job.guard()
    if _switch(run, by=job.actor):
        anomalies.record(run, last)
    reviews.request_review(by=job.actor, run=run)


def write_results(done: Computed) -> int:
    """Dense rows by binary COPY, in the order of the largest index; the server inserts while the proof is made here."""
    kinds = {name: kind for name, (kind, _values) in result_columns(done, NOBODY).items()}
    stages = ", ".join("'" + label.replace("'", "''") + "'" for label in done.scores.group_labels)
    insert = {name: f'"{name}"' for name in kinds if name != "stage_number"} | {
        "run_id": str(int(done.run.pk)),
        "stage": f"(ARRAY[{stages}]::text[])[stage_number + 1]",
        "deductions": "deductions * 0.01",
        "total": "total * 0.01",
        "completeness": "completeness * 0.01",
        "place": "nullif(place, 0)",
        "stage_place": "nullif(stage_place, 0)",
        "stage_percentile": "CASE WHEN place > 0 THEN stage_percentile END",
    }
    return bulk.copy_binary(
        ScoreResult, columns=kinds, chunks=packed(done), insert=insert, meanwhile=done.prove
    )


def packed(done: Computed) -> Iterator[bytes]:
    """The rows of the results as a binary COPY takes them."""

    def columns_of(rows: NDArray) -> list[NDArray]:
        return [values for _kind, values in result_columns(done, rows).values()]

    return pgcopy.pack(columns_of, np.argsort(done.rows.enterprise_ids))


NOBODY = np.zeros(0, dtype=np.int64)


def result_columns(done: Computed, rows: NDArray) -> dict[str, tuple[str, NDArray]]:
    """Column -> (SQL type, values) of what is written for some enterprises, by their row numbers."""
    scores, ranking = done.scores, done.ranking
    boards = [ranking.boards[board.code] for board in done.scheme.boards]

    def of_boards(name: str) -> NDArray:
        return _stack([getattr(board, name)[rows] for board in boards], len(rows))

    return {
        "enterprise_id": ("bigint", done.rows.enterprise_ids[rows]),
        "uscc": ("text", done.rows.uscc[rows]),
        "stage_number": ("smallint", scores.group[rows].astype("i2")),
        "normalised": ("smallint[]", _normalised(scores, rows).astype("i2")),
        "points": ("bigint[]", scores.points_of(rows)),
        "dimensions": ("bigint[]", scores.dimensions[rows]),
        "deductions": ("integer", scores.deductions[rows].astype("i4")),
        "total": ("integer", scores.total[rows].astype("i4")),
        "completeness": ("integer", scores.completeness[rows].astype("i4")),
        "flags": ("bigint", scores.flags[rows]),
        "place": ("integer", ranking.overall[rows].astype("i4")),
        "stage_place": ("integer", ranking.group[rows].astype("i4")),
        "stage_percentile": ("smallint", ranking.group_percentile[rows].astype("i2")),
        "board_scores": ("bigint[]", of_boards("score")),
        "board_places": ("integer[]", of_boards("place").astype("i4")),
        "board_positions": ("integer[]", of_boards("position").astype("i4")),
    }


NOT_APPLICABLE = 2  # place of "not_applicable" in the engine's cell states


def _normalised(scores: engine.Scores, rows: NDArray | slice) -> NDArray:
    """s of some enterprises in 1e-4, -1 where it does not apply."""
    return np.where(scores.cells[rows] == NOT_APPLICABLE, -1, scores.normalised[rows])


def _stack(columns: list[NDArray], rows: int) -> NDArray:
    return np.stack(columns, axis=1) if columns else np.zeros((rows, 0), dtype=np.int64)


def _fill(run: ScoreRun, done: Computed) -> None:
    scheme = done.scheme
    run.state = ScoreRun.State.COMPUTED
    run.result_root, run.run_hash, run.rows = done.result_root, done.run_hash, len(done.scores)
    run.stages = list(done.scores.group_labels)
    run.indicators = [item.code for item in scheme.indicators]
    run.dimensions = [item.code for item in scheme.dimensions]
    run.boards = [board.code for board in scheme.boards]
    run.flag_codes = _flag_codes(scheme)
    run.statistics = done.statistics
    run.computed_at = db_now()
    run.save()


def _flag_codes(scheme: engine.Scheme) -> list[str]:
    """Names by bit; empty where the engine has no flag."""
    bits = 12 + len(scheme.flag_names)
    return [next(iter(engine.flag_names(scheme, 1 << bit)), "") for bit in range(bits)]


def _statistics(done: Computed) -> dict[str, Any]:
    """What the pages show of the run as a whole."""
    scheme, scores, ranking = done.scheme, done.scores, done.ranking
    table = Table(
        stages=scores.group_labels,
        stage=scores.group,
        total=scores.total,
        ranked=ranking.overall > 0,
        normalised=_normalised(scores, slice(None)),
        dimensions=scores.dimensions / 1e14,
        dimension_codes=[item.code for item in scheme.dimensions],
        indicator_codes=[item.code for item in scheme.indicators],
        board_codes=[board.code for board in scheme.boards],
        board_places=_stack([ranking.boards[board.code].place for board in scheme.boards], len(scores)),
    )
    found = statistics(table, total_points=int(scheme.most_points))
    found["flags"] = {
        code: int((scores.flags >> bit & 1).sum()) for bit, code in enumerate(_flag_codes(scheme)) if code
    }
    return found


def _switch(run: ScoreRun, *, by: Actor) -> bool:
    """Make the run current when it is the cycle's own scheme on the cycle's newest snapshot; whether it is now."""
    newest = latest_snapshot(run.cycle_id)
    if newest is None or run.snapshot_id != newest.pk or run.scheme_version_id != run.cycle.scheme_version_id:
        return False
    pointer = (
        CurrentRun.objects.select_for_update(of=("self",))
        .filter(cycle_id=run.cycle_id)
        .select_related("run")
        .first()
    )
    previous = pointer.run if pointer else None
    if previous is not None and previous.pk == run.pk:
        return True
    if pointer is None:
        CurrentRun.objects.create(cycle_id=run.cycle_id, run=run)
    else:
        pointer.run = run
        pointer.save(update_fields=["run", "switched_at"])
    run_made_current.send(sender=ScoreRun, run=run, previous=previous, by=by)
    audit.record(
        by=by,
        action="run.made_current",
        obj=run,
        before={"run_hash": previous.run_hash} if previous else {},
        after={"run_hash": run.run_hash, "rows": run.rows},
    )
    return True

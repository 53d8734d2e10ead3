"""Freezing a cycle: verified values are copied into dense rows that nobody can change any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import verified
from enterprises.services import cycles
from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Refused
from parks import audit, bulk, jobs
from parks.actors import Actor
from parks.models import Job
from parks.scope import park_scope
from scoring import engine

from ..models import Snapshot, SnapshotRow
from ..queries.cycles import FREEZE, counted, get_cycle
from ..queries.facts import LATE, LETTERS, group_index, head_of, plain_row
from ..queries.results import latest_snapshot
from ..queries.schemes import scheme_of
from ..signals import cycle_frozen

ROWS_A_REPORT = 500
Watch = Callable[[int], None]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def request(*, by: Actor, cycle: Any, reason: str | None = None) -> Job:
    """Ask for the freeze of a year or, with a reason, for a snapshot that corrects it; while one waits, that one is returned.

    Raises Conflict and Refused as the freeze itself does, so that what bars it is told at once.
    """
    before = None
    if reason is None:
        _not_frozen(cycle)
    else:
        before = _corrected(cycle, reason).pk
    if not counted(cycle):
        raise _nothing_verified()
    return jobs.request(
        kind=FREEZE, park_id=by.park_id, dedupe_key=str(cycle.year), by=by,
        args={"year": cycle.year, "reason": reason, "before": before},
    )  # fmt: skip


def freeze(job: jobs.JobHandle) -> dict[str, Any]:
    """The job: everything is copied in one transaction that ends with the proof that the job is still ours.

    A job whose worker died after the commit finds its snapshot made and leaves it.
    """
    with park_scope(job.park_id):
        cycle, reason = get_cycle(job.args["year"]), job.args["reason"]
        made = latest_snapshot(cycle.pk)
        if made is None or made.pk == job.args["before"]:
            watch = partial(_report, job, counted(cycle))
            if reason is None:
                made = freeze_cycle(by=job.actor, cycle=cycle, watch=watch)
            else:
                made = correct(by=job.actor, cycle=cycle, reason=reason, watch=watch)
            job.guard()
    return {"snapshot": made.pk, "rows": made.rows}


def _nobody(copied: int) -> None:
    """Nobody watches."""


def _report(job: jobs.JobHandle, total: int, done: int) -> None:
    job.report(done, total, _("复制已核定的数值"))


def freeze_cycle(*, by: Actor, cycle: Any, watch: Watch = _nobody) -> Snapshot:
    """Copy the verified values of a cycle's declarations and close the cycle for changes.

    Only verified declarations count; a value that nobody confirmed stands as prefilled. `watch` is told how many are
    copied. Raises Conflict when the cycle is frozen already, Refused when nothing is verified.
    """
    with transaction.atomic():
        _not_frozen(cycle)
        excluded = verified.excluded_counts(cycle)
        cycles.freeze(by=by, cycle=cycle)
        return store(by=by, cycle=cycle, cases=_watched(cycle, watch), excluded=excluded)


def correct(*, by: Actor, cycle: Any, reason: str, watch: Watch = _nobody) -> Snapshot:
    """A new snapshot from the values as they stand now; it names the one it corrects and says why."""
    with transaction.atomic():
        old = _corrected(cycle, reason)
        return store(
            by=by,
            cycle=cycle,
            cases=_watched(cycle, watch),
            excluded=old.excluded,
            corrects=old,
            reason=reason.strip(),
        )


def _not_frozen(cycle: Any) -> None:
    if latest_snapshot(cycle.pk) is not None:
        raise Conflict(
            code="already_frozen",
            message=_("%(year)s 年度已冻结；需要修改时请做更正快照。") % {"year": cycle.year},
        )


def _corrected(cycle: Any, reason: str) -> Snapshot:
    old = latest_snapshot(cycle.pk)
    if old is None:
        raise Conflict(code="not_frozen", message=_("本年度尚未冻结，没有可更正的快照。"))
    if not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请填写更正原因。"))
    return old


def _nothing_verified() -> Refused:
    return Refused(code="nothing_verified", message=_("还没有已核定的申报，不能冻结。请先完成核定。"))


def _watched(cycle: Any, watch: Watch) -> Iterator[Any]:
    for number, case in enumerate(verified.facts_for(cycle)):
        if number % ROWS_A_REPORT == 0:
            watch(number)
        yield case


def store(
    *,
    by: Actor,
    cycle: Any,
    cases: Iterable[Any],
    excluded: dict[str, int] | None = None,
    corrects: Snapshot | None = None,
    reason: str = "",
) -> Snapshot:
    """Write cases (verified declarations, see enterprises.queries.verified) as a snapshot of a cycle.

    Raises Refused when there is none, or when a value does not fit the scheme.
    """
    scheme = scheme_of(cycle.scheme_version)
    rows = sorted(_rows(scheme, cases), key=lambda row: str(row["uscc"]))
    if not rows:
        raise _nothing_verified()
    with transaction.atomic():
        snapshot = Snapshot(
            cycle=cycle,
            scheme_version=cycle.scheme_version,
            format=Snapshot.Format.SEALED,
            columns=list(scheme.fact_columns),
            inputs=[item.code for item in scheme.inputs],
            rows=len(rows),
            excluded=excluded or {},
            corrects=corrects,
            reason=reason,
            frozen_by_ref=by.person_id,
            frozen_by_name=by.person_name,
        )
        snapshot.root = _root(scheme, rows, head_of(snapshot, scheme))
        snapshot.save(force_insert=True)
        bulk.copy_rows(SnapshotRow, COPIED, (_line(snapshot.pk, row) for row in rows))
        cycle_frozen.send(sender=Snapshot, snapshot=snapshot, by=by)
        action = "cycle.corrected" if corrects else "cycle.frozen"
        audit.record(by=by, action=action, obj=snapshot, after=_audited(snapshot), reason=reason)
    return snapshot


COPIED = (
    "snapshot_id", "enterprise_id", "uscc", "facts", "states", "stage_override", "provenance", "provenance_digest",
    "confirmed_at", "publication_refused",
)  # fmt: skip


def _rows(scheme: engine.Scheme, cases: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """One dense row a verified declaration."""
    for case in cases:
        try:
            values, states = engine.fact_row(scheme, plain_row(scheme, case))
            if case.stage_override not in ("", *scheme.group_codes) and not scheme.group_column:
                raise engine.FactsError(f"{case.uscc}: {case.stage_override}")
        except engine.FactsError as error:
            raise Refused(
                code="value_unfit", message=_("有数值不符合指标体系，不能冻结：%(what)s") % {"what": error}
            ) from error
        provenance = canonical_json(_provenance(case))
        yield {
            "enterprise_id": case.enterprise_id,
            "uscc": case.uscc,
            "facts": values,
            "states": "".join(LETTERS[state] for state in states),
            "stage_override": case.stage_override,
            "provenance": provenance,
            "provenance_digest": sha256_hex(provenance.encode()),
            "confirmed_at": case.confirmed_at,
            "publication_refused": case.publication_refused,
        }


def _provenance(case: Any) -> dict[str, dict[str, Any]]:
    return {
        code: {
            name: said
            for name, said in (
                ("source", value.source),
                ("as_of", value.as_of),
                ("verifier", value.verified_by),
                ("evidence", value.evidence),
                ("version", value.version),
                ("rows", value.rows),
            )
            if said
        }
        for code, value in case.values.items()
    }


def _root(scheme: engine.Scheme, rows: list[dict[str, Any]], head: bytes) -> str:
    group, labels = group_index(scheme, [row["stage_override"] for row in rows])
    facts = engine.make_facts(
        scheme,
        ids=[row["uscc"] for row in rows],
        values=[row["facts"] for row in rows],
        states=[[LETTERS.index(letter) for letter in row["states"]] for row in rows],
        group=group,
        group_labels=labels,
    )
    seal = engine.Seal(
        head=head,
        confirmed_at=np.array([_microseconds(row["confirmed_at"]) for row in rows], dtype=np.int64),
        refused=np.array([row["publication_refused"] for row in rows], dtype=np.uint8),
        provenance=np.array([row["provenance_digest"] for row in rows], dtype="S64"),
    )
    return engine.snapshot_root(facts, seal)


def _microseconds(moment: dt.datetime | None) -> int:
    return (moment - EPOCH) // dt.timedelta(microseconds=1) if moment else LATE


def _line(snapshot_id: int, row: dict[str, Any]) -> tuple[Any, ...]:
    facts = "{" + ",".join(map(str, row["facts"])) + "}"
    return (
        snapshot_id, row["enterprise_id"], row["uscc"], facts, row["states"], row["stage_override"],
        row["provenance"], row["provenance_digest"], row["confirmed_at"], row["publication_refused"],
    )  # fmt: skip


def _audited(snapshot: Snapshot) -> dict[str, Any]:
    return {"rows": snapshot.rows, "root": snapshot.root, "corrects": snapshot.corrects_id}

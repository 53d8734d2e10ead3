"""Freezing a cycle: verified values are copied into dense rows that nobody can change any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import verified
from enterprises.services import cycles
from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Refused
from parks import audit, bulk
from parks.actors import Actor
from scoring import engine

from ..models import Snapshot, SnapshotRow
from ..queries.facts import LATE, LETTERS, group_index, head_of, plain_row
from ..queries.results import latest_snapshot
from ..queries.schemes import scheme_of
from ..signals import cycle_frozen

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def freeze_cycle(*, by: Actor, cycle: Any) -> Snapshot:
    """Copy the verified values of a cycle's declarations and close the cycle for changes.

    Only verified declarations count; a value that nobody confirmed stands as prefilled. Raises Conflict when the
    cycle is frozen already, Refused when nothing is verified.
    """
    with transaction.atomic():
        if latest_snapshot(cycle.pk) is not None:
            raise Conflict(
                code="already_frozen",
                message=_("%(year)s 年度已冻结；需要修改时请做更正快照。") % {"year": cycle.year},
            )
        excluded = verified.excluded_counts(cycle)
        cycles.freeze(by=by, cycle=cycle)
        return store(by=by, cycle=cycle, cases=verified.facts_for(cycle), excluded=excluded)


def correct(*, by: Actor, cycle: Any, reason: str) -> Snapshot:
    """A new snapshot from the values as they stand now; it names the one it corrects and says why."""
    with transaction.atomic():
        old = latest_snapshot(cycle.pk)
        if old is None:
            raise Conflict(code="not_frozen", message=_("本年度尚未冻结，没有可更正的快照。"))
        if not reason.strip():
            raise Refused(code="reason_missing", field="reason", message=_("请填写更正原因。"))
        cases = verified.facts_for(cycle)
        return store(
            by=by, cycle=cycle, cases=cases, excluded=old.excluded, corrects=old, reason=reason.strip()
        )


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
        raise Refused(code="nothing_verified", message=_("还没有已核定的申报，不能冻结。请先完成核定。"))
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

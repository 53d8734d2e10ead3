"""Freezing a cycle: verified values are copied into dense rows that nobody can change any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import verified
from enterprises.services import cycles
from innovscore.core.canonical import canonical_json
from innovscore.core.problems import Conflict, Refused
from parks import audit, bulk
from parks.actors import Actor
from scoring import engine

from ..models import Snapshot, SnapshotRow
from ..queries.facts import LETTERS, group_index, plain_row
from ..queries.results import latest_snapshot
from ..queries.schemes import scheme_of
from ..signals import cycle_frozen


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
        snapshot = Snapshot.objects.create(
            cycle=cycle,
            scheme_version=cycle.scheme_version,
            columns=list(scheme.fact_columns),
            inputs=[item.code for item in scheme.inputs],
            rows=len(rows),
            root=_root(scheme, rows),
            excluded=excluded or {},
            corrects=corrects,
            reason=reason,
            frozen_by_ref=by.person_id,
            frozen_by_name=by.person_name,
        )
        bulk.copy_rows(SnapshotRow, COPIED, (_line(snapshot.pk, row) for row in rows))
        cycle_frozen.send(sender=Snapshot, snapshot=snapshot, by=by)
        action = "cycle.corrected" if corrects else "cycle.frozen"
        audit.record(by=by, action=action, obj=snapshot, after=_audited(snapshot), reason=reason)
    return snapshot


COPIED = (
    "snapshot_id", "enterprise_id", "uscc", "facts", "states", "stage_override", "provenance", "confirmed_at",
    "publication_refused",
)  # fmt: skip


def _rows(scheme: engine.Scheme, cases: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """One dense row a verified declaration."""
    for case in cases:
        try:
            values, states = engine.fact_row(scheme, plain_row(scheme, case))
        except engine.FactsError as error:
            raise Refused(
                code="value_unfit", message=_("有数值不符合指标体系，不能冻结：%(what)s") % {"what": error}
            ) from error
        yield {
            "enterprise_id": case.enterprise_id,
            "uscc": case.uscc,
            "facts": values,
            "states": "".join(LETTERS[state] for state in states),
            "stage_override": case.stage_override,
            "provenance": _provenance(case),
            "confirmed_at": case.confirmed_at,
            "publication_refused": case.publication_refused,
        }


def _provenance(case: Any) -> dict[str, dict[str, str]]:
    return {
        code: {
            name: text
            for name, text in (
                ("source", value.source),
                ("as_of", str(value.as_of or "")),
                ("verifier", value.verified_by),
            )
            if text
        }
        for code, value in case.values.items()
    }


def _root(scheme: engine.Scheme, rows: list[dict[str, Any]]) -> str:
    group, labels = group_index(scheme, [row["stage_override"] for row in rows])
    facts = engine.make_facts(
        scheme,
        ids=[row["uscc"] for row in rows],
        values=[row["facts"] for row in rows],
        states=[[LETTERS.index(letter) for letter in row["states"]] for row in rows],
        group=group,
        group_labels=labels,
    )
    return engine.snapshot_root(facts)


def _line(snapshot_id: int, row: dict[str, Any]) -> tuple[Any, ...]:
    facts = "{" + ",".join(map(str, row["facts"])) + "}"
    return (
        snapshot_id, row["enterprise_id"], row["uscc"], facts, row["states"], row["stage_override"],
        canonical_json(row["provenance"]), row["confirmed_at"], row["publication_refused"],
    )  # fmt: skip


def _audited(snapshot: Snapshot) -> dict[str, Any]:
    return {"rows": snapshot.rows, "root": snapshot.root, "corrects": snapshot.corrects_id}

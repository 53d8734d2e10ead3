"""The frozen facts of a snapshot as the engine reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from numpy.typing import NDArray

from enterprises.queries.verified import ROWS_DIGEST
from innovscore.core.canonical import canonical_json
from parks import bulk, pgcopy
from scoring import engine
from scoring.engine.facts import STATES

from ..models import Snapshot, SnapshotRow
from .schemes import scheme_of

LETTERS = (
    "mrpzn"  # a letter a state of the engine: missing, reported, prefilled, zero confirmed, not applicable
)
FEW = 1000  # firms that are looked up one by one in the index
LATE = 2**62  # a unit that never confirmed loses ties by time
_STATE_OF = np.zeros(256, dtype=np.uint8)
_STATE_OF[np.frombuffer(LETTERS.encode(), dtype=np.uint8)] = np.arange(len(LETTERS), dtype=np.uint8)


@dataclass(frozen=True)
class FrozenRows:
    """Rows of a snapshot in one order: as the scheme asked for reads them (`facts`), and as they were frozen."""

    facts: engine.Facts
    frozen: engine.Facts
    enterprise_ids: NDArray
    uscc: NDArray
    confirmed_at: NDArray
    allowed: NDArray
    seal: engine.Seal | None

    @cached_property
    def root(self) -> str:
        """Merkle root of what was read (of all rows of a snapshot: what was stored at the freeze)."""
        return engine.snapshot_root(self.frozen, self.seal)


def read(
    snapshot: Snapshot, scheme: engine.Scheme, *, usccs: Sequence[str] = (), every: int = 1
) -> FrozenRows:
    """All rows of a snapshot, those of some enterprises, or one of `every` so many, by binary COPY.

    Columns the scheme does not know are left out. Which rows a sample takes follows from their codes alone.
    """
    width, inputs = len(snapshot.columns), len(snapshot.inputs)
    query = (
        "SELECT enterprise_id, uscc::text, facts, states, coalesce((extract(epoch FROM confirmed_at) * 1000000)::bigint, %s),"
        " publication_refused::int, rpad(provenance_digest, 64)::text FROM scoring_snapshotrow WHERE snapshot_id = %s"
    )
    params: list[object] = [LATE, snapshot.pk]
    if usccs:
        query, params = f"{query} AND uscc = ANY(%s)", [*params, list(usccs)]
    if every > 1:
        query, params = f"{query} AND mod(hashtext(uscc)::bigint + 2147483648, %s) = 0", [*params, every]
    most = len(usccs) or snapshot.rows + 1  # a row too many changes the root
    shapes = {
        "enterprise": "i8", "uscc": "S18", "facts": f"i8*{width}", "states": f"S{inputs}", "confirmed": "i8", "refused": "i4",
        "provenance": "S64",
    }  # fmt: skip
    rows = pgcopy.Unpacker(shapes, most)
    bulk.read_binary(f"{query} ORDER BY uscc LIMIT %s", [*params, most], rows)
    found = rows.finish()
    states = _STATE_OF[np.frombuffer(found["states"].tobytes(), dtype=np.uint8)].reshape(
        len(found["uscc"]), inputs
    )
    own = scheme_of(snapshot.scheme_version)
    frozen = _facts(snapshot, own, found["uscc"], found["facts"], states)
    facts = frozen if scheme.digest == own.digest else _under(scheme, snapshot, frozen)
    return FrozenRows(
        facts=facts,
        frozen=frozen,
        enterprise_ids=found["enterprise"],
        uscc=found["uscc"],
        confirmed_at=found["confirmed"],
        allowed=found["refused"] == 0,
        seal=_seal(snapshot, own, found),
    )


UNTRUE = """
SELECT s.uscc FROM scoring_snapshotrow s JOIN enterprises_enterprise e ON e.park_id = s.park_id AND e.id = s.enterprise_id
 WHERE s.snapshot_id = %s AND (e.uscc <> s.uscc
       OR (%s AND s.provenance_digest <> encode(sha256(convert_to(s.provenance, 'UTF8')), 'hex')))
       AND (%s::text[] IS NULL OR s.uscc = ANY(%s))
 ORDER BY s.uscc LIMIT 5
"""


LISTS = """
WITH frozen AS MATERIALIZED (
  SELECT s.park_id, s.enterprise_id, s.uscc, s.provenance::jsonb AS said FROM scoring_snapshotrow s
   WHERE s.snapshot_id = %s AND (%s::text[] IS NULL OR s.uscc = ANY(%s)))
SELECT DISTINCT f.uscc FROM frozen f
  JOIN enterprises_declaration d ON d.park_id = f.park_id AND d.enterprise_id = f.enterprise_id AND d.cycle_id = %s
  JOIN enterprises_declaredvalue v ON v.park_id = d.park_id AND v.declaration_id = d.id
 WHERE f.said -> v.code ->> 'rows' IS DISTINCT FROM {digest}
 ORDER BY 1 LIMIT 5
""".format(digest=ROWS_DIGEST.format(value="v"))  # noqa: S608  # of constants


def untrue_rows(snapshot: Snapshot, usccs: list[str] | None = None) -> list[str]:
    """USCC of rows (a few, of these firms or of all) that stand for another enterprise, whose provenance is not the text
    that was hashed, or whose declaration has by now other list rows than were frozen."""
    with connection.cursor() as cursor:
        cursor.execute(UNTRUE, [snapshot.pk, snapshot.format != Snapshot.Format.FACTS, usccs, usccs])
        found = [uscc for (uscc,) in cursor.fetchall()]
        if not found and _tells_rows(snapshot):
            cursor.execute(LISTS, [snapshot.pk, usccs, usccs, snapshot.cycle_id])
            found = [uscc for (uscc,) in cursor.fetchall()]
    return found


def _tells_rows(snapshot: Snapshot) -> bool:
    """Were list rows hashed at this freeze, and does the declaration still stand for it: no correction came after?"""
    told = SnapshotRow.objects.filter(snapshot=snapshot, provenance__contains='"rows":')
    return told.exists() and not Snapshot.objects.filter(corrects=snapshot).exists()


def _seal(snapshot: Snapshot, scheme: engine.Scheme, found: dict[str, NDArray]) -> engine.Seal | None:
    """What the root covers beside the facts; nothing in the first format. Raises EngineError for a format there is not."""
    if snapshot.format == Snapshot.Format.FACTS:
        return None
    if snapshot.format != Snapshot.Format.SEALED:
        raise engine.EngineError(f"a snapshot has no format {snapshot.format}")
    return engine.Seal(
        head=head_of(snapshot, scheme),
        confirmed_at=found["confirmed"],
        refused=found["refused"],
        provenance=found["provenance"],
    )


def head_of(snapshot: Snapshot, scheme: engine.Scheme) -> bytes:
    """What a sealed root says of the whole: whose figures, of which year, in which columns and units, what it corrects and why."""
    head = {
        "format": snapshot.format, "park": snapshot.park.code, "year": snapshot.cycle.year, "scheme": scheme.digest,
        "columns": snapshot.columns, "rows": snapshot.rows, "excluded": snapshot.excluded, "reason": snapshot.reason,
        "inputs": [[code, scheme.input_by_code[code].unit] for code in snapshot.inputs],
        "corrects": snapshot.corrects.root if snapshot.corrects else "",
    }  # fmt: skip
    return canonical_json(head).encode()


def _facts(
    snapshot: Snapshot, scheme: engine.Scheme, uscc: NDArray, values: NDArray, states: NDArray
) -> engine.Facts:
    ids = [unit.decode("ascii") for unit in uscc.tolist()]
    group, labels = _groups(snapshot, scheme, ids)
    strange = _decided(snapshot, ids).exclude(stage_override__in=labels)
    if strange.exists():  # such a stage would count as none, and not change the root
        raise engine.FactsError("a row of the snapshot has a stage that its scheme does not know")
    return engine.make_facts(scheme, ids=ids, values=values, states=states, group=group, group_labels=labels)


def _under(scheme: engine.Scheme, snapshot: Snapshot, frozen: engine.Facts) -> engine.Facts:
    """The facts in the order of another scheme's columns; what the snapshot does not have is missing."""
    group, labels = _groups(snapshot, scheme, list(frozen.ids))
    columns = dict(zip(snapshot.columns, frozen.columns, strict=True))
    states = dict(zip(snapshot.inputs, frozen.states.T, strict=True))
    nothing = np.zeros(len(frozen), dtype=np.uint8)
    return engine.Facts(
        ids=frozen.ids,
        columns=tuple(columns.get(name, nothing) for name in scheme.fact_columns),
        states=np.column_stack([states.get(item.code, nothing) for item in scheme.inputs]),
        group=group,
        group_labels=labels,
    )


def group_index(
    scheme: engine.Scheme, stages: Sequence[str], known: Iterable[str] = ()
) -> tuple[NDArray, tuple[str, ...]]:
    """(group index, labels) of units whose stage was set ("" = not set).

    In a scheme that groups by a column the labels are what was set (for these units and those `known`), "default" where
    nothing was; otherwise the scheme's groups, and -1 where its rule decides.
    """
    if scheme.group_column:
        stages = [stage or "default" for stage in stages]
        labels = tuple(sorted({*stages, *known}))
    else:
        labels = scheme.group_codes
    place = {label: number for number, label in enumerate(labels)}
    return np.array([place.get(stage, -1) for stage in stages], dtype=np.int64), labels


def _groups(snapshot: Snapshot, scheme: engine.Scheme, ids: list[str]) -> tuple[NDArray, tuple[str, ...]]:
    decided = dict(
        _decided(snapshot, [] if scheme.group_column else ids).values_list("uscc", "stage_override")
    )
    known = {*decided.values(), *(["default"] if len(decided) < snapshot.rows else [])}
    return group_index(scheme, [decided.get(unit, "") for unit in ids], known)


def _decided(snapshot: Snapshot, ids: list[str]) -> QuerySet[SnapshotRow]:
    """Rows whose stage the office decided; when few firms are read, without a look at all the others."""
    rows = SnapshotRow.objects.filter(snapshot=snapshot).exclude(stage_override="")
    return rows.filter(uscc__in=ids) if 0 < len(ids) <= FEW else rows


def plain_row(scheme: engine.Scheme, case: Any) -> dict[str, Any]:
    """The case as the engine reads plain rows."""
    row: dict[str, Any] = {"id": case.uscc, "group": case.stage_override}
    for code, value in case.values.items():
        if code not in scheme.input_by_code:
            continue
        row[code] = _cell(scheme.input_by_code[code], value)
        if value.state in STATES:
            row[f"{code}.state"] = value.state
    return row | {f"penalty.{code}": True for code in case.penalties}


def _cell(item: engine.scheme.Input, value: Any) -> Any:
    if value.state == "not_applicable":
        return "n/a"
    if value.state == "zero_confirmed":
        return [] if item.is_list else 0
    if value.entries is not None:
        return [(entry.get("level", ""), entry.get("rank") or "") for entry in value.entries]
    return value.amount

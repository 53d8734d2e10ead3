"""Showing that an enterprise's frozen facts are in a snapshot, without showing the facts."""

from __future__ import annotations

from dataclasses import dataclass

from scoring import engine

from ..models import CurrentRun, ScoreRun, Snapshot, SnapshotRow
from . import facts
from .schemes import scheme_of


@dataclass(frozen=True, slots=True)
class Proof:
    """Hashes in lower-case hex: `path` leads from `leaf` to `snapshot_root` (node = SHA-256(0x01 ‖ left ‖ right)).

    run_hash = SHA-256 over snapshot root, scheme digest, engine version and result root, each as a little-endian u16
    length and UTF-8 text.
    """

    snapshot_id: int
    leaf: str
    path: tuple[tuple[str, str], ...]
    snapshot_root: str
    scheme_digest: str
    engine_version: str
    result_root: str
    run_hash: str


def snapshot_proof(snapshot_id: int, uscc: str) -> Proof | None:
    """The proof for an enterprise in the current run on a snapshot; None when it is in none."""
    snapshot = Snapshot.objects.filter(pk=snapshot_id).select_related("scheme_version", "cycle").first()
    pointer = CurrentRun.objects.filter(run__snapshot_id=snapshot_id).select_related("run").first()
    row = SnapshotRow.objects.filter(snapshot_id=snapshot_id, uscc=uscc)
    if snapshot is None or pointer is None or not row.exists():
        return None
    rows = facts.read(snapshot, scheme_of(snapshot.scheme_version))
    order = sorted(rows.frozen.ids, key=lambda unit: unit.encode("utf-8"))
    return _proof(pointer.run, rows, order.index(uscc))


def _proof(run: ScoreRun, rows: facts.FrozenRows, place: int) -> Proof:
    leaves = list(engine.digest.snapshot_leaves(rows.frozen, rows.seal))
    steps = engine.digest.snapshot_path(leaves, place, rows.seal)
    return Proof(
        snapshot_id=run.snapshot_id,
        leaf=leaves[place].hex(),
        path=tuple((side, sister.hex()) for side, sister in steps),
        snapshot_root=engine.digest.root_over(leaves, rows.seal).hex(),
        scheme_digest=run.scheme_digest,
        engine_version=run.engine_version,
        result_root=run.result_root,
        run_hash=run.run_hash,
    )

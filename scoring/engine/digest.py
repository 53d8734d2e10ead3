"""Fingerprints: Merkle roots over rows in a fixed byte form, and the hash of a run.

Row of a snapshot: u16 length of the id in UTF-8, the id, u16 length and text of the
group given (empty = by rule), then all values as
little-endian int64, then all states as bytes. Leaf = SHA-256(0x00 || row), node = SHA-256(0x01 || left || right), a node
without a partner moves up unchanged, no rows = SHA-256(empty). Rows are sorted by the id's bytes.
Sealed row of a snapshot (format 2): the same, then when the unit confirmed (little-endian int64, microseconds since 1970, 2^62 =
never), one byte for its refusal of publication, and 64 characters: SHA-256 in hex of the text that says where each value comes from.
The root of a sealed snapshot joins a leaf over its head (canonical JSON) with the root of the rows: SHA-256(0x01 || head || rows).
Row of a result: the id and the group as above, then little-endian int64: total, deductions, completeness, flags, vetoes,
normalised (all), points (all), dimensions (all).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .facts import Facts, Ints

if TYPE_CHECKING:
    from .score import Scores

ENGINE_VERSION = "1.0.0"


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Root of hashed leaves in the order given."""
    sha = hashlib.sha256
    level = list(leaves)
    if not level:
        return sha(b"").digest()
    while len(level) > 1:
        pairs = len(level) & ~1
        above = [sha(b"\x01" + level[i] + level[i + 1]).digest() for i in range(0, pairs, 2)]
        level = above + level[pairs:]
    return level[0]


def merkle_path(leaves: list[bytes], index: int) -> list[tuple[str, bytes]]:
    """Sister hashes from a leaf to the root, each with its side ("left" or "right")."""
    path, level = [], leaves
    while len(level) > 1:
        sister = index ^ 1
        if sister < len(level):
            path.append(("left" if sister < index else "right", level[sister]))
        above = [merkle_root(level[i : i + 2]) for i in range(0, len(level), 2)]
        level, index = above, index // 2
    return path


BLOCK = 16_384  # rows laid out at a time


def _leaves(
    ids: tuple[str, ...], labels: list[bytes], group: Ints, rows: Callable[[Ints], Any]
) -> list[bytes]:
    """Hashed rows sorted by id: 0x00, length and text of the id, the label, the row's bytes.

    rows(part): bytes (units, width) of some units; laid out in blocks, so that the whole is never there at once.
    """
    names = [unit.encode("utf-8") for unit in ids]
    order = np.array(sorted(range(len(ids)), key=names.__getitem__), dtype=np.int64)
    sha, pack = hashlib.sha256, struct.Struct("<H").pack
    leaves = []
    for start in range(0, len(ids), BLOCK):
        part = order[start : start + BLOCK]
        table = np.ascontiguousarray(rows(part))
        width, body = table.nbytes // len(part), table.data.cast("B")
        for at, (i, which) in enumerate(zip(part.tolist(), group[part].tolist(), strict=True)):
            name = names[i]
            leaf = sha(b"\x00" + pack(len(name)) + name + labels[which])
            leaf.update(body[at * width : (at + 1) * width])
            leaves.append(leaf.digest())
    return leaves


def _labels(names: tuple[str, ...]) -> list[bytes]:
    """Byte forms of the group labels; the last one stands for index -1."""
    texts = [name.encode("utf-8") for name in (*names, "")]
    return [struct.pack("<H", len(text)) + text for text in texts]


@dataclass(frozen=True)
class Seal:
    """What a sealed snapshot hashes beside the facts: `head` of the whole, the others one a unit in the order of the facts.

    provenance: S64, a SHA-256 in hex each.
    """

    head: bytes
    confirmed_at: Ints
    refused: Any
    provenance: Any

    @property
    def head_leaf(self) -> bytes:
        return hashlib.sha256(b"\x00" + self.head).digest()

    def bytes_of(self, part: Ints) -> list[Any]:
        confirmed = self.confirmed_at[part].astype("<i8", copy=False).view(np.uint8).reshape(-1, 8)
        refused = self.refused[part].astype(np.uint8).reshape(-1, 1)
        return [
            confirmed,
            refused,
            np.ascontiguousarray(self.provenance[part]).view(np.uint8).reshape(-1, 64),
        ]


def snapshot_leaves(facts: Facts, seal: Seal | None = None) -> list[bytes]:
    """Hashed rows of the facts, sorted by id."""

    def rows(part: Ints) -> Any:
        values = facts.values[part].astype("<i8", copy=False).view(np.uint8)
        return np.concatenate((values, facts.states[part], *(seal.bytes_of(part) if seal else ())), axis=1)

    return _leaves(facts.ids, _labels(facts.group_labels), facts.group, rows)


def snapshot_path(leaves: list[bytes], index: int, seal: Seal | None = None) -> list[tuple[str, bytes]]:
    """The way from a leaf to the root of the snapshot."""
    return [*merkle_path(leaves, index), *([("left", seal.head_leaf)] if seal else [])]


def snapshot_root(facts: Facts, seal: Seal | None = None) -> str:
    return root_over(snapshot_leaves(facts, seal), seal).hex()


def root_over(leaves: list[bytes], seal: Seal | None = None) -> bytes:
    """Root of a snapshot with these leaves."""
    rows = merkle_root(leaves)
    return merkle_root([seal.head_leaf, rows]) if seal else rows


def result_leaves(scores: Scores) -> list[bytes]:
    """Hashed rows of the scores, sorted by id."""
    single: tuple[Any, ...] = (
        scores.total,
        scores.deductions,
        scores.completeness,
        scores.flags,
        scores.vetoes,
    )

    def rows(part: Ints) -> Any:
        normalised: Any = scores.normalised[part]
        points: Any = scores.patterns[scores.pattern[part]] * normalised
        columns: tuple[Any, ...] = (
            *(column[part] for column in single),
            normalised,
            points,
            scores.dimensions[part],
        )
        return np.column_stack(columns).astype("<i8", copy=False)

    return _leaves(scores.ids, _labels(scores.group_labels), scores.group, rows)


def result_root(scores: Scores) -> str:
    return merkle_root(result_leaves(scores)).hex()


def run_hash(snapshot: str, scheme_digest: str, engine_version: str, result: str) -> str:
    """SHA-256 over the four parts, each as u16 length and UTF-8 text."""
    parts = (part.encode("utf-8") for part in (snapshot, scheme_digest, engine_version, result))
    return hashlib.sha256(b"".join(struct.pack("<H", len(part)) + part for part in parts)).hexdigest()

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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from .facts import Facts, Ints, id_order

if TYPE_CHECKING:
    from .score import Scores

ENGINE_VERSION = "1.0.0"


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Root of hashed leaves in the order given, which may be made one after the other: a few hashes are held at a time."""
    sha = hashlib.sha256
    whole: list[tuple[int, bytes]] = []  # (height, root) of full trees without a partner, the highest first
    for leaf in leaves:
        height, node = 0, leaf
        while whole and whole[-1][0] == height:
            node, height = sha(b"\x01" + whole.pop()[1] + node).digest(), height + 1
        whole.append((height, node))
    if not whole:
        return sha(b"").digest()
    roots = (root for _height, root in reversed(whole))
    return reduce(lambda right, left: sha(b"\x01" + left + right).digest(), roots)


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
) -> Iterator[bytes]:
    """Hashed rows sorted by id: 0x00, length and text of the id, the label, the row's bytes.

    rows(part): bytes (units, width) of some units; laid out in blocks, so that the whole is never there at once.
    """
    order = id_order(ids)
    sha, pack = hashlib.sha256, struct.Struct("<H").pack
    for start in range(0, len(ids), BLOCK):
        part = order[start : start + BLOCK]
        table = np.ascontiguousarray(rows(part))
        width, body = table.nbytes // len(part), table.data.cast("B")
        for at, (i, which) in enumerate(zip(part.tolist(), group[part].tolist(), strict=True)):
            name = ids[i].encode("utf-8")
            leaf = sha(b"\x00" + pack(len(name)) + name + labels[which])
            leaf.update(body[at * width : (at + 1) * width])
            yield leaf.digest()


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


def snapshot_leaves(facts: Facts, seal: Seal | None = None) -> Iterator[bytes]:
    """Hashed rows of the facts, sorted by id."""

    def rows(part: Ints) -> Any:
        values = facts.table(part).astype("<i8", copy=False).view(np.uint8)
        return np.concatenate((values, facts.states[part], *(seal.bytes_of(part) if seal else ())), axis=1)

    return _leaves(facts.ids, _labels(facts.group_labels), facts.group, rows)


def snapshot_path(leaves: list[bytes], index: int, seal: Seal | None = None) -> list[tuple[str, bytes]]:
    """The way from a leaf to the root of the snapshot."""
    return [*merkle_path(leaves, index), *([("left", seal.head_leaf)] if seal else [])]


def snapshot_root(facts: Facts, seal: Seal | None = None) -> str:
    return root_over(snapshot_leaves(facts, seal), seal).hex()


def root_over(leaves: Iterable[bytes], seal: Seal | None = None) -> bytes:
    """Root of a snapshot with these leaves."""
    rows = merkle_root(leaves)
    return merkle_root([seal.head_leaf, rows]) if seal else rows


def result_leaves(scores: Scores) -> Iterator[bytes]:
    """Hashed rows of the scores, sorted by id."""
    single: tuple[Any, ...] = (
        scores.total,
        scores.deductions,
        scores.completeness,
        scores.flags,
        scores.vetoes,
    )

    def rows(part: Ints) -> Any:
        columns: tuple[Any, ...] = (
            *(column[part] for column in single),
            scores.normalised[part],
            scores.points_of(part),
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

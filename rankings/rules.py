"""Pure rules of the boards: who may act, what is hashed, when a notice ends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex

from .order import leaf, path, root, verify

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a board as it is shown; `score` has four decimals, out of 100 (docs/scheme.md, boards)."""

    position: int
    place: int
    tied: bool
    uscc: str
    name: str
    stage: str
    score: Decimal


def is_another(person: int | None, *others: int | None) -> bool:
    """Four eyes: a known person who is none of the others."""
    return person is not None and person not in others


def line_json(line: Line) -> str:
    """The canonical text of a line, which its leaf is the hash of."""
    return canonical_json(
        {
            "v": FORMAT, "position": line.position, "place": line.place, "tied": line.tied, "uscc": line.uscc,
            "name": line.name, "stage": line.stage, "score": f"{line.score:.4f}",
        }
    )  # fmt: skip


def leaf_of(line: Line) -> str:
    """Leaf of one line: SHA-256(0x00 ‖ canonical JSON)."""
    return leaf(line_json(line).encode())


def root_of(lines: Iterable[Line]) -> str:
    """Merkle root over the leaves in the order of the positions."""
    return root([leaf_of(line) for line in sorted(lines, key=lambda one: one.position)])


def content_hash(head: Mapping[str, Any], entries_root: str) -> str:
    """Fingerprint of an edition: park, year, board, edition, eligible, size, run hash and the entries' root."""
    return sha256_hex(canonical_json({"v": FORMAT, **head, "entries_root": entries_root}).encode())


def chained(prev: str, content: str) -> str:
    """The chain value that follows `prev`; the same sum is made in rankings/sql/publication.sql."""
    return sha256_hex(f"{prev}{content}".encode())


def end_of_day(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """The end of a day, 24:00 in the zone: a notice runs until the last moment of its last day."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=zone)


def certificate_payload(head: Mapping[str, Any], line: Line, leaves: list[str]) -> str:
    """The canonical text that is signed: the head, the place, and the Merkle path from the line to the list's root.

    The score is not in it: only its hash, as part of the leaf. Who is shown the line can check the leaf.
    """
    index = line.position - 1
    return canonical_json(
        {
            "v": FORMAT, **head, "uscc": line.uscc, "name": line.name, "place": line.place, "tied": line.tied,
            "leaf": leaf_of(line), "index": index, "path": [list(step) for step in path(leaves, index)],
        }
    )  # fmt: skip


def tag_of(payload: str) -> str:
    """16 bytes of the payload's hash, hex: printed on the paper, it ties the paper to the signed file."""
    return sha256_hex(payload.encode())[:32]


def certificate_number(park: str, year: int, seq: int, position: int) -> str:
    """Number of a certificate: zone, evaluation year, number of the publication, line."""
    return f"{park.upper()}-{year}-{seq:04d}-{position:02d}"


def proves(leaf_hash: str, steps: list[tuple[str, str]], expected_root: str) -> bool:
    """Does the path lead from the leaf to the root? False also for what is no hash."""
    try:
        return verify(leaf_hash, steps, expected_root)
    except ValueError:
        return False

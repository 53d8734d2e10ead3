"""SHA-256, and Merkle trees with separated domains: leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right).

The two prefixes keep a node from passing as a leaf (RFC 6962). All hashes are lower-case hex.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"\x02").hexdigest()
"""Root of a tree without leaves."""


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf(data: bytes) -> str:
    """Hash of one entry."""
    return sha256_hex(b"\x00" + data)


def node(left: str, right: str) -> str:
    """Hash that joins two."""
    return sha256_hex(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))


def root(leaves: Sequence[str]) -> str:
    """Root of the leaves in their order; EMPTY for none."""
    level = list(leaves)
    while len(level) > 1:
        level = _up(level)
    return level[0] if level else EMPTY


def path(leaves: Sequence[str], index: int) -> list[tuple[str, str]]:
    """What must be joined to a leaf to reach the root: ("left" | "right", hash) from the bottom up."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} among {len(leaves)}.")
    steps = []
    level = list(leaves)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            steps.append(("left" if sibling < index else "right", level[sibling]))
        level, index = _up(level), index // 2
    return steps


def verify(leaf_hash: str, steps: Sequence[tuple[str, str]], expected_root: str) -> bool:
    """Does the path lead from the leaf to the root?"""
    current = leaf_hash
    for side, other in steps:
        current = node(other, current) if side == "left" else node(current, other)
    return current == expected_root


def _up(level: Sequence[str]) -> list[str]:
    """The next level; an odd one out rises as it is."""
    pairs = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    return pairs + ([level[-1]] if len(level) % 2 else [])

"""Order of a board, without Django: shared places, the cut at ten, and proof of one entry in a Merkle tree."""

from .merkle import leaf, path, root, verify
from .places import Ranked, cut, rank

__all__ = ["Ranked", "cut", "leaf", "path", "rank", "root", "verify"]

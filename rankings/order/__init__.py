"""Order of a board, without Django: shared places, the cut at ten, and proof of one entry in a Merkle tree."""

from innovscore.core.digest import leaf, path, root, verify

from .places import Ranked, cut, rank
from .proof import entry_leaf

__all__ = ["Ranked", "cut", "entry_leaf", "leaf", "path", "rank", "root", "verify"]

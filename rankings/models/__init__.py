"""Tables of the boards: what the office prepares, and what was published."""

from .editions import AllowedTransition, BoardEdition, BoardEntry
from .objections import Objection
from .published import PublishedBoard, PublishedCurrent, PublishedEntry, PublishedMethod

__all__ = [
    "AllowedTransition", "BoardEdition", "BoardEntry", "Objection", "PublishedBoard", "PublishedCurrent",
    "PublishedEntry", "PublishedMethod",
]  # fmt: skip

"""The leaf of one board entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from innovscore.core.canonical import canonical_json
from innovscore.core.digest import leaf


def entry_leaf(entry: Mapping[str, Any]) -> str:
    """Hash of a published entry as people see it; order of the keys and form of the characters change nothing."""
    return leaf(canonical_json(dict(entry)).encode("utf-8"))

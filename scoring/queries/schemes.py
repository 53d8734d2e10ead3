"""Schemes as this room's pages name their parts; reading them is the indicators' matter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from indicators.queries.schemes import name_of, scheme_of, unit_of

__all__ = ["name_of", "names_of", "scheme_of", "unit_of"]


def names_of(items: Iterable[Any]) -> dict[str, str]:
    """Names by code in the reader's language."""
    return {item.code: name_of(item) for item in items}

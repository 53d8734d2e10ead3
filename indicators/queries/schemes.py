"""Reading scheme versions, and schemes as the engine knows them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import get_language

from scoring import engine

from ..models import SchemeVersion
from ..states import SchemeState

KEPT = 32
_loaded: dict[str, engine.Scheme] = {}


def versions() -> QuerySet[SchemeVersion]:
    """All versions of the park that was entered, newest first, without their bodies."""
    return SchemeVersion.objects.defer("body").order_by("-created_at")


def active() -> QuerySet[SchemeVersion]:
    """Versions that a cycle may be opened with."""
    return versions().filter(state=SchemeState.ACTIVE)


def usable() -> QuerySet[SchemeVersion]:
    """Versions that are or were in force."""
    return versions().exclude(state=SchemeState.DRAFT)


def scheme_of(version: Any) -> engine.Scheme:
    """The scheme of a version (`digest` and `body`); kept in memory by digest, since a version never changes."""
    digest: str = version.digest
    if digest not in _loaded:
        if len(_loaded) >= KEPT:
            _loaded.clear()
        _loaded[digest] = engine.load_scheme(version.body)
    return _loaded[digest]


def name_of(item: Any) -> str:
    """The name of an input, group, dimension, indicator, board, level or rule in the reader's language."""
    english = (get_language() or "").startswith("en")
    get = item.get if isinstance(item, dict) else lambda key, default="": getattr(item, key, default)
    return str((get("en", "") if english else get("zh", "")) or get("zh", "") or get("code", ""))

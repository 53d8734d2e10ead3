"""Scheme versions as the engine reads them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language

from scoring import engine

KEPT = 32
_loaded: dict[str, engine.Scheme] = {}


def scheme_of(version: Any) -> engine.Scheme:
    """The scheme of a version (`digest` and `body`); kept in memory by digest, since a version never changes."""
    digest: str = version.digest
    if digest not in _loaded:
        if len(_loaded) >= KEPT:
            _loaded.clear()
        _loaded[digest] = engine.load_scheme(version.body)
    return _loaded[digest]


def name_of(item: Any) -> str:
    """The name of an input, group, dimension, indicator, board or penalty in the reader's language."""
    english = (get_language() or "").startswith("en")
    return str((item.en if english else item.zh) or item.zh or item.code)


def names_of(items: Any) -> dict[str, str]:
    """Names by code."""
    return {item.code: name_of(item) for item in items}

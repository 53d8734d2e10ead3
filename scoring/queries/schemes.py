"""Scheme versions as the engine reads them."""

from __future__ import annotations

from typing import Any

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

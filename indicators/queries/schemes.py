"""Reading scheme versions, and schemes as the engine knows them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from scoring import engine

from ..formulas import formula_of, in_words, names_of
from ..models import SchemeVersion
from ..rules import FUNCTION_LABELS, is_about_people, name_of, typed_unit, unit_of
from ..states import SchemeState

__all__ = [
    "FUNCTION_LABELS", "active", "formula_of", "in_words", "indicators_named", "is_about_people", "name_of", "names_of", "scheme_of", "typed_unit", "unit_of",
    "usable", "versions", "with_body",
]  # fmt: skip

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


def with_body(version_id: int) -> SchemeVersion | None:
    """One version of the park with its body, drafts included."""
    return SchemeVersion.objects.filter(pk=version_id).first()


def scheme_of(version: Any) -> engine.Scheme:
    """The scheme of a version (`digest` and `body`); kept in memory by digest, since a version never changes."""
    digest: str = version.digest
    if digest not in _loaded:
        if len(_loaded) >= KEPT:
            _loaded.clear()
        _loaded[digest] = engine.load_scheme(version.body)
    return _loaded[digest]


def indicators_named(version: Any, text: str) -> list[engine.scheme.Indicator]:
    """Indicators of a version whose Chinese or English name has the text."""
    wanted = text.casefold()
    return [one for one in scheme_of(version).indicators if wanted in f"{one.zh}\n{one.en}".casefold()]

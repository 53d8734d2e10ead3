"""What of this room can be searched: registered with parks.search when the application starts."""

from __future__ import annotations

from typing import Any

from parks.search import Asked, Hit, Listed, register

from .queries import schemes


def indicators_of(version: Any, asked: Asked) -> list[tuple[Any, Any]]:
    """Indicators of a scheme that fit the words, each with its version; none where there is no version."""
    return [(version, one) for one in schemes.indicators_named(version, asked.text)] if version else []


def hit_in(url: str, version: Any, indicator: Any) -> Hit:
    """An indicator on the page of its version."""
    return Hit(schemes.name_of(indicator), f"{url}#{indicator.code}", version.version)


def _in_force(asked: Asked) -> list[tuple[Any, Any]]:
    return indicators_of(schemes.active().first(), asked)


def _in_scheme(asked: Asked, rows: list[tuple[Any, Any]]) -> list[Hit]:
    return [
        hit_in(asked.url("indicators:scheme", version_id=version.pk), version, one) for version, one in rows
    ]


register(Listed("indicators", "indicators:schemes", _in_force, _in_scheme))

"""What of this room can be searched: registered with parks.search when the application starts."""

from __future__ import annotations

from typing import Any

from parks.search import Asked, Hit, Listed, register

from .models import SchemeVersion
from .queries import schemes


def _indicators(asked: Asked) -> list[tuple[SchemeVersion, Any]]:
    """Of the version in force."""
    version = schemes.active().first()
    return [(version, one) for one in schemes.indicators_named(version, asked.text)] if version else []


def _in_scheme(asked: Asked, rows: list[tuple[SchemeVersion, Any]]) -> list[Hit]:
    return [
        Hit(
            schemes.name_of(one),
            f"{asked.url('indicators:scheme', version_id=version.pk)}#{one.code}",
            version.version,
        )
        for version, one in rows
    ]


register(Listed("indicators", "indicators:schemes", _indicators, _in_scheme))

"""Canonical JSON: one text for one value, for hashing (after RFC 8785, without floats)."""

from __future__ import annotations

import datetime as dt
import json
import unicodedata
from decimal import Decimal
from typing import Any


def canonical_json(value: Any) -> str:
    """Sorted keys, no spaces, NFC text, Decimals and dates as strings.

    Raises TypeError for floats, ValueError for a Decimal that is no number and for keys that become one under NFC.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError("Floats have no canonical form; use Decimal.")
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return _object(value)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(item) for item in items]
    return unicodedata.normalize("NFC", str(value))


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number.")
    return format(value, "f")


def _object(value: dict[Any, Any]) -> dict[str, Any]:
    plain = {unicodedata.normalize("NFC", str(key)): _plain(item) for key, item in value.items()}
    if len(plain) != len(value):
        raise ValueError("Two keys have the same canonical form.")
    return plain

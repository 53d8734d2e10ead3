"""One spelling for equal data: sorted keys, NFC text, numbers as plain decimals; used by every hash."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON without spaces, keys sorted by code point, 1 == 1.0 == Decimal('1.00') written as 1."""
    return _text(value).encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        items = sorted((unicodedata.normalize("NFC", str(key)), item) for key, item in value.items())
        return "{" + ",".join(f"{_quote(key)}:{_text(item)}" for key, item in items) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(_text(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float, Decimal)):
        return _number(Decimal(str(value)))
    return _quote(unicodedata.normalize("NFC", str(value)))


def _number(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

"""What rule.schema.json finds wrong, with the key path of each finding, so that a message can name the line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "rule.schema.json").read_text(encoding="utf-8"))
Key = tuple[str | int, ...]
_VALIDATOR = Draft202012Validator(SCHEMA)
_CODES = {
    "type": "type", "required": "missing", "maxLength": "length", "minLength": "length", "pattern": "pattern", "enum": "enum",
    "maxItems": "too_many", "minItems": "too_few", "exclusiveMinimum": "not_above", "minimum": "too_small", "maximum": "too_large",
}  # fmt: skip


def faults(body: Any) -> Iterator[tuple[Key, str, str]]:
    """Everything in which a rule differs from the schema, once: key path, code, what is allowed or meant."""
    errors = sorted(
        _VALIDATOR.iter_errors(body), key=lambda error: [str(part) for part in error.absolute_path]
    )
    yield from dict.fromkeys(fault for error in errors for fault in _fault(error))


def _fault(error: ValidationError) -> Iterator[tuple[Key, str, str]]:
    path: Key = tuple(error.absolute_path)
    kind: str = str(error.validator)
    allowed: Any = error.validator_value
    body: Any = error.instance
    if kind == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for key in set(body) - set(known):
            yield (*path, key), "no_such_key", ", ".join(known)
    elif kind == "required":
        yield from ((path, "missing", key) for key in allowed if key not in body)
    elif isinstance(allowed, list):
        yield path, _CODES.get(kind, kind), ", ".join(map(str, allowed))
    else:
        yield path, _CODES.get(kind, kind), str(body)[:60] if kind == "pattern" else str(allowed)

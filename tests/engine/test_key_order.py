"""The order in which a mapping's keys are written means nothing: a store may change it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scoring import engine

SCHEME = Path(__file__).resolve().parents[2] / "indicators" / "schemes" / "cq_htz_30.yaml"


def _reversed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _reversed(node[key]) for key in reversed(list(node))}
    return [_reversed(item) for item in node] if isinstance(node, list) else node


def test_reordered_keys_give_the_same_columns_and_digest() -> None:
    one = engine.load_scheme(SCHEME)
    other = engine.load_scheme(_reversed(dict(one.body)))
    assert other.fact_columns == one.fact_columns
    assert other.digest == one.digest
    assert other.flag_names == one.flag_names
    assert other.group_codes == one.group_codes

"""Small schemes and facts made on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scoring.engine import Facts, Scheme, facts_from_rows, load_scheme, score

COHORT_FUNCTIONS: dict[str, dict[str, Any]] = {
    "percentile": {}, "rank": {}, "borda": {}, "min_max": {}, "z_score": {"range": 2}, "distance_max": {},
    "distance_median": {},
}  # fmt: skip
UNIT_FUNCTIONS: dict[str, dict[str, Any]] = {
    "piecewise": {"points": [[-2, 0], [0, 0.1], [3, 0.7], [10, 1]]}, "log_cap": {"k": 2, "cap": 50},
    "step": {"tiers": [[0, 0.2], [1, 0.5], [5, 1]]}, "linear_cap": {"floor": -1, "cap": 7},
    "efficacy": {"low": 0, "high": 9}, "distance_target": {"target": 3, "reach": 4},
}  # fmt: skip


def one(
    function: str,
    *,
    indicator: dict[str, Any] | None = None,
    scheme: dict[str, Any] | None = None,
    **parameters: Any,
) -> Scheme:
    """A scheme of one indicator that reads x (six decimals)."""
    item = {
        "code": "i", "dimension": "d", "formula": "x", "scoring": {"function": function, **parameters}, "weight": 100,
    }  # fmt: skip
    return load_scheme({
        "format": 1, "code": "small", "version": "1", "inputs": [{"code": "x", "type": "number"}],
        "dimensions": [{"code": "d"}], "indicators": [item | (indicator or {})],
    } | (scheme or {}))  # fmt: skip


def many(functions: dict[str, dict[str, Any]], **more: Any) -> Scheme:
    """A scheme of some indicators of equal weight that read x0, x1, ..."""
    return load_scheme({
        "format": 1, "code": "small", "version": "1", "rescale_weights": True,
        "inputs": [{"code": f"x{i}", "type": "number"} for i in range(len(functions))], "dimensions": [{"code": "d"}],
        "indicators": [
            {"code": name, "dimension": "d", "formula": f"x{i}", "weight": 1, "scoring": {"function": name, **given}}
            for i, (name, given) in enumerate(functions.items())
        ],
    } | more)  # fmt: skip


def facts(scheme: Scheme, values: Sequence[Any], groups: Sequence[str] | None = None) -> Facts:
    """Units u0000, u0001, ... with x = the values (a value, None, "n/a", or one per input)."""
    rows = []
    for number, value in enumerate(values):
        row: dict[str, Any] = {"id": f"u{number:04d}"}
        each = value if isinstance(value, (list, tuple)) else [value]
        row |= {item.code: v for item, v in zip(scheme.inputs, each, strict=True)}
        if groups is not None:
            row["group"] = groups[number]
        rows.append(row)
    return facts_from_rows(scheme, rows)


def shares(scheme: Scheme, values: Sequence[Any], groups: Sequence[str] | None = None) -> list[int]:
    """s of the first indicator in 1e-4."""
    return [int(s) for s in score(facts(scheme, values, groups), scheme).normalised[:, 0]]

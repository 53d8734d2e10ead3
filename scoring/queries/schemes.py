"""Schemes as this room's pages name their parts; reading them is the indicators' matter."""

from __future__ import annotations

from indicators.queries.schemes import formula_of, in_words, name_of, names_of, scheme_of, typed_unit, unit_of
from indicators.rules import LEVELLED
from scoring import engine

__all__ = ["formula_of", "in_words", "levels_of", "name_of", "names_of", "scheme_of", "typed_unit", "unit_of"]


def levels_of(scheme: engine.Scheme, indicator: engine.scheme.Indicator) -> list[tuple[str, str]]:
    """(level, points) of an indicator that counts levels; empty for others."""
    if indicator.function not in LEVELLED:
        return []
    words = scheme.input_by_code[indicator.formula.single_name].levels
    return [
        (name_of({"code": code, **words.get(code, {})}), str(value))
        for code, value in indicator.scoring["levels"].items()
    ]

"""Schemes as this room's pages name their parts; reading them is the indicators' matter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from indicators.queries.schemes import name_of, scheme_of, typed_unit, unit_of
from indicators.rules import LEVELLED
from scoring import engine

__all__ = ["formula_of", "in_words", "levels_of", "name_of", "names_of", "scheme_of", "typed_unit", "unit_of"]
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_of(items: Iterable[Any]) -> dict[str, str]:
    """Names by code in the reader's language."""
    return {item.code: name_of(item) for item in items}


def in_words(formula: str, names: Mapping[str, str]) -> str:
    """A formula as one would write it, with other words in the place of its codes; a code without one stays."""
    return NAME.sub(lambda found: names.get(found.group(), found.group()), formula).replace("*", "×")


def formula_of(scheme: engine.Scheme, indicator: engine.scheme.Indicator) -> str:
    """The formula of an indicator in the names of its inputs."""
    return in_words(indicator.formula.text, names_of(scheme.inputs))


def levels_of(scheme: engine.Scheme, indicator: engine.scheme.Indicator) -> list[tuple[str, str]]:
    """(level, points) of an indicator that counts levels; empty for others."""
    if indicator.function not in LEVELLED:
        return []
    words = scheme.input_by_code[indicator.formula.single_name].levels
    return [
        (name_of({"code": code, **words.get(code, {})}), str(value))
        for code, value in indicator.scoring["levels"].items()
    ]

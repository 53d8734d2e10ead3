"""Firms that are addressed by stage and qualification, for events and notices."""

from __future__ import annotations

from collections.abc import Collection

from .. import formula
from .matching_facts import Firm, firms

QUALIFICATIONS = tuple(
    code for code, fact in formula.FACTS.items() if fact.sources == ("qualifications",) and code != "hnte_prev"
)  # fmt: skip


def addressed(*, stages: Collection[str] = (), qualifications: Collection[str] = ()) -> list[Firm]:
    """Members of the park in one of the stages (published points) and with one of the qualifications (verified); empty = all."""
    return [
        one
        for one in firms()
        if (not stages or one.stage in stages)
        and (not qualifications or any(one.known.get(code) for code in qualifications))
    ]


def qualification_choices(language: str) -> list[tuple[str, str]]:
    names = "zh" if language == "zh" else "en"
    return [(code, getattr(formula.FACTS[code], names)) for code in QUALIFICATIONS]

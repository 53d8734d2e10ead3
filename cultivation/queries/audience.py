"""Firms that are addressed by stage and qualification, for events and notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from scoring.queries import standing

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


def choices(language: str) -> dict[str, list[tuple[str, str]]]:
    """Stages and qualifications that may be chosen, with their names."""
    return {
        "stages": list(standing.published_stages().items()),
        "qualifications": [(code, formula.FACTS[code].label(language)) for code in QUALIFICATIONS],
    }


def names_of(codes: Iterable[str], language: str) -> list[str]:
    """Stages and qualifications in words; one that the newest scheme does not know any more as it was kept."""
    known = {code: name for pairs in choices(language).values() for code, name in pairs}
    return [known.get(code, code) for code in codes]

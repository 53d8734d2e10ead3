"""What a consent lets out of an enterprise, as data by field groups; a group that is not asked for is not read.

Pages, documents and the API all show this and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from enterprises.queries import enterprises, evidence
from innovscore.core.problems import Conflict
from scoring.queries import explain, fair
from scoring.queries.peers import axes_of
from scoring.queries.standing import Standing, standings_of

from ..rules import HISTORY_YEARS, finance_band
from ..states import GROUPS
from .figures import two_years
from .standing import in_force

Card = dict[str, dict[str, Any] | None]


def card(enterprise_id: int, groups: Iterable[str]) -> Card:
    """Group -> its fields, in the order of GROUPS; None where there is no score yet, or it is in doubt."""
    wanted = set(groups)
    standing = in_force(enterprise_id) if wanted - {"id"} else None
    return {
        group: _identity(enterprise_id) if group == "id" else BUILDERS[group](standing) if standing else None
        for group in GROUPS
        if group in wanted
    }


def _identity(enterprise_id: int) -> dict[str, Any]:
    enterprise = enterprises.get(enterprise_id)
    return {
        "name": enterprise.name,
        "uscc": enterprise.uscc,
        "sub_park": enterprise.sub_park.name if enterprise.sub_park else None,
    }


def _score(standing: Standing) -> dict[str, Any]:
    return {
        "year": standing.cycle_year,
        "total": standing.total,
        "place": standing.place,
        "ranked": standing.ranked,
        "stage": standing.stage,
        "snapshot": standing.snapshot_id,
        "run_hash": standing.run_hash,
        "published": standing.is_published,
    }


def _dimensions(standing: Standing) -> dict[str, Any]:
    axes = axes_of(standing)
    return {
        "names": {axis.code: axis.name for axis in axes},
        "points": {axis.code: axis.points for axis in axes},
        "reachable": {axis.code: axis.reachable for axis in axes},
        "median": {axis.code: axis.median for axis in axes},
    }


def _finance(standing: Standing) -> dict[str, Any]:
    figures = two_years(standing.enterprise_id, standing.cycle_year)
    named = {"revenue": figures.revenue, "tax": figures.tax, "rd": figures.rd}
    return {
        name: [_band(standing.cycle_year - back, amount) for back, amount in enumerate(values)]
        for name, values in named.items()
    }


def _band(year: int, amount: Decimal | None) -> dict[str, Any]:
    band = finance_band(amount)
    return {
        "year": year,
        "known": band is not None,
        "from": band[0] if band else None,
        "below": band[1] if band else None,
    }


def _indicators(standing: Standing) -> dict[str, Any] | None:
    """None where the stored digits cannot be computed again: what is in doubt is not let out."""
    result = explain.result_of(year=standing.cycle_year, enterprise_id=standing.enterprise_id)
    try:
        page = explain.score_page(result)
    except Conflict:
        return None
    lines = [line for part in page.dimensions for line in part.indicators]
    return {
        "year": standing.cycle_year,
        "items": [
            {
                "code": line.code,
                "dimension": line.dimension,
                "name": line.name,
                "value": line.x or None,
                "unit": line.unit,
                "points": Decimal(line.points),
                "reachable": Decimal(line.weight),
                "applies": line.state != "not_applicable",
            }
            for line in lines
        ],
    }


def _history(standing: Standing) -> dict[str, Any]:
    """Published years up to the one in force. `comparable` is the year's total under the method of the newest."""
    published = [
        one
        for one in standings_of(standing.enterprise_id)
        if one.is_published and one.cycle_year <= standing.cycle_year
    ][-HISTORY_YEARS:]
    return {
        "years": [
            {
                "year": year.standing.cycle_year,
                "total": year.standing.total,
                "comparable": year.fair,
                "place": year.standing.place,
                "ranked": year.standing.ranked,
            }
            for year in fair.years(published).years
        ]
    }


def _evidence(standing: Standing) -> dict[str, Any]:
    found = evidence.releasable(enterprise_id=standing.enterprise_id, year=standing.cycle_year)
    return {
        "year": standing.cycle_year,
        "documents": [
            {
                "id": one.file.pk,
                "title": one.title,
                "proves": list(one.proves),
                "date": one.file.uploaded_at,
                "size": one.file.size,
            }
            for one in found
        ],
    }


def document_of(enterprise_id: int, file_id: int) -> evidence.Document | None:
    """A paper of the list that the group `evidence` gives now."""
    standing = in_force(enterprise_id)
    if standing is None:
        return None
    found = evidence.releasable(enterprise_id=enterprise_id, year=standing.cycle_year)
    return next((one for one in found if one.file.pk == file_id), None)


BUILDERS: dict[str, Callable[[Standing], dict[str, Any] | None]] = {
    "score": _score,
    "dims": _dimensions,
    "fin": _finance,
    "indicators": _indicators,
    "history": _history,
    "evidence": _evidence,
}

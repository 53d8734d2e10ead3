"""The score card of an enterprise as data, by field groups; a group that is not asked for is not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from enterprises.queries import enterprises
from scoring.queries.standing import Standing

from ..rules import finance_band
from .figures import two_years
from .standing import in_force


def card(enterprise_id: int, groups: Iterable[str]) -> dict[str, dict[str, Any] | None]:
    """Group -> its fields; None where there is no score yet."""
    wanted = set(groups)
    standing = in_force(enterprise_id) if wanted & {"score", "dims", "fin"} else None
    return {group: build(enterprise_id, standing) for group, build in BUILDERS.items() if group in wanted}


def _identity(enterprise_id: int, standing: Standing | None) -> dict[str, Any]:
    enterprise = enterprises.get(enterprise_id)
    return {
        "name": enterprise.name,
        "uscc": enterprise.uscc,
        "sub_park": enterprise.sub_park.name if enterprise.sub_park else None,
    }


def _score(enterprise_id: int, standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
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


def _dimensions(enterprise_id: int, standing: Standing | None) -> dict[str, Any] | None:
    return {"points": dict(standing.dimensions)} if standing else None


def _finance(enterprise_id: int, standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    figures = two_years(enterprise_id, standing.cycle_year)
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


BUILDERS: dict[str, Callable[[int, Standing | None], dict[str, Any] | None]] = {
    "id": _identity,
    "score": _score,
    "dims": _dimensions,
    "fin": _finance,
}

"""What is known of firms under the names that rules use: verified figures, published points, the register."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from enterprises.queries import enterprises, verified
from innovscore.core.dates import whole_years
from parks.clock import db_today
from scoring.queries import standing

from .. import formula
from ..models import Platform, StatedFact
from ..states import PlatformState
from . import facts

Known = dict[str, Decimal | None]
WAN = Decimal(10_000)
YEARS = 2
"""So many years before the newest one a firm's last verified figures may lie."""
HIGH_LEVELS = ("provincial", "national")
"""Levels of the scheme's list of platforms."""
_CODES = sorted({code for fact in formula.FACTS.values() for code in fact.sources})
_QUALIFICATIONS = [
    name
    for name, fact in formula.FACTS.items()
    if fact.sources == ("qualifications",) and name != "hnte_prev"
]
_PLAIN = [name for name, fact in formula.FACTS.items() if fact.sources == (name,)]


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm with what is known of it; `year` is the year of its figures, None without verified ones.

    `qualifications` are the entries (level, name, number, date) of that year, `stated` the accepted facts by name.
    """

    id: int
    organisation_id: int
    name: str
    uscc: str
    stage: str
    year: int | None
    known: Known
    qualifications: tuple[Mapping[str, str], ...] = ()
    stated: Mapping[str, StatedFact] = field(default_factory=dict)


def firms(enterprise_id: int | None = None) -> list[Firm]:
    """All members of the park, or one, with their facts; the number of queries does not depend on how many."""
    rows = enterprises.members().order_by("pk")
    if enterprise_id is not None:
        rows = rows.filter(pk=enterprise_id)
    newest = verified.newest_verified_year()
    figures = (
        verified.figures(codes=_CODES, since=newest - YEARS, enterprise_id=enterprise_id) if newest else {}
    )
    points = _points(enterprise_id)
    carriers = _carriers(enterprise_id)
    stated = facts.counting(enterprise_id)
    today = db_today()
    found = []
    for pk, organisation, name, uscc, founded in rows.values_list(
        "pk", "organisation_id", "name", "uscc", "founded_on"
    ):
        year = (
            next((y for y in range(newest, newest - YEARS - 1, -1) if (pk, y) in figures), None)
            if newest
            else None
        )
        total, stage = points.get(pk, (None, ""))
        known = _known(*(figures.get((pk, (year or 0) - back)) for back in range(YEARS + 1)))
        known |= {"enterprise": Decimal(1), "score_total": total, "age_years": _age(founded, today)}
        known["provincial_platform"] = Decimal(pk in carriers)
        said = stated.get(pk, {})
        known |= {code: row.value for code, row in said.items()}
        entries = figures.get((pk, year or 0), {}).get("qualifications")
        held = tuple(entries) if isinstance(entries, list) else ()
        found.append(Firm(pk, organisation, name, uscc, stage, year, known, held, said))
    return found


def firm(enterprise_id: int) -> Firm:
    return firms(enterprise_id)[0]


def find(enterprise_id: int) -> Firm | None:
    """The same, None for one that is no member of the park any more."""
    return next(iter(firms(enterprise_id)), None)


def _points(enterprise_id: int | None) -> Mapping[int, tuple[Decimal | None, str]]:
    if enterprise_id is None:
        return standing.published_totals()
    scored = [one for one in standing.standings_of(enterprise_id) if one.is_published]
    return {enterprise_id: (scored[-1].total, scored[-1].stage)} if scored else {}


def _carriers(enterprise_id: int | None) -> set[int]:
    """Firms with a registered R&D platform in force that counts as provincial or national."""
    rows = Platform.objects.filter(state=PlatformState.IN_FORCE, level__counts_as__in=HIGH_LEVELS)
    rows = rows if enterprise_id is None else rows.filter(enterprise_id=enterprise_id)
    return set(rows.values_list("enterprise_id", flat=True))


def _age(founded: dt.date | None, today: dt.date) -> Decimal | None:
    return Decimal(whole_years(founded, today)) if founded else None


def _known(
    values: Mapping[str, Any] | None, before: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
) -> Known:
    """What three declarations say: of a year, the one before, and the one before that."""
    known: Known = {}
    values, earlier = values or {}, earlier or {}
    for name in _PLAIN:
        value = values.get(name)
        if isinstance(value, Decimal):
            known[name] = value / WAN if formula.FACTS[name].unit == "wan" else value
        else:
            known[name] = None
    levels = _levels(values.get("qualifications"))
    known |= {name: None if levels is None else Decimal(name in levels) for name in _QUALIFICATIONS}
    past = _levels((before or {}).get("qualifications"))
    known["hnte_prev"] = None if past is None else Decimal("hnte" in past)
    known["revenue_before_2y"] = _wan((before or {}).get("revenue_prev") or earlier.get("revenue"))
    known["revenue_before_3y"] = _wan(earlier.get("revenue_prev"))
    known["rd_intensity_3y"] = _intensity(values, earlier)
    known["rd_intensity_4y"] = _percent(
        *(_sum(one.get(code) for one in (values, earlier) for code in (name, f"{name}_prev")) for name in ("rd_expense", "revenue"))
    )  # fmt: skip
    return known | made_of(known)


def _intensity(values: Mapping[str, Any], earlier: Mapping[str, Any]) -> Decimal | None:
    """R&D over revenue of the newest year, the one before and the one before that, of those that are known."""
    years = [
        (values.get("rd_expense"), values.get("revenue")),
        (values.get("rd_expense_prev"), values.get("revenue_prev")),
        (earlier.get("rd_expense"), earlier.get("revenue")),
    ]
    known = [pair for pair in years if all(isinstance(one, Decimal) for one in pair)]
    return _percent(*map(_sum, zip(*known, strict=True))) if years[0] in known else None


def _wan(yuan: Any) -> Decimal | None:
    return yuan / WAN if isinstance(yuan, Decimal) else None


def _sum(values: Iterable[Any]) -> Decimal | None:
    """The sum, if every part is known."""
    parts = list(values)
    return sum(parts, Decimal(0)) if all(isinstance(one, Decimal) for one in parts) else None


def made_of(known: Mapping[str, Decimal | None]) -> Known:
    """The figures that follow from others."""
    growth = _minus(known["revenue"], known["revenue_prev"])
    return {
        "rd_increase": _minus(known["rd_expense"], known["rd_expense_prev"]),
        "revenue_yoy": _percent(growth, known["revenue_prev"]),
        "revenue_growth_2y": _percent(
            _minus(known["revenue"], known["revenue_before_2y"]), known["revenue_before_2y"]
        ),
        "revenue_growth_3y": _percent(
            _minus(known["revenue"], known["revenue_before_3y"]), known["revenue_before_3y"]
        ),
        "rd_intensity": _percent(known["rd_expense"], known["revenue"]),
        "rd_staff_ratio": _percent(known["rd_staff"], known["staff_total"]),
        "rd_cost_share": _percent(known["rd_expense"], known["total_cost_expense"]),
        "hightech_share": _percent(known["hightech_revenue"], known["revenue"]),
        "debt_ratio": _percent(known["total_liabilities_end"], known["total_assets_end"]),
    }


def supposing(known: Mapping[str, Decimal | None], changed: Mapping[str, Decimal]) -> Known:
    """What would be known with some figures changed: those that follow from them change too, unless they are given."""
    supposed = {**known, **changed}
    return {**supposed, **made_of(supposed), **changed} if known else supposed


def _levels(entries: Any) -> set[str] | None:
    if entries is None:
        return None
    return {str(one.get("level")) for one in entries} if isinstance(entries, list) else set()


def _minus(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    return None if a is None or b is None else a - b


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    return None if part is None or not whole or whole < 0 else part / whole * 100

"""The one-enterprise file 一企一档: all that the park knows of a firm, room by room.

Loans are a matter of firm and bank: the park sees neither banks nor loans of a firm, only the interest subsidies it gave itself.
"""

from __future__ import annotations

from typing import Any

from enterprises.queries import enterprises
from parks.clock import db_now, db_today
from parks.queries import benefits
from scoring.queries import fair, standing

from ..wording import language
from . import claims, facts, gatherings, ladder, matching, matching_facts, platforms, pools, visits

MOST = 20
"""So many visits, appeals and events are shown, the newest first."""


def of(enterprise_id: int, park_code: str) -> dict[str, Any]:
    """Its parts by name. Raises NotFound."""
    enterprise = enterprises.get(enterprise_id)
    firm = matching_facts.find(enterprise_id)
    rungs = ladder.ladder(firm, park_code) if firm else []
    names = {name for one in rungs for name in one.rule.names}
    return {
        "enterprise": enterprise, "firm": firm, "held": [one for one in rungs if one.held],
        "next": [one for one in rungs if not one.held and one.state != "short"],
        "facts": [one for one in facts.lines(enterprise_id, names, language()) if one.is_stated],
        "trend": fair.years(standing.standings_of(enterprise_id)),
        "places": pools.of_enterprise(enterprise_id), "platforms": platforms.of_enterprise(enterprise_id),
        "offers": matching.overview(enterprise_id, firm) if firm else None, "claims": claims.of_enterprise(enterprise_id),
        "benefits": benefits.standing(enterprise.organisation_id)[:MOST],
        "visits": visits.visits().filter(enterprise_id=enterprise_id)[:MOST], "appeals": visits.of_enterprise(enterprise_id)[:MOST],
        "events": gatherings.attended_by(enterprise_id)[:MOST], "today": db_today(), "made": db_now(),
    }  # fmt: skip

"""The turn of the year: a cycle whose boards are all published is closed; its editions stay reproducible."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from enterprises.queries import cycles as cycle_queries
from enterprises.services import cycles
from innovscore.core.problems import Conflict
from parks.actors import Actor

from ..queries import readiness


def close(*, by: Actor, year: int) -> None:
    """Close a year: no correction or new edition after it. Raises Conflict naming what is still open."""
    with transaction.atomic():
        missing = [item.text for item in readiness.for_closing(year, by) if not item.done]
        if missing:
            raise Conflict(
                code="year_open", message=_("还不能结束这个年度：%(what)s。") % {"what": "；".join(missing)}
            )
        cycles.close(by=by, cycle=cycle_queries.of_year(year))

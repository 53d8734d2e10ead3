"""Early warning for a bank: loans whose firm's points fell, is vetoed or under objection, or is late. Totals by stage."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from parks.actors import Actor
from parks.clock import db_today
from scoring.queries.standing import standings_of

from ..models import Application
from ..states import OWING_STATES, ApplicationState
from . import loans
from .package import stage_name

FALL = Decimal(5)
"""Points by which a fall from one year to the next is a warning."""


@dataclass(frozen=True, slots=True)
class Warning:
    application: Application
    reasons: tuple[str, ...]


def early(actor: Actor) -> list[Warning]:
    """Loans with money out that give cause for a call, the largest first. Scores only where the consent holds."""
    rows = loans.portfolio(actor).filter(status__in=OWING_STATES).order_by("-drawn")[:200]
    found = [Warning(row, tuple(_reasons(row))) for row in rows]
    return [one for one in found if one.reasons]


def _reasons(application: Application) -> list[str]:
    reasons = []
    days = loans.days_overdue(application, db_today())
    if days:
        reasons.append(_("逾期 %(n)s 天") % {"n": days})
    if not application.consent_holds:  # type: ignore[attr-defined]  # annotated
        return reasons
    standings = standings_of(application.enterprise_id)
    if len(standings) > 1 and standings[-2].total - standings[-1].total >= FALL:
        fall = standings[-2].total - standings[-1].total
        reasons.append(_("积分比上年下降 %(n)s 分") % {"n": f"{fall:.1f}"})
    flags = standings[-1].flags if standings else ()
    if "VETO" in flags:
        reasons.append(_("有一票否决事项"))
    if "PROVISIONAL" in flags:
        reasons.append(_("积分待定（数据有异议或不完整）"))
    return reasons


def by_stage(rows: QuerySet[Application]) -> list[dict[str, Any]]:
    """Outstanding and undrawn by the stage that the quote of each loan was made for."""
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in rows:
        entry = sums[stage_name(str(row.quote.inputs.get("stage", "")))]
        entry[0] += row.drawn
        entry[1] += row.reserved
    return [{"label": label, "owed": owed, "undrawn": undrawn} for label, (owed, undrawn) in sums.items()]


def labelled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    labels = dict(ApplicationState.choices)
    return [row | {"label": labels.get(str(row["label"]), row["label"])} for row in rows]

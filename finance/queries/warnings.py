"""Early warning for a bank: loans whose firm's points fell, is vetoed or under objection, or is late. Totals by stage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from parks.actors import Actor
from parks.clock import db_today
from scoring.queries import fair
from scoring.queries.standing import Standing, published_stages

from ..models import Application
from ..states import OWING_STATES, ApplicationState
from . import loans
from .standing import standings_in_force

FALL = Decimal(5)
"""Points by which a fall from one year to the next is a warning."""
MOST = 200


@dataclass(frozen=True, slots=True)
class Warning:
    application: Application
    reasons: tuple[str, ...]


def watched(actor: Actor) -> list[Application]:
    """Loans with money out, the largest first."""
    return list(loans.portfolio(actor).filter(status__in=OWING_STATES).order_by("-drawn")[:MOST])


def early(watched: list[Application], scores_of: Container[int]) -> list[Warning]:
    """Those that give cause for a call. Scores count only under the consents of `scores_of`, whose read is written down."""
    late = loans.days_late([one.pk for one in watched], db_today())
    told = [one.enterprise_id for one in watched if one.consent_id in scores_of]
    standings = standings_in_force(told)
    before = fair.before(standings.values())
    found = []
    for one in watched:
        reasons = [_("逾期 %(n)s 天") % {"n": late[one.pk]}] if late[one.pk] else []
        if one.consent_id in scores_of:
            reasons += _of_score(standings.get(one.enterprise_id, []), before.get(one.enterprise_id))
        if reasons:
            found.append(Warning(one, tuple(reasons)))
    return found


def _of_score(standings: list[Standing], before: Decimal | None) -> list[str]:
    """What the official years, and a veto as soon as it is computed, give cause to ask.

    `before` is the year before by the method of the newest: a new method is nobody's fall. None when it cannot be told.
    """
    reasons = []
    if before is not None and (fall := before - standings[-1].total) >= FALL:
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
    names = published_stages()
    for row in rows:
        stage = str(row.quote.inputs.get("stage", ""))
        entry = sums[names.get(stage, stage)]
        entry[0] += row.drawn
        entry[1] += row.reserved
    return [{"label": label, "owed": owed, "undrawn": undrawn} for label, (owed, undrawn) in sums.items()]


def labelled(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    labels = dict(ApplicationState.choices)
    return [row | {"label": labels.get(str(row["label"]), row["label"])} for row in rows]

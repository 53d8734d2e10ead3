"""The special fund of the demo zone: one year paid with an award taken back, one year on notice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import psycopg2

from enterprises.models import Cycle
from innovscore.settings import env
from parks.actors import Actor
from parks.clock import BEIJING
from parks.models import Park
from parks.scope import park_scope
from rankings.models import Award, AwardPlan
from rankings.services import awards

from .boards import CONTACT

WAN = Decimal(10_000)
CAP = 400 * WAN
RULES = ((1, 1, 20), (2, 3, 10), (4, 10, 5))  # places from-to, 万元
CONDITION = "两年内迁出本园区的追回"


def paid_year(park: Park, people: dict[str, Actor], *, cycle: Cycle, boards: list[str]) -> None:
    """Approved by two others in the January after the boards; most are paid, one was paid and reclaimed, the last wait."""
    officer, admin = people["park.score@demo"], people["park.admin@demo"]
    plan = _on_notice(park, people, cycle=cycle, boards=boards)
    paid_on = dt.date(cycle.year + 2, 1, 23)
    _notice_was(park, plan, dt.datetime(cycle.year + 2, 1, 4, 9, tzinfo=BEIJING))
    with park_scope(park.pk):
        awards.approve(by=people["park.publish@demo"], plan_id=plan.pk)
        awards.approve(by=people["park.publish2@demo"], plan_id=plan.pk)
        rows = list(Award.objects.filter(plan=plan).order_by("-amount", "pk"))
        for number, row in enumerate(rows[:-3], start=1):
            reference = f"GK{paid_on:%Y%m%d}-{number:03}"
            awards.pay(
                by=officer, award_id=row.pk, paid_on=paid_on, reference=reference, key=f"demo-{row.pk}"
            )
        if len(rows) > 3:
            awards.reclaim(by=admin, award_id=rows[-4].pk, reason="两年内迁出本园区")


def year_on_notice(park: Park, people: dict[str, Actor], *, cycle: Cycle, boards: list[str]) -> None:
    """Proposed and on notice since today."""
    _on_notice(park, people, cycle=cycle, boards=boards)


def _on_notice(park: Park, people: dict[str, Actor], *, cycle: Cycle, boards: list[str]) -> AwardPlan:
    officer = people["park.score@demo"]
    with park_scope(park.pk):
        awards.set_budget(by=officer, cycle=cycle, cap=CAP)
        for board in boards:
            for first, last, amount in RULES:
                fields = {
                    "board": board,
                    "place_from": first,
                    "place_to": last,
                    "amount": amount * WAN,
                    "condition": CONDITION,
                }
                awards.add_rule(by=officer, cycle=cycle, fields=fields)
        plan = awards.propose(by=officer, cycle=cycle)
        return awards.publicise(by=people["park.publish@demo"], plan_id=plan.pk, contact=CONTACT)


def _notice_was(park: Park, plan: AwardPlan, start: dt.datetime) -> None:
    """Invented history needs the owner of the tables: the application cannot shorten a notice."""
    owner = psycopg2.connect(env.str("DATABASE_OWNER_URL"))
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park.pk)])
        cursor.execute(
            "UPDATE rankings_awardplan SET publicised_at = %s, notice_ends_at = %s WHERE id = %s",
            [start, start + dt.timedelta(days=9), plan.pk],
        )
    owner.close()

"""What only the firms know of themselves: what counts today, what waits, and each firm's own lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from innovscore.core import workdays
from innovscore.core.problems import NotFound
from parks import workdays as parks_workdays
from parks.clock import db_today

from ..formula import STATED
from ..models import StatedFact
from ..states import FactState


def facts() -> QuerySet[StatedFact]:
    """Every fact, those that wait first, then the newest."""
    return StatedFact.objects.select_related("enterprise", "evidence").order_by(F("state").desc(), "-pk")


def waiting() -> QuerySet[StatedFact]:
    return facts().filter(state=FactState.STATED)


def get(fact_id: int) -> StatedFact:
    row = facts().filter(pk=fact_id).first()
    if row is None:
        raise NotFound(code="no_such_fact", message=_("没有这条企业自报数据。"))
    return row


def history(enterprise_id: int, code: str) -> QuerySet[StatedFact]:
    """What a firm stated under a name; raises NotFound for a name that firms do not state."""
    if code not in STATED:
        raise NotFound(code="no_such_fact", message=_("没有这项企业自报数据。"))
    return facts().filter(enterprise_id=enterprise_id, code=code).order_by("-pk")


def counting(enterprise_id: int | None = None) -> dict[int, dict[str, StatedFact]]:
    """Firm -> name -> the newest accepted fact that has not run out."""
    rows = facts().filter(state=FactState.ACCEPTED, until__gte=db_today(), code__in=STATED)
    rows = rows if enterprise_id is None else rows.filter(enterprise_id=enterprise_id)
    found: dict[int, dict[str, StatedFact]] = {}
    for row in rows.order_by("enterprise_id", "code", "-pk").distinct("enterprise_id", "code"):
        found.setdefault(row.enterprise_id, {})[row.code] = row
    return found


def ending(within: int) -> list[tuple[StatedFact, int]]:
    """Facts that count today and for at most so many working days more, with the days left."""
    today, overrides = db_today(), parks_workdays.overrides()
    last = workdays.add_working_days(today, within, overrides)
    rows = (row for of_firm in counting().values() for row in of_firm.values() if row.until <= last)
    return [(row, workdays.working_days_between(today, row.until, overrides)) for row in rows]


@dataclass(frozen=True, slots=True)
class Line:
    """A name that rules read: what counts of it today, and the newest row if that is another one."""

    code: str
    label: str
    counts: StatedFact | None
    newest: StatedFact | None

    @property
    def is_stated(self) -> bool:
        return bool(self.counts or self.newest)


def lines(enterprise_id: int, codes: Iterable[str], language: str) -> list[Line]:
    """A line for each of the names that a firm states, in the order of the vocabulary."""
    wanted = [code for code in STATED if code in set(codes)]
    counts = counting(enterprise_id).get(enterprise_id, {})
    rows = (
        facts().filter(enterprise_id=enterprise_id, code__in=wanted).order_by("code", "-pk").distinct("code")
    )
    newest = {row.code: row for row in rows}
    return [
        Line(code, STATED[code].label(language), counts.get(code), None if newest.get(code) == counts.get(code) else newest.get(code))
        for code in wanted
    ]  # fmt: skip

"""The special fund as the office and the public see it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.models import Park
from scoring.queries import cycles
from scoring.queries.schemes import names_of, scheme_of

from ..models import Award, AwardBudget, AwardPlan, AwardRule, BoardEntry
from ..states import EditionState
from . import further
from .wording import moment


def cycle_of(year: int) -> Any:
    return cycles.get_cycle(year)


def budget(cycle: Any) -> AwardBudget | None:
    return AwardBudget.objects.filter(cycle=cycle).first()


def rules(cycle: Any) -> list[AwardRule]:
    return list(AwardRule.objects.filter(cycle=cycle).order_by("board", "place_from"))


def board_choices(cycle: Any) -> list[tuple[str, str]]:
    """Boards that a rule may name: the scheme's and the park's own."""
    own = [(row.code, row.name_zh) for row in further.definitions()]
    return [*names_of(scheme_of(cycle.scheme_version).boards).items(), *own]


def final_entries(cycle: Any) -> list[BoardEntry]:
    """Places of the final boards of a year."""
    rows = BoardEntry.objects.filter(edition__cycle=cycle, edition__state=EditionState.FINAL)
    return list(rows.select_related("edition").order_by("edition__board", "position"))


def awarded(cycle: Any) -> set[int]:
    """Firms that have an award of the year which still counts."""
    rows = Award.objects.filter(plan__cycle=cycle, state__in=(Award.State.APPROVED, Award.State.PAID))
    return set(rows.values_list("enterprise_id", flat=True))


def plans(cycle: Any) -> QuerySet[AwardPlan]:
    return AwardPlan.objects.filter(cycle=cycle).order_by("-number")


def get_plan(plan_id: int) -> AwardPlan:
    plan = AwardPlan.objects.select_related("cycle").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(code="no_such_plan", message=_("没有这份方案。"))
    return plan


def awards_of(plan: AwardPlan) -> QuerySet[Award]:
    return Award.objects.filter(plan=plan).order_by("board", "place", "uscc")


def public_plans(park: Park) -> list[AwardPlan]:
    """Plans that the public may see, with their awards; no park is entered."""
    rows = AwardPlan.everywhere.filter(park=park).exclude(state__in=("proposed", "cancelled")).order_by("-pk")
    found = []
    for plan in rows:
        awards = Award.everywhere.filter(park=park, plan=plan).exclude(state="cancelled")
        plan.shown = list(awards.order_by("-amount", "board", "place"))  # type: ignore[attr-defined]
        plan.ends = moment(plan.notice_ends_at) if plan.notice_ends_at else ""  # type: ignore[attr-defined]
        found.append(plan)
    return found

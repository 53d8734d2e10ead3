"""The special fund as the office and the public see it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.models import Park
from scoring.queries import cycles
from scoring.queries.schemes import names_of, scheme_of

from ..models import Award, AwardBudget, AwardPlan, AwardRule, BoardEntry
from ..states import EditionState
from . import further
from .wording import moment

State = Award.State
COUNTS = (State.APPROVED, State.PAID)


def cycle_of(year: int) -> Any:
    return cycles.get_cycle(year)


def budget(cycle: Any) -> AwardBudget | None:
    return AwardBudget.objects.filter(cycle=cycle).first()


def rules(cycle: Any) -> list[AwardRule]:
    return list(AwardRule.objects.filter(cycle=cycle).order_by("board", "place_from"))


def earlier_rules(cycle: Any) -> list[AwardRule]:
    """The rules of the newest earlier year that had some."""
    earlier = AwardRule.objects.filter(cycle__year__lt=cycle.year).select_related("cycle")
    newest = earlier.order_by("-cycle__year").first()
    return rules(newest.cycle) if newest else []


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
    rows = Award.objects.filter(plan__cycle=cycle, state__in=COUNTS)
    return set(rows.values_list("enterprise_id", flat=True))


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one rule gives one entry; `reason` says why it does not."""

    rule: AwardRule
    entry: BoardEntry
    reason: str = ""


def choose(
    rules: Sequence[AwardRule],
    entries: Sequence[BoardEntry],
    already: Collection[int] = (),
    taken_back: Collection[int] = (),
) -> tuple[list[Candidate], list[Candidate]]:
    """(awards, dropped): each firm gets its highest award only; conditions and exclusions are named.

    `already` are firms that have an award, `taken_back` those that lost one although the boards still bear it.
    """
    given: list[Candidate] = []
    dropped: list[Candidate] = []
    for entry in entries:
        for rule in rules:
            if rule.board != entry.edition.board or not rule.place_from <= entry.place <= rule.place_to:
                continue
            why = _barred(rule, entry, already, taken_back)
            (dropped if why else given).append(Candidate(rule, entry, why))
    best: dict[int, Candidate] = {}
    for one in sorted(given, key=lambda one: (-one.rule.amount, one.entry.place, one.rule.board)):
        if one.entry.enterprise_id in best:
            dropped.append(Candidate(one.rule, one.entry, _("就高不重复")))
        else:
            best[one.entry.enterprise_id] = one
    return list(best.values()), dropped


def _barred(
    rule: AwardRule,
    entry: BoardEntry,
    already: Collection[int],
    taken_back: Collection[int],
) -> str:
    if entry.uscc in rule.excluded:
        return _("列入不予奖励名单")
    if entry.total < rule.least_total:
        return _("总积分低于 %(least)s") % {"least": rule.least_total}
    if entry.enterprise_id in already:
        return _("本年度已安排过奖励")
    if entry.enterprise_id in taken_back:
        return _("本年度的奖励已追回或不再拨付")
    return ""


def candidates(cycle: Any, already: Collection[int] = ()) -> tuple[list[Candidate], list[Candidate]]:
    """What the rules give on the boards that are final now, and what they drop; `already` are firms provided for."""
    entries = final_entries(cycle)
    borne = {(one.enterprise_id, one.edition.board, one.place) for one in entries}
    lost = Award.objects.filter(
        plan__cycle=cycle, plan__state=AwardPlan.State.APPROVED, state__in=(State.RECLAIMED, State.CANCELLED)
    ).values_list("enterprise_id", "board", "place")
    taken_back = {firm for firm, board, place in lost if (firm, board, place) in borne}
    return choose(rules(cycle), entries, already, taken_back)


def due(cycle: Any, already: Collection[int] = ()) -> dict[int, Candidate]:
    """The award that each firm is due now, by the firm."""
    return {one.entry.enterprise_id: one for one in candidates(cycle, already)[0]}


def agrees(award: Award, now: dict[int, Candidate]) -> bool:
    """Is the award what its firm is due, place and amount alike?"""
    one = now.get(award.enterprise_id)
    return one is not None and (award.board, award.place, award.amount) == (
        one.rule.board,
        one.entry.place,
        one.rule.amount,
    )


def is_due(award: Award) -> bool:
    """Is the firm due at least this amount on the boards that are final now?"""
    one = due(award.plan.cycle).get(award.enterprise_id)
    return one is not None and one.rule.amount >= award.amount


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An award that the boards no longer bear, and what its firm is due now; `award` is None for a firm left out."""

    award: Award | None
    now: Candidate | None

    @property
    def name(self) -> str:
        return self.award.name if self.award else self.now.entry.name if self.now else ""

    @property
    def advice(self) -> str:
        """What the office does about it."""
        if self.award is None:
            return _("应得而未安排：补充提请")
        if self.award.state == State.APPROVED:
            return _("不能拨付：登记不再拨付，应得的再补充提请")
        if self.now is not None and self.now.rule.amount > self.award.amount:
            return _("少安排：可保留，或追回后补充提请")
        return _("多拨付：追回；决定保留的，在方案外留存依据")


def adjustments(cycle: Any) -> list[Adjustment]:
    """Where approved awards and the final boards differ, after boards were corrected; nothing before a first approval."""
    kept = list(Award.objects.filter(plan__cycle=cycle, state__in=(*COUNTS, State.PROPOSED)).order_by("pk"))
    if not any(one.state in COUNTS for one in kept):
        return []
    now = due(cycle)
    wrong = [
        Adjustment(one, now.get(one.enterprise_id))
        for one in kept
        if one.state in COUNTS and _amount(now.get(one.enterprise_id)) != one.amount
    ]
    provided = {one.enterprise_id for one in kept}
    return wrong + [Adjustment(None, one) for firm, one in now.items() if firm not in provided]


def _amount(one: Candidate | None) -> Decimal | None:
    return one.rule.amount if one else None


@dataclass(frozen=True, slots=True)
class Paid:
    """What of a year's awards has been paid: to how many firms, how many yuan."""

    firms: int
    amount: Decimal


def paid(cycle: Any) -> Paid:
    rows = Award.objects.filter(plan__cycle=cycle, state=Award.State.PAID)
    found = rows.aggregate(firms=Count("enterprise", distinct=True), amount=Sum("amount"))
    return Paid(found["firms"], found["amount"] or Decimal(0))


def plans(cycle: Any) -> QuerySet[AwardPlan]:
    return AwardPlan.objects.filter(cycle=cycle).order_by("-number")


def get_plan(plan_id: int) -> AwardPlan:
    plan = AwardPlan.objects.select_related("cycle").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(code="no_such_plan", message=_("没有这份方案。"))
    return plan


def awards_of(plan: AwardPlan) -> QuerySet[Award]:
    return Award.objects.filter(plan=plan).order_by("board", "place", "uscc")


def finance_table(plan: AwardPlan) -> list[dict[str, Any]]:
    """The awards of a plan under the heads of the office, amounts in yuan, with a sum for each state."""
    rows = list(awards_of(plan))
    table = [
        {
            _("统一社会信用代码"): row.uscc, _("企业"): row.name, _("榜单"): row.board_name, _("名次"): row.place,
            _("金额（元）"): row.amount, _("状态"): str(row.get_state_display()), _("拨付日期"): row.paid_on,
            _("支付凭证号"): row.paid_reference, _("拨付登记人"): row.paid_by_name, _("追回日期"): row.reclaimed_on,
            _("原因"): row.reason,
        }
        for row in rows
    ]  # fmt: skip
    sums = {
        state.label: sum((row.amount for row in rows if row.state == state), Decimal(0)) for state in State
    }
    return table + [
        {_("企业"): _("合计"), _("金额（元）"): amount, _("状态"): str(label)}
        for label, amount in sums.items()
        if amount
    ]


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

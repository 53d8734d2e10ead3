"""The special fund: a plan from rules and published places, notice, approval by two, payment, reclaim.

Every step locks the plan; the budget is kept by a trigger and a CHECK, so that parallel plans cannot overrun it.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit, idempotency, outbox
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.services import benefits

from .. import rules
from ..caching import published
from ..models import Award, AwardBudget, AwardPlan, AwardRule
from ..queries import awards as queries
from ..states import NOTICE_WORKING_DAYS, PLAN, may
from .window import notice_from

State = AwardPlan.State
WAN = Decimal(10_000)
STEPS = AwardPlan.Tenancy.updates  # what a step may change; the rest of a plan is fixed


CARRIED = ("board", "place_from", "place_to", "amount", "condition", "least_total")


def set_budget(*, by: Actor, cycle: Any, cap: Decimal) -> AwardBudget:
    """The year's money in yuan. Raises Conflict when more is committed already."""
    with transaction.atomic():
        budget, made = AwardBudget.objects.get_or_create(cycle=cycle, defaults={"cap": cap})
        before = None if made else budget.cap
        if not made:
            try:
                with transaction.atomic():
                    AwardBudget.objects.filter(pk=budget.pk).update(cap=cap)
            except IntegrityError as error:
                raise Conflict(
                    code="budget_below_committed",
                    message=_("已安排 %(sum)s 万元，预算不能低于它。")
                    % {"sum": f"{budget.committed / WAN:.2f}"},
                ) from error
        audit.record(
            by=by, action="award_budget.set", obj=budget, before={"cap": str(before)}, after={"cap": str(cap)}
        )
    return AwardBudget.objects.get(pk=budget.pk)


def add_rule(*, by: Actor, cycle: Any, fields: dict[str, Any]) -> AwardRule:
    """Add a rule. Raises Conflict when its places overlap another rule of the board."""
    with transaction.atomic():
        clash = AwardRule.objects.filter(
            cycle=cycle,
            board=fields["board"],
            place_from__lte=fields["place_to"],
            place_to__gte=fields["place_from"],
        )
        if clash.exists():
            raise Conflict(code="rule_overlaps", message=_("这个榜单已有规则涵盖其中的名次，请先删除它。"))
        rule = AwardRule.objects.create(cycle=cycle, made_by_name=by.person_name, **fields)
        audit.record(
            by=by, action="award_rule.added", obj=rule,
            after={"board": rule.board, "from": rule.place_from, "to": rule.place_to, "amount": str(rule.amount)},
        )  # fmt: skip
    return rule


def carry_rules_over(*, by: Actor, cycle: Any) -> int:
    """Take over the rules of the year before that had some, without its barred firms. Returns how many.

    Raises Conflict when this year has rules already or no earlier year has any.
    """
    with transaction.atomic():
        before = queries.earlier_rules(cycle)
        if not before or AwardRule.objects.filter(cycle=cycle).exists():
            raise Conflict(code="nothing_to_carry", message=_("本年度已有规则，或以前年度没有规则可沿用。"))
        for rule in before:
            fields = {name: getattr(rule, name) for name in CARRIED}
            add_rule(by=by, cycle=cycle, fields=fields)
    return len(before)


def remove_rule(*, by: Actor, rule_id: int) -> None:
    """Delete a rule that no award used yet."""
    with transaction.atomic():
        rule = AwardRule.objects.filter(pk=rule_id).first()
        if rule is None:
            raise NotFound(code="no_such_rule", message=_("没有这条规则。"))
        if Award.objects.filter(rule=rule).exists():
            raise Conflict(code="rule_used", message=_("已有奖励按这条规则安排，不能删除。"))
        audit.record(by=by, action="award_rule.removed", obj=rule)
        rule.delete()


def propose(*, by: Actor, cycle: Any) -> AwardPlan:
    """Make a plan from the rules and the final boards of the year. Raises Conflict when the budget does not suffice."""
    if by.person_id is None:
        raise Forbidden(code="four_eyes", message=_("方案须由具名的经办人提请。"))
    with transaction.atomic():
        budget = AwardBudget.objects.select_for_update().filter(cycle=cycle).first()
        if budget is None:
            raise Conflict(code="no_budget", message=_("请先设定本年度预算。"))
        if AwardPlan.objects.filter(cycle=cycle, state__in=(State.PROPOSED, State.PUBLICISED)).exists():
            raise Conflict(code="plan_waits", message=_("本年度已有一份方案在办理中。"))
        given, dropped = queries.candidates(cycle, queries.awarded(cycle))
        if not given:
            raise Conflict(code="no_awards", message=_("按现有规则和正式榜单，没有可奖励的企业。"))
        plan = _store(by, cycle, budget, given, dropped)
        audit.record(
            by=by,
            action="award_plan.proposed",
            obj=plan,
            after={"total": str(plan.total), "count": len(given)},
        )
    return plan


def _store(
    by: Actor,
    cycle: Any,
    budget: AwardBudget,
    given: list[queries.Candidate],
    dropped: list[queries.Candidate],
) -> AwardPlan:
    total = sum((one.rule.amount for one in given), Decimal(0))
    number = (AwardPlan.objects.filter(cycle=cycle).aggregate(last=Max("number"))["last"] or 0) + 1
    assert by.person_id is not None  # noqa: S101  # checked by propose
    plan = AwardPlan.objects.create(
        cycle=cycle, year=cycle.year, number=number, total=total, proposed_by_ref=by.person_id,
        proposed_by_name=by.person_name, proposed_at=db_now(),
        dropped=[
            {"uscc": one.entry.uscc, "name": one.entry.name, "board": one.entry.edition.name_zh, "place": one.entry.place, "reason": one.reason}
            for one in dropped
        ],
    )  # fmt: skip
    try:
        with transaction.atomic():
            for one in given:
                Award.objects.create(
                    plan=plan, budget=budget, rule=one.rule, enterprise_id=one.entry.enterprise_id, uscc=one.entry.uscc,
                    name=one.entry.name, board=one.rule.board, board_name=one.entry.edition.name_zh, place=one.entry.place,
                    amount=one.rule.amount,
                )  # fmt: skip
    except IntegrityError as error:
        left = budget.cap - budget.committed
        raise Conflict(
            code="budget_overrun",
            message=_("需要 %(need)s 万元，预算还剩 %(left)s 万元，不能安排。请调整规则或预算。")
            % {"need": f"{total / WAN:.2f}", "left": f"{left / WAN:.2f}"},
        ) from error
    return plan


def publicise(*, by: Actor, plan_id: int, contact: str) -> AwardPlan:
    """Put the plan on notice for five working days; by another person than who proposed it."""
    with transaction.atomic():
        plan = _locked(plan_id, State.PUBLICISED)
        if not rules.is_another(by.person_id, plan.proposed_by_ref):
            raise Forbidden(code="four_eyes", message=_("提请人不能公示自己的方案，请由另一人办理。"))
        plan.state, plan.contact = State.PUBLICISED, contact
        plan.publicised_by_ref, plan.publicised_by_name, plan.publicised_at = (
            by.person_id,
            by.person_name,
            db_now(),
        )
        plan.notice_ends_at = notice_from(db_now(), NOTICE_WORKING_DAYS).ends_at
        plan.save(update_fields=STEPS)
        published(by.park_code)
        audit.record(by=by, action="award_plan.publicised", obj=plan, after={"ends_at": plan.notice_ends_at})
    return plan


def approve(*, by: Actor, plan_id: int) -> AwardPlan:
    """First or second approval after the notice; three different persons in all. The second one makes the awards payable."""
    with transaction.atomic():
        plan = _locked(plan_id, State.APPROVED)
        if plan.notice_ends_at is None or db_now() < plan.notice_ends_at:
            raise Conflict(code="notice_runs", message=_("公示期未满，不能审定。"))
        if not rules.is_another(by.person_id, plan.proposed_by_ref, plan.first_by_ref):
            raise Forbidden(code="four_eyes", message=_("审定须由提请人以外的两人分别办理。"))
        _check_boards(plan)
        if plan.first_by_ref is None:
            plan.first_by_ref, plan.first_by_name, plan.first_at = by.person_id, by.person_name, db_now()
            plan.save(update_fields=STEPS)
            audit.record(by=by, action="award_plan.first_approved", obj=plan)
            return plan
        plan.second_by_ref, plan.second_by_name, plan.second_at = by.person_id, by.person_name, db_now()
        plan.state = State.APPROVED
        plan.save(update_fields=STEPS)
        for award in Award.objects.select_related("enterprise").filter(plan=plan, state=Award.State.PROPOSED):
            award.state = Award.State.APPROVED
            award.save(update_fields=["state"])
            benefits.hold(
                organisation_id=award.enterprise.organisation_id, scheme="board_award", subject=_subject(plan),
                label=award.board_name, amount=award.amount,
            )  # fmt: skip
            outbox.notify(
                organisation_id=award.enterprise.organisation_id,
                text=_("%(year)s 年度科技创新专项资金奖励已审定：%(amount)s 万元。")
                % {"year": plan.year, "amount": f"{award.amount / WAN:.2f}"},
            )
        published(by.park_code)
        audit.record(by=by, action="award_plan.approved", obj=plan, after={"total": str(plan.total)})
    return plan


def _subject(plan: AwardPlan) -> str:
    """A firm has one award a year (就高不重复)."""
    return f"award:{plan.year}"


def _check_boards(plan: AwardPlan) -> None:
    """Money follows the boards that are final now: one withdrawn or corrected during the notice stops the plan."""
    now = queries.due(plan.cycle, queries.awarded(plan.cycle))
    stale = [one.name for one in Award.objects.filter(plan=plan) if not queries.agrees(one, now)]
    if stale:
        raise Conflict(
            code="plan_outdated",
            message=_("榜单已有变动，%(names)s 不再符合。请取消这份方案，重新生成。")
            % {"names": "、".join(stale)},
        )


def cancel(*, by: Actor, plan_id: int, reason: str) -> None:
    """Drop a plan that is not approved yet; its money is free again."""
    with transaction.atomic():
        plan = _locked(plan_id, State.CANCELLED)
        for award in Award.objects.filter(plan=plan, state=Award.State.PROPOSED):
            award.state = Award.State.CANCELLED
            award.save(update_fields=["state"])
        plan.state, plan.reason = State.CANCELLED, reason
        plan.save(update_fields=STEPS)
        published(by.park_code)
        audit.record(by=by, action="award_plan.cancelled", obj=plan, reason=reason)


def _locked(plan_id: int, state: str) -> AwardPlan:
    plan = AwardPlan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(code="no_such_plan", message=_("没有这份方案。"))
    if not may(PLAN, plan.state, state):
        raise Conflict(
            code="plan_state",
            message=_("这份方案现在是“%(state)s”，不能做这一步。请刷新页面。")
            % {"state": plan.get_state_display()},
        )
    return plan


def pay(*, by: Actor, award_id: int, paid_on: dt.date, reference: str, key: str) -> Award:
    """Note that an award was paid. Not by who approved last; one effect per key."""
    if paid_on > db_today():
        raise Refused(code="paid_in_future", field="paid_on", message=_("拨付日期不能晚于今天。"))

    def effect() -> idempotency.Reply:
        award = _award(award_id, Award.State.APPROVED)
        if not rules.is_another(by.person_id, award.plan.second_by_ref):
            raise Forbidden(code="four_eyes", message=_("审定人不能登记拨付，请由另一人办理。"))
        if not queries.is_due(award):
            raise Conflict(
                code="award_outdated",
                message=_(
                    "榜单更正后，%(name)s 不再应得这笔奖励，不能拨付。请登记“不再拨付”，再按现行榜单补充提请。"
                )
                % {"name": award.name},
            )
        award.state, award.paid_on, award.paid_reference = Award.State.PAID, paid_on, reference
        award.paid_by_ref, award.paid_by_name = by.person_id, by.person_name
        award.save(update_fields=["state", "paid_on", "paid_reference", "paid_by_ref", "paid_by_name"])
        published(by.park_code)
        audit.record(
            by=by,
            action="award.paid",
            obj=award,
            after={"amount": str(award.amount), "reference": reference, "on": paid_on},
        )
        return idempotency.Reply(200, data={"award": award.pk})

    body = {"award": award_id, "paid_on": str(paid_on), "reference": reference}
    idempotency.once(by=by, route="rankings:award_pay", key=key, body=body, effect=effect)
    return Award.objects.get(pk=award_id)


def reclaim(*, by: Actor, award_id: int, reason: str) -> Award:
    """Take an award back, with a reason: a paid one is reclaimed, one not paid yet is cancelled. Its money is free again."""
    if len(reason.strip()) < 4:
        raise Refused(code="reason_missing", field="reason", message=_("请写明原因（至少 4 个字）。"))
    with transaction.atomic():
        award = _award(award_id, Award.State.PAID, Award.State.APPROVED)
        if award.state == Award.State.APPROVED:
            award.state = Award.State.CANCELLED
        elif rules.is_another(by.person_id, award.paid_by_ref):
            award.state, award.reclaimed_on = Award.State.RECLAIMED, db_today()
            award.reclaimed_by_ref, award.reclaimed_by_name = by.person_id, by.person_name
        else:
            raise Forbidden(code="four_eyes", message=_("登记拨付的人不能办理追回，请由另一人办理。"))
        award.reason = reason.strip()
        award.save(update_fields=["state", "reclaimed_on", "reason", "reclaimed_by_ref", "reclaimed_by_name"])
        benefits.let_go(organisation_id=award.enterprise.organisation_id, subject=_subject(award.plan))
        published(by.park_code)
        audit.record(
            by=by,
            action=f"award.{award.state}",
            obj=award,
            after={"amount": str(award.amount)},
            reason=reason,
        )
    return award


def _award(award_id: int, *states: str) -> Award:
    award = (
        Award.objects.select_for_update(of=("self",))
        .select_related("plan", "enterprise")
        .filter(pk=award_id)
        .first()
    )
    if award is None:
        raise NotFound(code="no_such_award", message=_("没有这笔奖励。"))
    if award.state not in states:
        raise Conflict(
            code="award_state",
            message=_("这笔奖励现在是“%(state)s”，不能做这一步。请刷新页面。")
            % {"state": award.get_state_display()},
        )
    return award

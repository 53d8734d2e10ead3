"""What the database's guards of this room say, in words for people."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Decimal

from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict
from parks import refusals

CLAIMED = ("claimed_already", lambda: _("这一事项已有申请在办理或已兑现，不能重复申请。"))
NAMED = {
    "introduction_once": ("introduced_already", lambda: _("这位专家已对接过这条需求。")),
    "introduction_outcome_once": ("outcome_said", lambda: _("对接结果已登记，不能再改。")),
    "expert_once": ("expert_known", lambda: _("专家库中已有这位专家，请直接修改原条目。")),
    "claim_one_for_a_thing": CLAIMED,
    "claim_one_under_a_policy": CLAIMED,
    "claim_returned_twice": ("returned_twice", lambda: _("已退回两次，不能再退回；请通过或不予兑现。")),
    "policy_one_open": ("draft_open", lambda: _("这项政策已有一份草稿，请先处理它。")),
    "platform_approval_number": (
        "number_known",
        lambda: _("这个批准文号已经登记过，请核对，或在原平台上办理升级。"),
    ),
    "fact_one_waiting": ("waiting_already", lambda: _("这一项已有一条在等待核对，核对后可以再报。")),
    "pool_place_once": ("in_pool", lambda: _("这家企业已在培育库中。")),
    "platform_year_once": ("year_open", lambda: _("这一年度的报告已经布置过。")),
    "appeal_confirmed_by_firm": (
        "another_person",
        lambda: _("答复的人不能自己确认，请由企业的另一位人员确认。"),
    ),
    "event_seats": ("too_few_seats", lambda: _("名额不能少于已报名的人数。")),
    "event_once_a_firm": ("signed_up_already", lambda: _("您的企业已经报名，如需改动请先取消报名。")),
    "policy_budget": ("budget_below", lambda: _("新版本的预算低于已受理的金额，请提高预算。")),
}


def guarded() -> AbstractContextManager[None]:
    """A savepoint in which a refusal of this room's guards becomes a Problem; other errors pass."""
    return refusals.guarded(_problem_of)


def _problem_of(error: DatabaseError) -> Conflict | None:
    code = getattr(error.__cause__, "pgcode", "") or ""
    diag = getattr(error.__cause__, "diag", None)
    if code == "IS007":
        left = Decimal(getattr(diag, "message_detail", None) or 0)
        message = _("预算不足：还剩 %(left)s 万元。可等待预算追加后再提交。") % {
            "left": f"{left / 10_000:,.2f}"
        }
        return Conflict(code="budget_used_up", message=message, params={"left": str(left)})
    said = {
        "IS004": ("not_allowed_now", _("当前状态下不能进行这一步，请刷新页面后查看最新状态。")),
        "IS005": ("another_person", _("这一步需要由另一位有相应身份的人员完成。")),
        "IS006": ("fixed", _("此内容已经确定，不能再修改。")),
        "23503": ("not_allowed_now", _("当前状态下不能进行这一步，请刷新页面后查看最新状态。")),
    }
    if code in said:
        return Conflict(code=said[code][0], message=said[code][1])
    if isinstance(error, IntegrityError):
        name = getattr(diag, "constraint_name", "") or ""
        if name in NAMED:
            return Conflict(code=NAMED[name][0], message=NAMED[name][1]())
        return Conflict(code="conflict", message=_("与已有记录冲突：可能已由他人完成，请刷新页面后查看。"))
    return None

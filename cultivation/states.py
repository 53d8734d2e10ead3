"""States of policies and claims 政策兑现, and the steps that exist, as data.

`CLAIM_STEPS` is loaded into the table cultivation_claimtransition; every event of a claim has a foreign key to it, so
that a step which is not listed here cannot be written, not even by SQL.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class PolicyState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PROPOSED = "proposed", _("待发布")
    RELEASED = "released", _("已发布")
    RETIRED = "retired", _("已停用")


class RuleKind(models.TextChoices):
    POLICY = "policy", _("政策")
    RUNG = "rung", _("梯度层级")
    UPGRADE = "upgrade", _("平台升级")


class PoolStage(models.TextChoices):
    """How far a firm of a pool 培育库 is on its way to a rung."""

    WATCHED = "watched", _("入库")
    COACHED = "coached", _("辅导中")
    APPLYING = "applying", _("申报中")
    REACHED = "reached", _("已认定")
    LEFT = "left", _("已出库")


POOL_OVER = (PoolStage.REACHED, PoolStage.LEFT)


class FactState(models.TextChoices):
    """How far a figure is that only the firm knows."""

    STATED = "stated", _("待核对")
    ACCEPTED = "accepted", _("已采用")
    RETURNED = "returned", _("已退回")


class PlatformState(models.TextChoices):
    PROPOSED = "proposed", _("待核对")
    IN_FORCE = "in_force", _("有效")
    REFUSED = "refused", _("未通过")
    WITHDRAWN = "withdrawn", _("已撤回")
    UPGRADED = "upgraded", _("已升级")
    EXPIRED = "expired", _("已到期")
    REVOKED = "revoked", _("已撤销")


PLATFORM_OVER = (PlatformState.UPGRADED, PlatformState.EXPIRED, PlatformState.REVOKED)


class TechField(models.TextChoices):
    """The fields of technology that the state supports (国家重点支持的高新技术领域, 国科发火〔2016〕32 号 附件)."""

    ELECTRONICS = "electronics", _("电子信息")
    BIOLOGY = "biology", _("生物与新医药")
    AEROSPACE = "aerospace", _("航空航天")
    MATERIALS = "materials", _("新材料")
    SERVICES = "services", _("高技术服务")
    ENERGY = "energy", _("新能源与节能")
    ENVIRONMENT = "environment", _("资源与环境")
    MANUFACTURING = "manufacturing", _("先进制造与自动化")


MOST_FIELDS = 3
"""Fields a need or an expert may name."""


def labels_of(fields: Iterable[str]) -> list[str]:
    return [str(TechField(one).label) for one in fields]


class NeedClosing(models.TextChoices):
    CONTRACTED = "contracted", _("已签约")
    OTHERWISE = "otherwise", _("已另行解决")
    DROPPED = "dropped", _("不再需要")


class Outcome(models.TextChoices):
    CONTRACT = "contract", _("签约")
    NONE = "none", _("未合作")


class ClaimState(models.TextChoices):
    DRAFT = "draft", _("待确认")
    SUBMITTED = "submitted", _("待初审")
    RETURNED = "returned", _("退回补正")
    REVIEWED = "reviewed", _("待联审")
    JOINT = "joint", _("待公示")
    NOTICE = "notice", _("公示中")
    APPROVED_ONCE = "approved_once", _("待第二人审定")
    APPROVED = "approved", _("待拨付")
    PAID = "paid", _("待确认到账")
    CLOSED = "closed", _("已兑现")
    RECALLED = "recalled", _("追缴中")
    RECOVERED = "recovered", _("已追回")
    REFUSED = "refused", _("不予兑现")
    WITHDRAWN = "withdrawn", _("已撤回")


OVER = (ClaimState.REFUSED, ClaimState.WITHDRAWN, ClaimState.RECOVERED)
"""A claim in one of these stands in nobody's way."""
RESERVING = tuple(state for state in ClaimState if state not in (ClaimState.DRAFT, *OVER))
"""A claim in one of these holds its amount of the budget."""
OPEN = tuple(state for state in RESERVING if state != ClaimState.CLOSED)
DISBURSED = (ClaimState.CLOSED, ClaimState.RECALLED)
"""The firm has the money."""
PAYABLE = (ClaimState.APPROVED, ClaimState.PAID, *DISBURSED, ClaimState.RECOVERED)
MOST_RETURNS = 2
NOTICE_WORKING_DAYS = 5
CLAIM_WORKING_DAYS = 60
"""From submission to payment; time that the firm takes for a correction is part of it."""

FIRM = ("enterprise_agent", "enterprise_signatory")
CHECKERS = ("park_reviewer", "park_admin")
APPROVERS = ("publisher", "park_admin")
PAYERS = ("fund_manager", "park_admin")
BEFORE_NOTICE = ("submitted", "reviewed", "joint")

CLAIM_STEPS: tuple[tuple[str, str, str, str], ...] = (
    *((state, "submit", role, "submitted") for state in ("draft", "returned") for role in FIRM),
    *((state, "withdraw", role, "withdrawn") for state in ("draft", "returned", *BEFORE_NOTICE) for role in FIRM),
    *(("submitted", "review", role, "reviewed") for role in CHECKERS),
    *(("submitted", "return", role, "returned") for role in CHECKERS),
    *(("reviewed", "joint", role, "joint") for role in (*CHECKERS, "score_officer")),
    *((state, "refuse", role, "refused") for state in BEFORE_NOTICE for role in CHECKERS),
    *(("joint", "notice", role, "notice") for role in APPROVERS),
    *(("notice", "approve", role, "approved_once") for role in APPROVERS),
    *(("approved_once", "approve", role, "approved") for role in APPROVERS),
    *((state, "refuse", role, "refused") for state in ("notice", "approved_once", "approved") for role in APPROVERS),
    *(("approved", "pay", role, "paid") for role in PAYERS),
    *(("paid", "confirm", role, "closed") for role in PAYERS),
    *(("paid", "reject_payment", role, "approved") for role in PAYERS),
    *(("closed", "recall", role, "recalled") for role in APPROVERS),
    *(("recalled", "drop_recall", role, "closed") for role in APPROVERS),
    *(("recalled", "recover", role, "recovered") for role in PAYERS),
)  # fmt: skip
"""State, step, role, next state."""

STEP_LABELS = {
    "submit": _("提交"), "withdraw": _("撤回"), "review": _("初审通过"), "return": _("退回补正"), "refuse": _("不予兑现"),
    "joint": _("联审通过"), "notice": _("公示"), "approve": _("审定"), "pay": _("登记拨付"), "confirm": _("确认到账"),
    "reject_payment": _("未到账，退回"), "recall": _("追缴"), "drop_recall": _("撤销追缴"), "recover": _("登记追回"),
}  # fmt: skip

OTHER_THAN = {
    "review": ("submit",),
    "joint": ("submit", "review"),
    "notice": ("submit", "review"),
    "approve": ("submit", "review", "joint", "approve"),
    "pay": ("submit", "approve"),
    "confirm": ("pay",),
    "reject_payment": ("pay",),
    "drop_recall": ("recall",),
    "recover": ("recall",),
}
"""A step is taken by another person than who ever submitted the claim, or took these others since it was last submitted."""

NEVER_WAITS = ("refuse", "return", "withdraw", "recall", "drop_recall")
"""Steps that somebody may take but nobody is waited for."""
NEEDS_NOTE = ("return", "recall", "drop_recall")
BOOKS_MONEY = ("pay", "recover")
"""Steps with a day and a reference of the money."""

REFUSAL_REASONS = {
    "conditions": _("不符合政策条件"),
    "papers": _("材料不全或无法核实"),
    "double": _("同一事项已享受其他政策"),
    "credit": _("存在失信或重大违法情形"),
    "late": _("超过申报期限"),
}
"""Reason codes the office chooses from; each is told to the enterprise in words."""


# visits and appeals
class VisitPurpose(models.TextChoices):
    SERVICE = "service", _("走访服务")
    POLICY = "policy", _("政策宣讲")
    DATA = "data", _("数据核实")
    FINANCE = "finance", _("融资对接")
    CULTIVATION = "cultivation", _("培育辅导")
    OTHER = "other", _("其他")


class AppealCategory(models.TextChoices):
    POLICY = "policy", _("政策兑现")
    FINANCE = "finance", _("融资")
    TALENT = "talent", _("人才与用工")
    SPACE = "space", _("用地与厂房")
    TECHNOLOGY = "technology", _("技术与合作")
    MARKET = "market", _("市场与订单")
    APPROVAL = "approval", _("审批与监管")
    OTHER = "other", _("其他")


class AppealState(models.TextChoices):
    OPEN = "open", _("待答复")
    ANSWERED = "answered", _("待企业确认")
    CLOSED = "closed", _("已解决")


APPEAL_EVENTS = {
    "raise": _("提出"), "assign": _("分派"), "answer": _("答复"), "reopen": _("未解决，继续办理"), "confirm": _("确认已解决"),
}  # fmt: skip
APPEAL_WORKING_DAYS = 10
"""Days to answer when nobody sets another number."""


# events
class EventKind(models.TextChoices):
    BRIEFING = "briefing", _("政策宣讲会")
    TRAINING = "training", _("业务培训")
    MATCHING = "matching", _("供需对接会")
    FINANCE = "finance", _("融资路演")
    SALON = "salon", _("沙龙")


class EventState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PUBLISHED = "published", _("已发布")
    CANCELLED = "cancelled", _("已取消")


class SeatState(models.TextChoices):
    BOOKED = "booked", _("已报名")
    WAITING = "waiting", _("候补")
    GIVEN_UP = "given_up", _("已放弃")


MOST_PEOPLE = 10
"""People a firm may send to an event."""

"""States of lending and the transitions of an application as data.

`TRANSITIONS` is loaded into the table finance_allowedtransition; every history row has a foreign key to it, so that a
step which is not listed here cannot be written, not even by SQL.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class VersionState(models.TextChoices):
    DRAFT = "draft", _("待启用")
    ACTIVE = "active", _("启用中")
    RETIRED = "retired", _("已停用")


class QuoteState(models.TextChoices):
    LIVE = "live", _("有效")
    SUPERSEDED = "superseded", _("已更新")
    EXPIRED = "expired", _("已到期")
    VOID = "void", _("已失效")


class LineState(models.TextChoices):
    ACTIVE = "active", _("可用")
    FROZEN = "frozen", _("已冻结")
    CLOSED = "closed", _("已关闭")


class ApplicationState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    SCREENED = "screened", _("待银行受理")
    PROPOSED = "proposed", _("待银行复核")
    APPROVED = "approved", _("已审批")
    ON_HOLD = "on_hold", _("暂停")
    REJECTED = "rejected", _("未通过")
    DECLINED_AUTO = "declined_auto", _("未通过初审")
    WITHDRAWN = "withdrawn", _("已撤回")
    LAPSED = "lapsed", _("已超期失效")


OPEN_STATES = ("submitted", "screened", "proposed", "on_hold")
"""States in which the bank has not decided yet."""

RESERVING_STATES = (*OPEN_STATES, "approved")
"""States that hold a part of the line; leaving them gives it back in the same transaction."""

EVENT_LABELS = {
    "submit": _("企业提交申请"),
    "screen": _("系统初审通过"),
    "decline": _("系统初审未通过"),
    "acknowledge": _("银行已受理并联系企业"),
    "propose": _("客户经理提出方案"),
    "approve": _("复核通过"),
    "return": _("复核退回"),
    "reject": _("复核不通过"),
    "hold": _("授权撤回，申请暂停"),
    "withdraw": _("企业撤回申请"),
    "lapse": _("超期失效"),
}

MACHINE = "application"

TRANSITIONS: tuple[tuple[str, str, str, str, str], ...] = (
    # machine, from, event, role, to
    (MACHINE, "draft", "submit", "enterprise_signatory", "submitted"),
    (MACHINE, "submitted", "screen", "system", "screened"),
    (MACHINE, "submitted", "decline", "system", "declined_auto"),
    (MACHINE, "screened", "acknowledge", "bank_maker", "screened"),
    (MACHINE, "screened", "propose", "bank_maker", "proposed"),
    (MACHINE, "proposed", "approve", "bank_checker", "approved"),
    (MACHINE, "proposed", "return", "bank_checker", "screened"),
    (MACHINE, "proposed", "reject", "bank_checker", "rejected"),
    (MACHINE, "submitted", "hold", "system", "on_hold"),
    (MACHINE, "screened", "hold", "system", "on_hold"),
    (MACHINE, "proposed", "hold", "system", "on_hold"),
    (MACHINE, "submitted", "withdraw", "enterprise_signatory", "withdrawn"),
    (MACHINE, "screened", "withdraw", "enterprise_signatory", "withdrawn"),
    (MACHINE, "proposed", "withdraw", "enterprise_signatory", "withdrawn"),
    (MACHINE, "on_hold", "withdraw", "enterprise_signatory", "withdrawn"),
    (MACHINE, "approved", "withdraw", "enterprise_signatory", "withdrawn"),
    (MACHINE, "submitted", "lapse", "system", "lapsed"),
    (MACHINE, "screened", "lapse", "system", "lapsed"),
    (MACHINE, "proposed", "lapse", "system", "lapsed"),
    (MACHINE, "on_hold", "lapse", "system", "lapsed"),
)

REJECT_REASONS = {
    "capacity": _("还款能力不足"),
    "purpose": _("贷款用途不符合产品要求"),
    "records": _("征信或涉诉情况不符合要求"),
    "documents": _("材料不全或无法核实"),
    "policy": _("不符合本行当前信贷政策"),
}
"""Reason codes a bank chooses from; each is told to the enterprise in words."""

GROUPS = {
    "id": _("企业身份：名称、统一社会信用代码、所在园区"),
    "score": _("积分：总分、名次、发展阶段、快照编号"),
    "dims": _("各维度得分"),
    "fin": _("两年财务区间：营业收入、上缴税费、研发费用（只给区间，不给具体数）"),
}
"""Field groups a consent may name; a credit product needs all of them."""

"""States of certification, cycle, declaration and value, and the transitions that exist."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

INDUSTRIES = ("电子", "装备", "医药", "汽车", "软件", "材料", "研发服务", "能源环保", "其他")
"""What a firm chooses from when it registers."""


class CertificationState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审核")
    RETURNED = "returned", _("退回补正")
    CERTIFIED = "certified", _("已认证")
    REJECTED = "rejected", _("未通过")
    SUSPENDED = "suspended", _("已暂停")


CERTIFICATION_TRANSITIONS = {
    ("draft", "submit"): "submitted",
    ("returned", "submit"): "submitted",
    ("submitted", "return"): "returned",
    ("submitted", "certify"): "certified",
    ("submitted", "reject"): "rejected",
    ("certified", "suspend"): "suspended",
    ("suspended", "certify"): "certified",
}


class CaseKind(models.TextChoices):
    """Why a firm applies: for the first time, or because what was certified has changed."""

    FIRST = "first", _("首次认证")
    CHANGE = "change", _("变更认证")


class CycleState(models.TextChoices):
    OPEN = "open", _("填报中")
    FROZEN = "frozen", _("已冻结")
    CLOSED = "closed", _("已结束")


class DeclarationState(models.TextChoices):
    OPEN = "open", _("填报中")
    SUBMITTED = "submitted", _("待核定")
    RETURNED = "returned", _("退回补正")
    VERIFIED = "verified", _("已核定")
    FROZEN = "frozen", _("已冻结")


DECLARATION_TRANSITIONS = {
    ("open", "submit"): "submitted",
    ("returned", "submit"): "submitted",
    ("submitted", "return"): "returned",
    ("submitted", "verify"): "verified",
    ("verified", "freeze"): "frozen",
}


class ValueState(models.TextChoices):
    """State of one declared value (ux: 标签)."""

    MISSING = "missing", _("待填写")
    PREFILLED = "prefilled", _("待确认")
    CONFIRMED = "confirmed", _("已确认")
    DEFAULT_CONFIRMED = "default_confirmed", _("默认确认")
    ZERO_CONFIRMED = "zero_confirmed", _("确认为 0")
    NOT_APPLICABLE = "not_applicable", _("不适用")
    DISPUTED = "disputed", _("已更正·待核")
    RETURNED = "returned", _("退回补正")
    VERIFIED = "verified", _("已核定")
    REJECTED = "rejected", _("未采信")


UNDECIDED = (
    ValueState.PREFILLED,
    ValueState.CONFIRMED,
    ValueState.DEFAULT_CONFIRMED,
    ValueState.DISPUTED,
)
"""States of a value that a reviewer still has to decide about."""
STATED = (ValueState.ZERO_CONFIRMED, ValueState.NOT_APPLICABLE)
"""What a firm states without a figure; it keeps its state when a reviewer accepts it."""


class BatchState(models.TextChoices):
    UPLOADED = "uploaded", _("检查中")
    CHECKED = "checked", _("已检查")
    APPLIED = "applied", _("已写入")
    FAILED = "failed", _("未写入")
    WITHDRAWN = "withdrawn", _("已撤回")


class ReturnReason(models.TextChoices):
    """Why an item goes back 退回补正."""

    MISSING = "missing", _("材料缺失")
    UNREADABLE = "unreadable", _("材料不清晰")
    WRONG_PAGE = "wrong_page", _("页码不符")
    WRONG_SCOPE = "wrong_scope", _("口径不符")
    WRONG_PERIOD = "wrong_period", _("期间不符")
    WRONG_SUBJECT = "wrong_subject", _("主体不符")
    CONTRADICTS = "contradicts", _("数值与材料不一致")
    EXPIRED = "expired", _("证书失效")
    COUNTED_TWICE = "counted_twice", _("重复计算")
    ASK_DEPARTMENT = "ask_department", _("需部门确认")
    OTHER = "other", _("其他")


class WorkbookState(models.TextChoices):
    CHECKED = "checked", _("待写入")
    APPLIED = "applied", _("已写入")
    UNDONE = "undone", _("已撤销")

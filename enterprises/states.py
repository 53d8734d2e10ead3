"""States of certification, cycle, declaration and value, and the transitions that exist."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    ZERO_CONFIRMED = "zero_confirmed", _("确认为 0")
    NOT_APPLICABLE = "not_applicable", _("不适用")
    DISPUTED = "disputed", _("已更正·待核")
    RETURNED = "returned", _("退回补正")
    VERIFIED = "verified", _("已核定")
    REJECTED = "rejected", _("未采信")


class BatchState(models.TextChoices):
    UPLOADED = "uploaded", _("检查中")
    CHECKED = "checked", _("已检查")
    APPLIED = "applied", _("已写入")
    FAILED = "failed", _("未写入")
    WITHDRAWN = "withdrawn", _("已撤回")

"""Roles: what a person may be in a park. Which role may do what stands in the rooms' policy.toml."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    ENTERPRISE_AGENT = "enterprise_agent", _("企业经办人")
    ENTERPRISE_SIGNATORY = "enterprise_signatory", _("企业法定代表人")
    PARK_ADMIN = "park_admin", _("园区管理员")
    PARK_REVIEWER = "park_reviewer", _("园区审核员")
    SCORE_OFFICER = "score_officer", _("积分专员")
    PUBLISHER = "publisher", _("发布员")
    PARK_AUDITOR = "park_auditor", _("审计员")
    BANK_MAKER = "bank_maker", _("银行客户经理")
    BANK_CHECKER = "bank_checker", _("银行复核")
    BANK_OPS = "bank_ops", _("银行放款岗")
    BANK_SYSTEM = "bank_system", _("银行系统")
    GUARANTOR_MAKER = "guarantor_maker", _("担保评审")
    GUARANTOR_CHECKER = "guarantor_checker", _("担保复核")
    FUND_MANAGER = "fund_manager", _("基金经理")
    CREDIT_BUREAU = "credit_bureau", _("征信专员")
    PLATFORM_OPERATOR = "platform_operator", _("平台运营")


ENTERPRISE = frozenset({Role.ENTERPRISE_AGENT, Role.ENTERPRISE_SIGNATORY})
PARK_OFFICE = frozenset(
    {Role.PARK_ADMIN, Role.PARK_REVIEWER, Role.SCORE_OFFICER, Role.PUBLISHER, Role.PARK_AUDITOR}
)
BANK = frozenset({Role.BANK_MAKER, Role.BANK_CHECKER, Role.BANK_OPS})
GUARANTOR = frozenset({Role.GUARANTOR_MAKER, Role.GUARANTOR_CHECKER})
FUND = frozenset({Role.FUND_MANAGER})
BUREAU = frozenset({Role.CREDIT_BUREAU})

MACHINES = frozenset({Role.BANK_SYSTEM})
"""Programs: they come with a bearer token of an OAuth2 client, never through the sign-in page."""

SECOND_FACTOR = PARK_OFFICE | BANK | GUARANTOR | FUND | BUREAU | {Role.PLATFORM_OPERATOR}
"""Roles that are acted in only after a TOTP code."""

SHELLS = (
    (ENTERPRISE, "enterprise"),
    (PARK_OFFICE, "office"),
    (BANK | GUARANTOR, "bank"),
    (FUND | BUREAU, "bank"),
)


def shell_of(role: str) -> str:
    """Which page frame a role works in."""
    return next((shell for roles, shell in SHELLS if role in roles), "public")

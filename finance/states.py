"""States of lending and the transitions of an application as data.

`TRANSITIONS` is loaded into the table finance_allowedtransition; every history row has a foreign key to it, so that a
step which is not listed here cannot be written, not even by SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class VersionState(models.TextChoices):
    DRAFT = "draft", _("待启用")
    ACTIVE = "active", _("启用中")
    RETIRED = "retired", _("已停用")


class QuoteState(models.TextChoices):
    LIVE = "live", _("有效")
    SUPERSEDED = "superseded", _("已更新")
    EXPIRED = "expired", _("已到期")
    VOID = "void", _("已失效")


class RiskKind(models.TextChoices):
    GUARANTOR = "guarantor", _("担保")
    POOL = "pool", _("风险补偿资金池")


class RiskScope(models.TextChoices):
    TOTAL = "total", _("总额")
    CLIENT = "client", _("单户")
    GROUP = "group", _("集团")


class Party(models.TextChoices):
    BANK = "bank", _("银行")
    GUARANTOR = "guarantor", _("担保机构")
    POOL = "pool", _("资金池")


class GuaranteeOutcome(models.TextChoices):
    GRANTED = "granted", _("同意担保")
    RETURNED = "returned", _("退回修改")
    DECLINED = "declined", _("不同意")


class RepaymentMethod(models.TextChoices):
    BULLET = "bullet", _("按月付息，到期还本")
    EQUAL_PRINCIPAL = "equal_principal", _("按月等额本金")
    EQUAL_INSTALMENT = "equal_instalment", _("按月等额本息")


class DayCount(models.IntegerChoices):
    ACT_360 = 360, _("实际天数/360")
    ACT_365 = 365, _("实际天数/365")


class ClaimState(models.TextChoices):
    FILED = "filed", _("待审核")
    ACCEPTED = "accepted", _("已受理")
    REFUSED = "refused", _("不予代偿")
    PAID = "paid", _("已支付")


class AccountCode(models.TextChoices):
    PRINCIPAL = "principal", _("贷款本金")
    CASH_BANK = "cash:bank", _("银行资金")
    CASH_GUARANTOR = "cash:guarantor", _("担保机构资金")
    CASH_POOL = "cash:pool", _("资金池资金")
    INTEREST = "income:interest", _("利息收入")
    PENALTY = "income:penalty", _("罚息收入")
    FEE = "income:fee", _("费用收入")
    DUE_GUARANTOR = "subrogated:guarantor", _("应收代偿款（担保机构）")
    DUE_POOL = "subrogated:pool", _("应收代偿款（资金池）")
    LOSS_BANK = "loss:bank", _("损失（银行）")
    LOSS_GUARANTOR = "loss:guarantor", _("损失（担保机构）")
    LOSS_POOL = "loss:pool", _("损失（资金池）")


class NeedState(models.TextChoices):
    OPEN = "open", _("征集中")
    MATCHED = "matched", _("已对接")
    CLOSED = "closed", _("已关闭")


class GuaranteeWish(models.TextChoices):
    NONE = "none", _("信用，不需要担保")
    GUARANTOR = "guarantor", _("希望担保机构担保")
    COLLATERAL = "collateral", _("可提供抵质押")
    ANY = "any", _("都可以")


class SubsidyMethod(models.TextChoices):
    LPR = "lpr", _("按 LPR 的一定比例")
    POINTS = "points", _("按年贴息点数（本金 × 点数 × 天数/365）")


class SubsidyState(models.TextChoices):
    COMPUTED = "computed", _("已测算，可申请")
    APPLIED = "applied", _("待银行确认")
    BANK_CONFIRMED = "bank_confirmed", _("待审核")
    CHECKED = "checked", _("待拨付")
    PAID = "paid", _("已拨付")
    REFUSED = "refused", _("不予贴息")
    CLAWED_BACK = "clawed_back", _("已追回")


class ProjectState(models.TextChoices):
    SUBMITTED = "submitted", _("待审核")
    PASSED = "passed", pgettext_lazy("project", "通过")
    REFUSED = "refused", _("未通过")


class LineState(models.TextChoices):
    ACTIVE = "active", _("可用")
    FROZEN = "frozen", _("已冻结")
    CLOSED = "closed", _("已关闭")


class LineOrderKind(models.TextChoices):
    FREEZE = "freeze", _("冻结额度")
    THAW = "thaw", _("解冻额度")


class FreezeGround(models.TextChoices):
    """Why a park asks the banks of a firm to freeze their lines."""

    SCORE_FALL = "score_fall", _("积分大幅下降")
    VETO = "veto", _("出现一票否决事项")
    OBJECTION = "objection", _("数据异议成立")
    FRAUD = "fraud", _("疑似虚假申报")


class ApplicationState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已提交")
    SCREENED = "screened", _("待银行受理")
    GUARANTEE_REVIEW = "guarantee_review", _("待担保评审")
    G_PROPOSED = "g_proposed", _("待担保复核")
    GUARANTEED = "guaranteed", _("已担保，待银行受理")
    PROPOSED = "proposed", _("待银行复核")
    APPROVED = "approved", _("已审批")
    ON_HOLD = "on_hold", _("暂停")
    REJECTED = "rejected", _("未通过")
    DECLINED_AUTO = "declined_auto", _("未通过初审")
    WITHDRAWN = "withdrawn", _("已撤回")
    LAPSED = "lapsed", _("已超期失效")
    G_DECLINED = "g_declined", _("担保未通过")
    CONTRACTED = "contracted", _("已签约")
    CANCELLED = "cancelled", _("合同取消")
    ACTIVE = "active", _("还款中")
    OVERDUE = "overdue", _("逾期")
    CLOSED = "closed", _("已结清")
    DEFAULTED = "defaulted", _("违约")
    CLAIM_FILED = "claim_filed", _("代偿申请中")
    CLAIM_ACCEPTED = "claim_accepted", _("代偿待付款")
    INDEMNIFIED = "indemnified", _("已代偿")
    RECOVERED = "recovered", _("已追偿")
    WRITTEN_OFF = "written_off", _("已核销")


WORKING_STATES = ("screened", "guarantee_review", "g_proposed", "guaranteed", "proposed")
"""A bank or a guarantor is at work."""

PROPOSABLE_STATES = ("screened", "guaranteed")
"""States in which the bank may propose: without a guarantor, or after the guarantor has decided."""
OPEN_STATES = ("submitted", *WORKING_STATES, "on_hold")
"""States in which the bank has not decided yet."""

UNSIGNED_STATES = (*OPEN_STATES, "approved")
"""The signatory may still withdraw."""

RESERVING_STATES = (*UNSIGNED_STATES, "contracted", "active", "overdue")
"""States that hold a part of the line; leaving them gives it back in the same transaction."""

LOAN_STATES = (
    "contracted",
    "active",
    "overdue",
    "closed",
    "defaulted",
    "claim_filed",
    "claim_accepted",
    "indemnified",
    "recovered",
    "written_off",
)
"""There is a contract."""

OWING_STATES = ("active", "overdue", "defaulted", "claim_filed", "claim_accepted", "indemnified")
"""Money is out."""

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
    "offer_guarantee": _("转担保机构评审"),
    "g_propose": _("担保机构提出方案"),
    "g_grant": _("担保机构复核通过"),
    "g_return": _("担保机构复核退回"),
    "g_decline": _("担保机构未通过"),
    "contract": _("签订合同"),
    "cancel": _("合同取消"),
    "disburse": _("放款"),
    "repay": _("还款"),
    "reverse": _("还款冲正"),
    "overdue": _("出现逾期"),
    "cure": _("逾期已还清"),
    "default": _("认定违约"),
    "claim_file": _("银行申请代偿"),
    "claim_accept": _("受理代偿"),
    "claim_refuse": _("不予代偿"),
    "pay": _("支付代偿款"),
    "indemnify": _("代偿完成"),
    "recover": _("追偿回款"),
    "settle": _("追偿完成"),
    "write_off": _("核销"),
    "close": _("贷款结清"),
}

MACHINE = "application"

SUBSIDY = "subsidy"

SUBSIDY_TRANSITIONS: tuple[tuple[str, str, str, str, str], ...] = (
    (SUBSIDY, "computed", "apply", "enterprise_agent", "applied"),
    (SUBSIDY, "computed", "apply", "enterprise_signatory", "applied"),
    (SUBSIDY, "applied", "bank_confirm", "bank_ops", "bank_confirmed"),
    (SUBSIDY, "applied", "refuse", "bank_ops", "refused"),
    (SUBSIDY, "bank_confirmed", "check", "fund_manager", "checked"),
    (SUBSIDY, "bank_confirmed", "refuse", "fund_manager", "refused"),
    (SUBSIDY, "checked", "pay", "fund_manager", "paid"),
    (SUBSIDY, "checked", "refuse", "fund_manager", "refused"),
    (SUBSIDY, "paid", "claw_back", "fund_manager", "clawed_back"),
)
SUBSIDY_EVENT_LABELS = {
    "apply": _("企业申请"),
    "bank_confirm": _("银行确认实付利息"),
    "check": _("审核通过"),
    "pay": _("拨付贴息"),
    "refuse": _("决定不予贴息"),
    "claw_back": _("追回"),
}

TRANSITIONS: tuple[tuple[str, str, str, str, str], ...] = (
    # machine, from, event, role, to
    (MACHINE, "draft", "submit", "enterprise_signatory", "submitted"),
    (MACHINE, "submitted", "screen", "system", "screened"),
    (MACHINE, "submitted", "decline", "system", "declined_auto"),
    (MACHINE, "screened", "offer_guarantee", "system", "guarantee_review"),
    (MACHINE, "guarantee_review", "g_propose", "guarantor_maker", "g_proposed"),
    (MACHINE, "g_proposed", "g_grant", "guarantor_checker", "guaranteed"),
    (MACHINE, "g_proposed", "g_return", "guarantor_checker", "guarantee_review"),
    (MACHINE, "g_proposed", "g_decline", "guarantor_checker", "g_declined"),
    *(
        (MACHINE, state, "acknowledge", "bank_maker", state)
        for state in ("screened", "guarantee_review", "g_proposed", "guaranteed")
    ),
    (MACHINE, "screened", "propose", "bank_maker", "proposed"),
    (MACHINE, "guaranteed", "propose", "bank_maker", "proposed"),
    (MACHINE, "proposed", "approve", "bank_checker", "approved"),
    (MACHINE, "proposed", "return", "bank_checker", "screened"),
    (MACHINE, "proposed", "reject", "bank_checker", "rejected"),
    *((MACHINE, state, "hold", "system", "on_hold") for state in OPEN_STATES if state != "on_hold"),
    *((MACHINE, state, "withdraw", "enterprise_signatory", "withdrawn") for state in UNSIGNED_STATES),
    *((MACHINE, state, "lapse", "system", "lapsed") for state in OPEN_STATES),
    (MACHINE, "approved", "contract", "enterprise_signatory", "contracted"),
    (MACHINE, "contracted", "cancel", "bank_checker", "cancelled"),
    (MACHINE, "contracted", "disburse", "bank_ops", "active"),
    (MACHINE, "active", "disburse", "bank_ops", "active"),
    *((MACHINE, state, "repay", "bank_ops", state) for state in ("active", "overdue", "defaulted")),
    *((MACHINE, state, "reverse", "bank_ops", state) for state in ("active", "overdue", "defaulted")),
    (MACHINE, "closed", "reverse", "bank_ops", "active"),
    (MACHINE, "active", "overdue", "system", "overdue"),
    (MACHINE, "overdue", "cure", "system", "active"),
    *((MACHINE, state, "close", "system", "closed") for state in ("active", "overdue", "defaulted")),
    *((MACHINE, state, "default", "bank_checker", "defaulted") for state in ("active", "overdue")),
    (MACHINE, "defaulted", "claim_file", "bank_maker", "claim_filed"),
    *(
        (MACHINE, source, event, role, to)
        for role in ("guarantor_checker", "fund_manager")
        for source, event, to in (
            ("claim_filed", "claim_accept", "claim_accepted"),
            ("claim_filed", "claim_refuse", "defaulted"),
            ("claim_accepted", "pay", "claim_accepted"),
        )
    ),
    (MACHINE, "claim_accepted", "indemnify", "system", "indemnified"),
    (MACHINE, "indemnified", "recover", "bank_ops", "indemnified"),
    (MACHINE, "indemnified", "settle", "system", "recovered"),
    *((MACHINE, state, "write_off", "bank_checker", "written_off") for state in ("defaulted", "indemnified")),
    *SUBSIDY_TRANSITIONS,
)

PROJECT_FIELDS = {
    "education": _("教育"), "health": _("卫生健康"), "culture": _("文旅体育"), "training": _("实训基地"), "charging": _("充电设施"),
    "parking": _("城市地下综合管廊与停车"), "infrastructure": _("新型基础设施"), "industry": _("产业数字化转型"),
    "energy": _("重点领域节能降碳改造"), "recycling": _("废旧家电回收处理"),
}  # fmt: skip
"""Fields of equipment renewal loans 设备购置与更新改造贷款 (财金〔2022〕99号)."""

GUARANTEE_REASONS = {
    "credit": _("信用或涉诉情况不符合要求"),
    "capacity": _("反担保或还款能力不足"),
    "policy": _("不符合担保业务政策"),
    "limit": _("担保额度不足"),
}
"""Reason codes a guarantor chooses from."""

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
    "dims": _("各维度得分：与同阶段企业的中位数比较"),
    "fin": _("两年财务区间：营业收入、上缴税费、研发费用（只给区间，不给具体数）"),
    "indicators": _("各项指标：数值和得分（人才只给人数，不给姓名）"),
    "history": _("历年积分：最近三个已发布年度的总分和名次"),
    "evidence": _("证明材料：核定数据的材料清单，每打开一份都记入访问记录（不含身份、工资、人员材料）"),
}
"""Field groups a consent may name. A credit product needs the first ones (`rules.CREDIT_GROUPS`); the firm may add the others."""


def group_labels(groups: Iterable[str]) -> str:
    """Groups in words, without what each contains."""
    return str(_("；")).join(re.split("：|: ", str(GROUPS.get(group, group)))[0] for group in groups)


CONSENT_STATES = {
    "active": _("有效"),
    "upcoming": _("已续签，到期后生效"),
    "expired": _("已到期"),
    "revoked": _("已撤回"),
    "replaced": _("已由补充授权接替"),
}

EVENTS = {
    "consent.granted": _("企业签署授权"),
    "consent.revoked": _("企业撤回授权"),
    "consent.expiring": _("授权将在 14 天内到期"),
    "quote.live": _("授信额度已测算"),
    "quote.void": _("授信额度已失效"),
    "application.submitted": _("收到贷款申请"),
    "application.withdrawn": _("企业撤回申请"),
    "application.lapsed": _("申请超期失效"),
    "guarantee.decided": _("担保机构已决定"),
    "contract.signed": _("企业已签合同"),
    "claim.decided": _("代偿申请已决定"),
    "score.corrected": _("积分已更正"),
    "head.daily": _("审计链每日存证"),
}
"""What a bank's system can be told; messages carry ids and a link, never data of an enterprise."""

SCOPES = {
    "consent.read": _("查看授权"),
    "score.read": _("查询评分卡和快照证明"),
    "quote.read": _("查看授信额度"),
    "quote.simulate": _("试算授信额度"),
    "application.read": _("查看申请"),
    "application.decide": _("受理、提出方案、复核"),
    "contract.write": _("登记合同"),
    "servicing.write": _("登记放款、还款和冲正"),
    "claim.write": _("认定违约、申请代偿"),
    "webhook.manage": _("管理推送地址"),
    "sandbox.clock": _("拨动测试园区的时钟"),
}
"""What a program of a bank may be allowed."""

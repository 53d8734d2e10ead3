"""The line of an enterprise under a product version, computed and explained, without storing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parks.clock import db_today
from scoring.queries.standing import Standing as ScoreStanding

from .. import rules
from ..formula import Caps, Figures, Formula, Quote, Standing, quote
from ..models import Application, CreditLine, ProductVersion
from ..states import LOAN_STATES, ApplicationState, LineState
from . import risk
from .figures import TwoYears, present, two_years
from .standing import in_force, vetoes_of

LIMIT_LABELS = {
    "score": gettext_lazy("积分对应额度（积分 × 阶段 × 增长）"),
    "revenue_capacity": gettext_lazy("营业收入偿债能力"),
    "tax_capacity": gettext_lazy("纳税偿债能力"),
    "equity_capacity": gettext_lazy("净资产偿债能力"),
    "product_cap": gettext_lazy("产品单户上限"),
    "first_loan_cap": gettext_lazy("首贷上限"),
    "guarantor_client_cap": gettext_lazy("担保单户剩余"),
    "group_cap": gettext_lazy("集团剩余"),
    "pool_cap": gettext_lazy("资金池剩余"),
    "revenue_cap": gettext_lazy("两年平均营业收入"),
}
STEP_LABELS = {
    "points": gettext_lazy("积分"),
    "base": gettext_lazy("积分档基础额度"),
    "stage": gettext_lazy("发展阶段系数"),
    "growth": gettext_lazy("收入增长系数"),
    "exposure": gettext_lazy("平台内其他产品已用额度"),
    "amount": gettext_lazy("授信额度（取到万元）"),
}
UNUSABLE = {"PROVISIONAL", "REFUSED"}
FACTORS = ("points", "stage", "growth")
BINDING_TEXTS = {
    "score": gettext_lazy("积分"),
    "revenue_capacity": gettext_lazy("两年平均营业收入"),
    "tax_capacity": gettext_lazy("两年平均上缴税费"),
    "equity_capacity": gettext_lazy("年末净资产"),
    "product_cap": gettext_lazy("产品单户上限"),
    "first_loan_cap": gettext_lazy("首次贷款上限"),
    "guarantor_client_cap": gettext_lazy("担保机构的单户剩余"),
    "pool_cap": gettext_lazy("风险补偿资金池的剩余"),
    "revenue_cap": gettext_lazy("不超过两年平均营业收入"),
    "veto": gettext_lazy("有一票否决事项，暂不能授信"),
    "not_final": gettext_lazy("积分尚未发布，只能试算"),
    "R01": gettext_lazy("积分低于产品起点"),
    "no_score": gettext_lazy("还没有积分"),
    "missing": gettext_lazy("缺少核定的财务数据"),
    "stale": gettext_lazy("积分数据已超过产品允许的时间"),
}
RAISE_TEXTS = {
    "score": gettext_lazy("积分提高，额度随之提高：到积分画像查看短板。"),
    "revenue_capacity": gettext_lazy("营业收入提高并核定后，额度会提高。"),
    "tax_capacity": gettext_lazy("上缴税费提高并核定后，额度会提高。"),
    "equity_capacity": gettext_lazy("增加净资产（增资或留存利润）并核定后，额度会提高。"),
    "product_cap": gettext_lazy("可以看看单户上限更高的产品。"),
    "first_loan_cap": gettext_lazy("首笔贷款结清后不再受首贷上限限制。"),
    "guarantor_client_cap": gettext_lazy("已有的担保贷款还款后，可用额度会恢复。"),
    "pool_cap": gettext_lazy("资金池释放后额度会恢复，也可以看看不经资金池的产品。"),
    "revenue_cap": gettext_lazy("营业收入提高并核定后，额度会提高。"),
    "veto": gettext_lazy("先解除积分画像中列出的否决事项。"),
    "not_final": gettext_lazy("等积分正式发布后即可使用。"),
    "R01": gettext_lazy("积分达到产品起点后即可测算。"),
    "no_score": gettext_lazy("先完成本年度申报，等待积分计算。"),
    "missing": gettext_lazy("在申报中补全营业收入、上缴税费和年末净资产并通过核定。"),
    "stale": gettext_lazy("参加新一年度的评价后即可测算。"),
}


@dataclass(frozen=True, slots=True)
class Pricing:
    """A computed line. `usable` says whether it may be applied on; `standing` is None without a score."""

    version: ProductVersion
    standing: ScoreStanding | None
    figures: TwoYears | None
    result: Quote
    usable: bool
    provisional: bool = False
    inputs: dict[str, Any] | None = None

    @property
    def amount(self) -> Decimal:
        return self.result.amount

    @property
    def binding_text(self) -> str:
        return str(BINDING_TEXTS.get(self.result.binding, self.result.binding))

    @property
    def raise_text(self) -> str:
        return str(RAISE_TEXTS.get(self.result.binding, ""))

    @property
    def used_elsewhere(self) -> Decimal:
        """Yuan taken under other products, which the amount is already less."""
        return Decimal((self.inputs or {}).get("exposure", 0))

    @property
    def labels(self) -> list[str]:
        return [str(LIMIT_LABELS.get(name, name)) for name in self.result.limits]

    @property
    def bars(self) -> list[float]:
        """Limits in 万元, for the picture only."""
        return [float(value / 10_000) for value in self.result.limits.values()]

    @property
    def marked(self) -> int | None:
        names = list(self.result.limits)
        return names.index(self.result.binding) if self.result.binding in names else None

    @property
    def chart_rows(self) -> list[tuple[str, str]]:
        return [
            (label, f"{value / 10_000:,.2f}")
            for label, value in zip(self.labels, self.result.limits.values(), strict=True)
        ]

    @property
    def step_rows(self) -> list[tuple[str, Decimal, bool]]:
        """Label, value and whether the value is money."""
        return step_rows([{"code": step.code, "value": str(step.value)} for step in self.result.steps])

    @property
    def chart_heads(self) -> list[str]:
        return [_("限制"), _("万元")]


def step_rows(steps: list[dict[str, str]]) -> list[tuple[str, Decimal, bool]]:
    """Stored steps for a page: label, value, whether it is money."""
    rows = []
    for step in steps:
        label = STEP_LABELS.get(step["code"]) or LIMIT_LABELS.get(step["code"]) or step["code"]
        rows.append((str(label), Decimal(step["value"]), step["code"] not in FACTORS))
    return rows


def price(enterprise_id: int, version: ProductVersion) -> Pricing:
    """The line now: veto, freshness, figures and caps looked up, the formula applied.

    A score that is not official gives a provisional amount, shown but not usable.
    """
    standing = in_force(enterprise_id)
    if standing is None:
        return _nothing(version, None, None, "no_score")
    figures = two_years(enterprise_id, standing.cycle_year)
    if not rules.is_fresh(standing.cycle_year, db_today(), version.fresh_months):
        return _nothing(version, standing, figures, "stale")
    if figures.missing:
        return _nothing(version, standing, figures, "missing")
    return _priced(enterprise_id, version, standing, figures)


def _priced(
    enterprise_id: int, version: ProductVersion, standing: ScoreStanding, figures: TwoYears
) -> Pricing:
    left = risk.left_for(version, enterprise_id)
    inputs = {
        "points": str(standing.total), "stage": standing.stage, "year": standing.cycle_year, "run_hash": standing.run_hash,
        "revenue": [str(x) for x in present(figures.revenue)], "tax": [str(x) for x in present(figures.tax)],
        "equity": str(figures.equity or rules.ZERO), "exposure": str(exposure_elsewhere(enterprise_id, version.product_id)),
        "first_loan": is_first_loan(enterprise_id),
        "left": {name: str(value) for name, value in left.items() if value is not None}, "version": version.digest,
    }  # fmt: skip
    result = requoted(inputs, version, vetoes_of(standing))
    final = standing.is_published and not UNUSABLE & set(standing.flags)
    return Pricing(
        version=version, standing=standing, figures=figures, result=result, usable=final and result.amount > 0,
        provisional=not final, inputs=inputs,
    )  # fmt: skip


def requoted(inputs: Mapping[str, Any], version: ProductVersion, vetoes: tuple[str, ...] = ()) -> Quote:
    """What the inputs of a quote, as they are stored, give under a version."""
    left = {name: Decimal(value) for name, value in inputs["left"].items()}
    points = Decimal(inputs["points"])
    if points < version.min_score:
        return Quote(rules.ZERO, "R01")
    return quote(
        Standing(points=points, stage=inputs["stage"], vetoes=vetoes),
        Figures(
            revenue=[Decimal(value) for value in inputs["revenue"]],
            tax=[Decimal(value) for value in inputs["tax"]],
            equity=Decimal(inputs["equity"]),
            exposure=Decimal(inputs["exposure"]),
        ),
        Caps(
            product=version.cap,
            first_loan=version.first_loan_cap if inputs["first_loan"] else None,
            guarantor_client=left.get("guarantor_client"),
            pool=left.get("pool"),
        ),
        Formula.from_data(version.formula),
    )


def is_first_loan(enterprise_id: int) -> bool:
    """No approved application on the platform yet."""
    counted = (ApplicationState.APPROVED, *LOAN_STATES)
    return not Application.objects.filter(enterprise_id=enterprise_id, status__in=counted).exists()


def exposure_elsewhere(enterprise_id: int, product_id: int) -> Decimal:
    """Yuan taken of the enterprise's lines under other products."""
    lines = (
        CreditLine.objects.filter(enterprise_id=enterprise_id)
        .exclude(state=LineState.CLOSED)
        .exclude(product_id=product_id)
    )
    return lines.aggregate(total=Sum(F("reserved") + F("drawn")))["total"] or rules.ZERO


def _nothing(
    version: ProductVersion, standing: ScoreStanding | None, figures: TwoYears | None, why: str
) -> Pricing:
    return Pricing(
        version=version, standing=standing, figures=figures, result=Quote(rules.ZERO, why), usable=False
    )

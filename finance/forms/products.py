"""Terms of a product version."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..rules import LEAST_LOAN
from .fields import MoneyField, OnceForm, PercentField, WholeField, whole_number


class ParametersField(forms.JSONField):
    """JSON; empty where nothing was given."""

    def prepare_value(self, value: Any) -> str:
        return "" if value is None else str(super().prepare_value(value))


class ProductForm(OnceForm):
    """Terms of a new version; without a formula the platform's usual parameters stand."""

    code = forms.SlugField(
        label=_("产品代码"),
        max_length=32,
        help_text=_("小写字母、数字和连字符；已有产品填同一代码即为新版本。"),
    )
    name = forms.CharField(label=_("产品名称"), max_length=120)
    cap = MoneyField(label=_("单户上限（万元）"))
    min_amount = MoneyField(label=_("起贷金额（万元）"), required=False, help_text=_("不填为 1 万元。"))
    first_loan_cap = MoneyField(label=_("首贷上限（万元）"), required=False)
    min_score = forms.DecimalField(label=_("积分起点"), min_value=0, max_value=100, decimal_places=2)
    rate_low = PercentField(label=_("最低年利率（%）"))
    rate_high = PercentField(label=_("最高年利率（%）"))
    term_min = whole_number(_("最短期限（月）"))
    term_max = whole_number(_("最长期限（月）"))
    conditions = forms.CharField(
        label=_("办理条件"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    documents = forms.CharField(
        label=_("需要的材料"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    fresh_months = WholeField(
        label=_("财务年度结束后可用的月数"),
        min_value=6,
        max_value=60,
        initial=24,
        required=False,
        help_text=_("不填为 24 个月。"),
    )
    guarantor_id = forms.TypedChoiceField(
        label=_("担保机构"), required=False, coerce=int, empty_value=None, choices=[("", _("（不担保）"))]
    )
    cover_low = PercentField(label=_("担保比例下限（%）"), required=False)
    cover_high = PercentField(label=_("担保比例上限（%）"), required=False)
    pool_id = forms.TypedChoiceField(
        label=_("风险补偿资金池"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("（不用资金池）"))],
    )
    pool_share = PercentField(label=_("资金池分担比例（%）"), required=False)
    pool_project_cap = MoneyField(label=_("资金池单笔上限（万元）"), required=False)
    formula = ParametersField(
        label=_("额度公式参数"), required=False, widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("不填为平台通用参数。积分档 bands 的额度单位为元；提出后可先试算对现有企业的影响。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        shares = {name: data.get(name) or Decimal(0) for name in ("cover_low", "cover_high", "pool_share")}
        least = data.get("min_amount") or LEAST_LOAN
        return data | shares | {"fresh_months": data.get("fresh_months") or 24, "min_amount": least}

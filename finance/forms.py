from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import NotANumber, parse_money
from parks.idempotency import new_key

from .rules import CONSENT_MONTHS
from .states import GROUPS, REJECT_REASONS

WAN = Decimal(10_000)


class MoneyField(forms.CharField):
    """Typed in 万元 (or with a unit); cleaned to yuan."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return parse_money(text)
        except NotANumber as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写金额，单位万元，例如 500 或 500.50。"),
                params={"label": self.label},
                code=error.code,
            ) from error


class PercentField(forms.CharField):
    """Typed in percent a year; cleaned to a fraction (3.45 -> 0.0345)."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip().rstrip("%％")
        if not text:
            return None
        try:
            rate = Decimal(text) / 100
        except InvalidOperation as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写年利率，例如 3.45。"), params={"label": self.label}
            ) from error
        if not rate.is_finite() or rate != round(rate, 6):
            raise forms.ValidationError(
                _("“%(label)s”请填写年利率，例如 3.45。"), params={"label": self.label}
            )
        return rate


def whole_number(label: Any, **kwargs: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=1,
        max_value=600,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        **kwargs,
    )


class OnceForm(forms.Form):
    """Carries the key that keeps a form from having its effect twice."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)


class ConsentForm(forms.Form):
    groups = forms.MultipleChoiceField(
        label=_("同意银行查询的信息"), choices=list(GROUPS.items()), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请勾选同意查询的信息；不同意可以直接离开，没有任何影响。")},
    )  # fmt: skip
    months = forms.TypedChoiceField(
        label=_("授权期限"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择授权期限。")},
    )
    confirm = forms.BooleanField(
        label=_("我已阅读授权书和下面的预览，代表本企业签署"),
        error_messages={"required": _("请勾选确认后签署。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["months"].choices = [(n, _now("%(n)s 个月") % {"n": n}) for n in CONSENT_MONTHS]  # type: ignore[attr-defined]


class RevokeForm(forms.Form):
    confirm = forms.BooleanField(
        label=_("我已了解上述影响，确认撤回"), error_messages={"required": _("请勾选确认后撤回。")}
    )


class ApplyForm(OnceForm):
    amount = MoneyField(label=_("申请金额（万元）"))
    term_months = whole_number(_("期限（月）"))
    purpose = forms.CharField(label=_("贷款用途"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawForm(forms.Form):
    note = forms.CharField(label=_("撤回原因"), required=False, max_length=500)


class ProposeForm(OnceForm):
    amount = MoneyField(label=_("拟批金额（万元）"))
    rate = PercentField(label=_("年利率（%）"))
    term_months = whole_number(_("期限（月）"))
    note = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class DecideForm(forms.Form):
    content_hash = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("复核意见"), choices=[("approve", _("通过")), ("return", _("退回修改")), ("reject", _("不通过"))], widget=forms.RadioSelect,
        error_messages={"required": _("请选择复核意见。")},
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("不通过的原因"),
        required=False,
        choices=[("", _("（不通过时选择）")), *REJECT_REASONS.items()],
    )
    note = forms.CharField(
        label=_("意见"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ProductForm(OnceForm):
    """Terms of a new version; the formula starts with the platform's usual parameters."""

    code = forms.SlugField(
        label=_("产品代码"),
        max_length=32,
        help_text=_("小写字母、数字和连字符；已有产品填同一代码即为新版本。"),
    )
    name = forms.CharField(label=_("产品名称"), max_length=120)
    cap = MoneyField(label=_("单户上限（万元）"))
    first_loan_cap = MoneyField(label=_("首贷上限（万元）"), required=False)
    min_score = forms.DecimalField(label=_("积分起点"), min_value=0, max_value=100, decimal_places=2)
    rate_low = PercentField(label=_("最低年利率（%）"))
    rate_high = PercentField(label=_("最高年利率（%）"))
    term_min = whole_number(_("最短期限（月）"))
    term_max = whole_number(_("最长期限（月）"))
    conditions = forms.CharField(
        label=_("办理条件"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )

"""From the market to the bank's decision."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import REJECT_REASONS
from .fields import MoneyField, OnceForm, PercentField, whole_number


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


class MarketForm(forms.Form):
    """What could I get: a filter of the market."""

    amount = MoneyField(label=_("想要的金额（万元）"), required=False)
    term_months = whole_number(_("期限（月）"), required=False)
    no_guarantee = forms.BooleanField(label=_("不需要担保"), required=False)

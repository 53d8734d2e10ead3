"""Steps of a loan and of its guarantee, on the page of the loan."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import GUARANTEE_REASONS, RepaymentMethod
from .fields import MoneyField, OnceForm, PercentField, day, text_area


class ActionForm(OnceForm):
    """A step of a loan; `action` says which."""

    action = forms.CharField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class PledgeForm(ActionForm):
    cover_ratio = PercentField(label=_("担保比例（%）"))
    fee_rate = PercentField(label=_("年担保费率（%）"))
    group_name = forms.CharField(
        label=_("所属集团"), required=False, max_length=120, help_text=_("同一集团的企业合并计算集团上限。")
    )
    note = text_area(_("说明"), required=False)


class PledgeDecisionForm(ActionForm):
    content_hash = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("复核意见"), choices=[("grant", _("通过")), ("return", _("退回修改")), ("decline", _("不通过"))], widget=forms.RadioSelect
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("不通过的原因"),
        required=False,
        choices=[("", _("（不通过时选择）")), *GUARANTEE_REASONS.items()],
    )
    note = text_area(_("意见"), required=False)


class ContractForm(ActionForm):
    number = forms.CharField(label=_("合同编号"), max_length=64)
    amount = MoneyField(label=_("合同金额（万元）"))
    rate = PercentField(label=_("年利率（%）"))
    starts_on = day(_("起始日"))
    ends_on = day(_("到期日"))
    method = forms.ChoiceField(label=_("还款方式"), choices=RepaymentMethod.choices)


class DisburseForm(ActionForm):
    amount = MoneyField(label=_("放款金额（万元）"))
    value_date = day(_("放款日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)


class RepayForm(ActionForm):
    principal = MoneyField(label=_("本金（万元）"), required=False)
    interest = MoneyField(label=_("利息（万元）"), required=False)
    penalty = MoneyField(label=_("罚息（万元）"), required=False)
    fee = MoneyField(label=_("费用（万元）"), required=False)
    value_date = day(_("还款日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return data | {
            name: data.get(name) or Decimal(0) for name in ("principal", "interest", "penalty", "fee")
        }


class ReverseForm(ActionForm):
    repayment_id = forms.TypedChoiceField(label=_("要冲正的还款"), coerce=int, choices=[])
    bank_ref = forms.CharField(label=_("冲正流水号"), max_length=64)
    reason = forms.CharField(label=_("原因"), max_length=200)


class ReasonForm(ActionForm):
    reason = text_area(_("理由"))


class NoteForm(ActionForm):
    note = text_area(_("说明"), required=False)


OPINIONS = [("accept", _("同意代偿")), ("refuse", _("不予代偿"))]


class OpinionForm(ActionForm):
    opinion = forms.ChoiceField(label=_("意见"), choices=OPINIONS, widget=forms.RadioSelect)
    reason = text_area(_("理由"), required=False)


class PaymentForm(ActionForm):
    bank_ref = forms.CharField(label=_("付款流水号"), max_length=64)


class RecoveryForm(ActionForm):
    amount = MoneyField(label=_("追回金额（万元）"))
    value_date = day(_("到账日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)

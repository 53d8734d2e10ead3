"""Financing needs and their answers."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import GuaranteeWish
from .fields import MoneyField, OnceForm, PercentField, text_area, whole_number


class NeedForm(OnceForm):
    amount = MoneyField(label=_("需要金额（万元）"))
    term_months = whole_number(_("期限（月）"))
    purpose = text_area(_("用途"))
    guarantee_wish = forms.ChoiceField(
        label=_("担保意愿"), choices=GuaranteeWish.choices, widget=forms.RadioSelect
    )
    collateral = forms.CharField(label=_("可提供的抵质押物"), required=False, max_length=200)


class AnswerForm(OnceForm):
    offers = forms.TypedChoiceField(
        label=_("答复"), choices=[("1", _("可以办理")), ("0", _("不能办理"))], coerce=lambda value: value == "1", widget=forms.RadioSelect
    )  # fmt: skip
    amount = MoneyField(label=_("可提供金额（万元）"), required=False)
    rate = PercentField(label=_("年利率（%）"), required=False)
    text = text_area(_("方案或原因"))


class BureauAnswerForm(AnswerForm):
    """A credit bureau lends nothing: it says whether it can report on the enterprise, with the enterprise's own consent."""

    amount = None  # type: ignore[assignment]
    rate = None  # type: ignore[assignment]
    offers = forms.TypedChoiceField(
        label=_("答复"), choices=[("1", _("可以出具信用报告（须企业另行授权）")), ("0", _("不能出具"))], coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )  # fmt: skip

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import WAN
from parks.idempotency import new_key
from parks.showing import said

from ..states import MOST_FIELDS, NeedClosing, Outcome, TechField
from .fields import WanField, day_field


class FieldsField(forms.MultipleChoiceField):
    """One to three fields of technology."""

    def __init__(self) -> None:
        super().__init__(
            label=_("技术领域"),
            choices=TechField.choices,
            widget=forms.CheckboxSelectMultiple,
            help_text=_("选 1 到 3 项。"),
        )

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > MOST_FIELDS:
            raise forms.ValidationError(_("技术领域最多选 3 项，请去掉一些。"))


class NeedForm(forms.Form):
    """What the firm looks for."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    title = forms.CharField(label=_("需求名称"), max_length=120)
    text = forms.CharField(
        label=_("具体要求"),
        max_length=2000,
        help_text=_("要解决什么问题、达到什么指标；不要写商业秘密。"),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    fields_of = FieldsField()
    budget_from = WanField(label=_("预算下限（万元）"), required=False, help_text=_("上下限都不填为面议。"))
    budget_to = WanField(label=_("预算上限（万元）"), required=False)
    until = day_field(_("截止日期"))
    is_public = forms.BooleanField(
        label=_("公开到需求榜"),
        required=False,
        help_text=_("任何人可看到企业名称、需求和预算；不勾选则只有园区可见。"),
    )

    @property
    def said(self) -> dict[str, Any]:
        """What the service takes; budgets in yuan."""
        data = said(self)
        data["fields"] = data.pop("fields_of")
        for name in ("budget_from", "budget_to"):
            data[name] = None if data[name] is None else data[name] * WAN
        return data


class NeedClosingForm(forms.Form):
    closing = forms.ChoiceField(label=_("结束原因"), choices=NeedClosing.choices)


class ExpertForm(forms.Form):
    """An entry of the register of experts."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    name = forms.CharField(label=_("姓名"), max_length=80)
    institute = forms.CharField(label=_("工作单位"), max_length=200)
    fields_of = FieldsField()
    availability = forms.CharField(
        label=_("可对接时间"),
        max_length=200,
        required=False,
        help_text=_("例如：每周三下午。不要填写个人电话。"),
    )
    is_active = forms.BooleanField(label=_("可对接"), required=False, initial=True)

    @property
    def said(self) -> dict[str, Any]:
        data = said(self)
        data["fields"] = data.pop("fields_of")
        return data


class IntroduceForm(forms.Form):
    expert = forms.IntegerField()
    note = forms.CharField(required=False, max_length=500)


class OutcomeForm(forms.Form):
    """What came of an introduction."""

    outcome = forms.ChoiceField(label=_("结果"), choices=Outcome.choices)
    amount = WanField(label=_("合同金额（万元）"), required=False, help_text=_("签约时填写。"))
    note = forms.CharField(label=_("说明"), required=False, max_length=500)

    @property
    def said(self) -> dict[str, Any]:
        amount = self.cleaned_data["amount"]
        return self.cleaned_data | {"amount": None if amount is None else amount * WAN}

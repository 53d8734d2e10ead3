"""Programmes, projects and subsidies 贴息."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import PROJECT_FIELDS, SubsidyMethod
from .fields import MoneyField, OnceForm, PercentField, day, whole_number


class ProgrammeForm(OnceForm):
    code = forms.SlugField(label=_("代码"), max_length=32)
    name = forms.CharField(label=_("名称"), max_length=120)
    method = forms.ChoiceField(label=_("贴息方式"), choices=SubsidyMethod.choices)
    rate = PercentField(
        label=_("比例或年点数（%）"), help_text=_("按 LPR：LPR 的百分之几；按点数：2.5 即每年 2.5 个百分点。")
    )
    lpr = PercentField(label=_("LPR（%）"), required=False)
    budget = MoneyField(label=_("预算（万元）"))
    year_cap = MoneyField(label=_("每户每年上限（万元）"))
    total_cap = MoneyField(label=_("每户累计上限（万元）"))
    exclusive_with = forms.MultipleChoiceField(
        label=_("不能同享的贴息项目"), required=False, choices=[], widget=forms.CheckboxSelectMultiple,
        help_text=_("同一笔贷款享受了其中一个，就不能再享受本项目。"),
    )  # fmt: skip


class ProjectForm(OnceForm):
    programme_code = forms.ChoiceField(label=_("贴息项目"), choices=[])
    batch = whole_number(_("批次"))
    name = forms.CharField(label=_("项目名称"), max_length=200)
    field = forms.ChoiceField(label=_("领域"), choices=list(PROJECT_FIELDS.items()))
    investment = MoneyField(label=_("总投资（万元）"))
    demand = MoneyField(label=_("贷款需求（万元）"))
    bank_name = forms.CharField(label=_("意向银行"), required=False, max_length=120)


class ComputeForm(OnceForm):
    application_id = forms.TypedChoiceField(label=_("贷款"), coerce=int, choices=[])
    programme_code = forms.ChoiceField(label=_("贴息项目"), choices=[])
    start = day(_("自"))
    end = day(_("至（不含）"))


class StepForm(OnceForm):
    """A step of a subsidy or a project."""

    event = forms.CharField()
    note = forms.CharField(required=False, max_length=500)

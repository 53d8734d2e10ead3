from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parks.idempotency import new_key

from ..states import APPEAL_WORKING_DAYS, AppealCategory, VisitPurpose
from .fields import day_field, long_text


class VisitForm(forms.Form):
    """A visit, filled in on a phone on the way back."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    firm = forms.CharField(
        label=_("企业"), max_length=200, help_text=_("名称（可只写一部分）或统一社会信用代码。")
    )
    visited_on = day_field(_("走访日期"))
    visitors = forms.CharField(label=_("走访人员"), max_length=200)
    purpose = forms.ChoiceField(label=_("目的"), choices=VisitPurpose.choices)
    met = forms.CharField(label=_("接待人"), max_length=200, required=False)
    note = long_text(_("情况记录"), most=2000, required=False)
    upload = forms.FileField(
        label=_("照片或材料"),
        required=False,
        help_text=_("PDF、PNG 或 JPEG，不超过 10 MB；可在保存后再添加。"),
    )


class PaperForm(forms.Form):
    upload = forms.FileField(label=_("照片或材料"), help_text=_("PDF、PNG 或 JPEG，不超过 10 MB。"))


class AppealForm(forms.Form):
    """What the firm asks for."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    category = forms.ChoiceField(label=_("类别"), choices=AppealCategory.choices)
    text = long_text(_("诉求内容"), most=1000)


class AssignForm(forms.Form):
    """Who answers, within how many working days."""

    responsible = forms.TypedChoiceField(label=_("承办人"), coerce=int)
    days = forms.IntegerField(
        label=_("答复期限（工作日）"), min_value=1, max_value=60, initial=APPEAL_WORKING_DAYS
    )

    def __init__(self, *args: Any, colleagues: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["responsible"].choices = colleagues  # type: ignore[attr-defined]  # a choice


class OfficeAppealForm(AssignForm, AppealForm):
    """An appeal heard at a visit."""

    field_order = ("category", "text", "responsible", "days")


class AnswerForm(forms.Form):
    text = long_text(_("答复"), most=2000)


class ReopenForm(forms.Form):
    text = long_text(_("还有什么没有解决"), most=2000)

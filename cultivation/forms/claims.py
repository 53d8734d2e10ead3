from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parks.idempotency import new_key

from .. import formula
from ..states import REFUSAL_REASONS
from .fields import AccountField, day_field, figure_field


class ClaimForm(forms.Form):
    """What the firm itself adds, its account, its papers."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    account_name = forms.CharField(label=_("收款户名"), max_length=200)
    account_bank = forms.CharField(label=_("开户银行"), max_length=120)
    account_number = AccountField(
        label=_("收款账号"),
        help_text=_("对公账户，只填数字。"),
        error_messages={"invalid": _("账号是 6 到 34 位数字，请检查。")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    upload = forms.FileField(
        label=_("上传新材料"),
        required=False,
        help_text=_("PDF、PNG 或 JPEG，不超过 10 MB；存入材料库，以后可再引用。"),
    )

    def __init__(self, *args: Any, rule: formula.Rule, files: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {
            f"in_{one.code}": figure_field(one.label, one.unit, one.evidence, required=True)
            for one in rule.inputs
        }
        upload = self.fields.pop("upload")
        papers = forms.TypedMultipleChoiceField(
            label=_("引用材料库中的文件"), coerce=int, required=False, choices=files, widget=forms.CheckboxSelectMultiple
        )  # fmt: skip
        self.fields = asked | self.fields | ({"papers": papers} if files else {}) | {"upload": upload}

    @property
    def inputs(self) -> dict[str, Decimal | None]:
        return {name[3:]: value for name, value in self.cleaned_data.items() if name.startswith("in_")}

    @property
    def account(self) -> dict[str, str]:
        return {
            name: str(self.cleaned_data[name]) for name in ("account_name", "account_bank", "account_number")
        }


class ClaimStepForm(forms.Form):
    """One step of a claim and what it needs."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    event = forms.CharField(max_length=16)
    note = forms.CharField(
        label=_("意见"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("退回补正、追缴和撤销追缴时必填，企业会看到。"),
    )
    reason = forms.ChoiceField(
        label=_("不予兑现的原因"), choices=[("", "—"), *REFUSAL_REASONS.items()], required=False,
        help_text=_("选择“不予兑现”时必填，企业会看到。"),
    )  # fmt: skip
    paid_on = day_field(_("拨付日期"), required=False)
    paid_reference = forms.CharField(label=_("拨付凭证号"), required=False, max_length=120)

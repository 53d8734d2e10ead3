from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parks.idempotency import new_key

from ..formula import Fact
from .fields import day_field, figure_field


class FactForm(forms.Form):
    """A figure that only the firm knows, with its day and its paper."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    as_of = day_field(_("截至日期"), help_text=_("数值是哪一天的。"))
    upload = forms.FileField(
        label=_("证明材料"),
        required=False,
        help_text=_("不引用材料库中的文件时必须上传：PDF、PNG 或 JPEG，不超过 10 MB。"),
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(
        self, *args: Any, fact: Fact, language: str, files: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = figure_field(fact.label(language), fact.unit, required=True)
        if files:
            self.fields["evidence_id"] = forms.TypedChoiceField(
                label=_("或引用材料库中的文件"), coerce=int, required=False, empty_value=None, choices=[("", _("不引用")), *files]
            )  # fmt: skip
        self.order_fields(["value", "as_of", "upload", "evidence_id", "note"])


class FactCheckForm(forms.Form):
    accepts = forms.TypedChoiceField(
        label=_("结论"), coerce="yes".__eq__, choices=[("yes", _("采用")), ("no", _("退回"))], widget=forms.RadioSelect
    )  # fmt: skip
    reason = forms.CharField(label=_("退回原因"), max_length=300, required=False)

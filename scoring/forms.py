from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class FreezeForm(forms.Form):
    """Freezing cannot be taken back, so it is confirmed."""

    confirm = forms.BooleanField(
        label=_("我已核对上述数字，确认冻结"),
        error_messages={"required": _("请勾选确认：冻结后本年度的数据不能再修改。")},
    )


class CorrectionForm(forms.Form):
    """A correction is a new snapshot that names the old one."""

    reason = forms.CharField(
        label=_("更正原因"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请填写更正原因，例如复核结论的文号。")},
    )

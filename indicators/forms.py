from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from .services.schemes import library


class AdoptForm(forms.Form):
    """A scheme of the library, or a file of one's own."""

    name = forms.ChoiceField(label=_("指标体系库"), required=False)
    file = forms.FileField(
        label=_("或上传指标体系文件"), required=False, help_text=_("YAML 格式，见文档 scheme.md，最大 1 MB。")
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["name"].choices = [("", "—"), *((name, name) for name in library())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        data: dict[str, object] = super().clean() or {}
        if not data.get("name") and not data.get("file"):
            raise forms.ValidationError(_("请选择指标体系，或上传一个文件。"))
        return data

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .. import formula
from .fields import figure_field


class WhatIfForm(forms.Form):
    """The figures that a rule reads, to be changed at will; empty = as known."""

    def __init__(self, *args: Any, rule: formula.Rule, language: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in rule.names:
            if name != "enterprise":
                self.fields[name] = figure_field(rule.label(name, language), rule.unit(name))

    @property
    def changed(self) -> dict[str, Decimal]:
        """The figures that were given."""
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


class SubscriptionForm(forms.Form):
    """The tags of which the firm wants to hear."""

    tags = forms.MultipleChoiceField(
        label=_("有新政策时提醒我"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("按标签；发布后收件箱里有一条提醒。"),
    )  # fmt: skip

    def __init__(self, *args: Any, tags: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tags"].choices = [(tag, tag) for tag in tags]  # type: ignore[attr-defined]  # a choice


class PolicyForm(forms.Form):
    """The text of a rule, typed or as a file."""

    text = forms.CharField(
        label=_("规则（YAML）"), max_length=formula.MOST_TEXT,
        help_text=_("把文件里的一段话写成数据；旁边随时显示它用白话怎么说、例子是否算得对。"),
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "wrap": "off", "class": "mono"}),
    )  # fmt: skip
    upload = forms.FileField(
        label=_("从文件导入"), required=False, help_text=_("导出的 YAML 或 JSON 文件，不超过 60 KB。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = not self.files

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        upload = data.get("upload")
        if upload is not None:
            raw = upload.read(formula.MOST_TEXT * 4 + 1)
            try:
                data["text"] = raw.decode("utf-8-sig").replace("\0", "")
            except UnicodeDecodeError:
                self.add_error("upload", _("文件不是 UTF-8 文本，请另存为 UTF-8 后再导入。"))
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=500)

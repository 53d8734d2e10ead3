from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from parks.clock import db_today

from ..models import Platform, PlatformLevel, PlatformType
from ..models.platforms import FIGURES, MONEY
from ..queries import platforms
from .fields import YuanField, day_field


class FiguresForm(forms.Form):
    """What a platform says of itself; an empty figure is zero."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIGURES:
            label = Platform._meta.get_field(name).verbose_name  # type: ignore[union-attr]  # a column
            if name in MONEY:
                widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
                self.fields[name] = YuanField(
                    label=format_lazy("{}{}", label, _("（万元）")), required=False, widget=widget
                )
            else:
                self.fields[name] = forms.IntegerField(
                    label=label, required=False, min_value=0, max_value=1_000_000
                )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        data |= {name: data.get(name) or 0 for name in FIGURES}
        if data["senior"] > data["staff"]:
            self.add_error("senior", _("其中的人数不能多于专职研发人员。"))
        return data


class ReportForm(FiguresForm):
    """A platform's report of a year."""

    work = forms.CharField(
        label=_("本年度主要工作"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(FIGURES)


class PlatformForm(FiguresForm):
    """A platform with its approval."""

    name = forms.CharField(label=_("平台名称"), max_length=120)
    type = forms.ModelChoiceField(label=_("类型"), queryset=PlatformType.everywhere.none())
    level = forms.ModelChoiceField(label=_("级别"), queryset=PlatformLevel.everywhere.none())
    field = forms.CharField(label=_("技术领域"), max_length=60, required=False)
    head = forms.CharField(label=_("负责人"), max_length=60)
    approver = forms.CharField(label=_("批准单位"), max_length=120)
    approval_number = forms.CharField(label=_("批准文号"), max_length=80)
    approved_on = day_field(_("批准日期"))
    valid_until = day_field(_("有效期至"), required=False, help_text=_("批文没有写明的不填。"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = platforms.types()  # type: ignore[attr-defined]  # a choice of rows
        self.fields["level"].queryset = platforms.levels()  # type: ignore[attr-defined]  # a choice of rows

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        approved, until = data.get("approved_on"), data.get("valid_until")
        if approved and approved > db_today():
            self.add_error("approved_on", _("批准日期不能晚于今天。"))
        if approved and until and until <= approved:
            self.add_error("valid_until", _("有效期应晚于批准日期。"))
        return data


class OfficePlatformForm(PlatformForm):
    """The office names the firm by its code."""

    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    field_order = ("uscc",)


class PlatformStepForm(forms.Form):
    """What the office does with a platform; a revocation counts from a day."""

    event = forms.ChoiceField(choices=[(name, name) for name in ("accept", "refuse", "revoke")])
    note = forms.CharField(label=_("意见"), required=False, max_length=500)
    ended_on = day_field(_("撤销自"), required=False)


class PlatformTypeForm(forms.Form):
    code = forms.SlugField(label=_("代码"), max_length=32)
    title = forms.CharField(label=_("名称"), max_length=60)
    counts_as = forms.SlugField(
        label=_("计入指标的级别代码"), max_length=32, required=False, help_text=_("指标体系中“研发与创新平台”的级别；不计入的不填。")
    )  # fmt: skip


class PlatformLevelForm(PlatformTypeForm):
    rank = forms.IntegerField(label=_("次序（越大级别越高）"), min_value=1, max_value=99)


class PlatformYearForm(forms.Form):
    year = forms.IntegerField(label=_("年度"), min_value=2000, max_value=2100)
    due_on = day_field(_("截止日"))


class FeedForm(forms.Form):
    year = forms.IntegerField(label=_("评价年度"), min_value=2000, max_value=2100)


class UploadForm(forms.Form):
    file = forms.FileField(label=_("填好的表格"), help_text=_("按模板填写的 XLSX 或 CSV 文件。"))

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import NotANumber, parse_money
from parks.clock import db_today
from parks.idempotency import new_key
from parks.models import SubPark
from parks.showing import said

from . import formula
from .models import Platform, PlatformLevel, PlatformType
from .models.platforms import FIGURES, MONEY
from .queries import platforms
from .states import (
    APPEAL_WORKING_DAYS,
    MOST_FIELDS,
    MOST_PEOPLE,
    REFUSAL_REASONS,
    AppealCategory,
    EventKind,
    NeedClosing,
    Outcome,
    PoolStage,
    TechField,
    VisitPurpose,
)

# policies and claims
WAN = Decimal(10_000)


class WanField(forms.CharField):
    """Money typed in 万元 (or with a unit); cleaned to 万元."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Decimal(parse_money(text)) / WAN
        except NotANumber as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写金额，单位万元，例如 500 或 500.50。"), params={"label": self.label}
            ) from error


class FigureField(forms.CharField):
    """A plain figure, per cent without the sign."""

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").strip()[:60].rstrip("%％").replace(",", "").replace("，", "")
        if not text:
            return None
        try:
            found = Decimal(text)
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or abs(found) >= 10**12 or found != round(found, 6):
            raise forms.ValidationError(_("“%(label)s”请填写数字，例如 12.5。"), params={"label": self.label})
        return found


def figure_field(label: str, unit: str, help_text: str = "", *, required: bool = False) -> forms.Field:
    """The field that asks for a figure of this unit; flags are a choice of yes and no."""
    if unit == "flag":
        choices = [("", _("请选择")), ("1", _("是")), ("0", _("否"))]
        return forms.TypedChoiceField(
            label=label,
            choices=choices,
            coerce=Decimal,
            empty_value=None,
            required=required,
            help_text=help_text,
        )
    suffix = {"wan": _("（万元）"), "percent": "（%）", "years": _("（年）")}.get(unit, "")
    kind = WanField if unit == "wan" else FigureField
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 40})
    return kind(label=f"{label}{suffix}", required=required, help_text=help_text, widget=widget)


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


class ClaimForm(forms.Form):
    """What the firm itself adds, its account, its papers."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    account_name = forms.CharField(label=_("收款户名"), max_length=200)
    account_bank = forms.CharField(label=_("开户银行"), max_length=120)
    account_number = forms.RegexField(
        r"^\d{6,34}$",
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
        label=_("意见"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    reason = forms.ChoiceField(
        label=_("不予兑现的原因"), choices=[("", "—"), *REFUSAL_REASONS.items()], required=False
    )
    paid_on = forms.DateField(
        label=_("拨付日期"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    paid_reference = forms.CharField(label=_("拨付凭证号"), required=False, max_length=120)


# technical needs
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
    until = forms.DateField(label=_("截止日期"), widget=forms.DateInput(attrs={"type": "date"}))
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
    institute = forms.CharField(label=_("单位"), max_length=200)
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


class PolicyForm(forms.Form):
    """The text of a rule, typed or as a file."""

    text = forms.CharField(
        label=_("规则（YAML）"), required=False, max_length=formula.MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "wrap": "off", "class": "mono"}),
    )  # fmt: skip
    upload = forms.FileField(
        label=_("从文件导入"), required=False, help_text=_("导出的 YAML 或 JSON 文件，不超过 60 KB。")
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        upload = data.get("upload")
        if upload is not None:
            raw = upload.read(formula.MOST_TEXT * 4 + 1)
            try:
                data["text"] = raw.decode("utf-8-sig").replace("\0", "")
            except UnicodeDecodeError:
                self.add_error("upload", _("文件不是 UTF-8 文本，请另存为 UTF-8 后再导入。"))
        if not data.get("text", "").strip() and not self.errors:
            self.add_error("text", _("请填写规则，或选择要导入的文件。"))
        return data


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("原因"), max_length=500)


# R&D platforms
class YuanField(WanField):
    """Money typed in 万元 (or with a unit), not below zero; cleaned to yuan."""

    def to_python(self, value: Any) -> Any:
        wan = super().to_python(value)
        if wan is not None and wan < 0:
            raise forms.ValidationError(_("“%(label)s”不能为负数。"), params={"label": self.label})
        return None if wan is None else wan * WAN


def _day_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


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
    approved_on = _day_field(_("批准日期"))
    valid_until = _day_field(_("有效期至"), required=False, help_text=_("批文没有写明的不填。"))

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
    ended_on = _day_field(_("撤销自"), required=False)


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
    due_on = _day_field(_("截止日"))


class FeedForm(forms.Form):
    year = forms.IntegerField(label=_("评价年度"), min_value=2000, max_value=2100)


class UploadForm(forms.Form):
    file = forms.FileField(label=_("填好的表格"), help_text=_("按模板填写的 XLSX 或 CSV 文件。"))


# what only the firm knows
class FactForm(forms.Form):
    """A figure of the vocabulary with its day and its paper."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    as_of = _day_field(_("截至日期"), help_text=_("数值是哪一天的。"))
    upload = forms.FileField(
        label=_("证明材料"),
        required=False,
        help_text=_("不引用材料库中的文件时必须上传：PDF、PNG 或 JPEG，不超过 10 MB。"),
    )
    note = forms.CharField(label=_("说明"), max_length=300, required=False)

    def __init__(
        self, *args: Any, fact: formula.Fact, language: str, files: list[tuple[int, str]], **kwargs: Any
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


# pools
class PoolMoveForm(forms.Form):
    """A step of a firm in a pool; staying where it is = a note."""

    to_stage = forms.ChoiceField(label=_("阶段"), choices=PoolStage.choices)
    why = forms.CharField(label=_("原因或记录"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class CoachForm(forms.Form):
    coach = forms.TypedChoiceField(label=_("辅导员"), coerce=int)

    def __init__(self, *args: Any, coaches: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coach"].choices = coaches  # type: ignore[attr-defined]  # a choice


class PoolTaskForm(forms.Form):
    title = forms.CharField(label=_("任务或里程碑"), max_length=200)
    due_on = _day_field(_("完成日期"), required=False)
    is_milestone = forms.BooleanField(label=_("是里程碑"), required=False)


# visits and appeals
class DatedInput(forms.DateInput):
    input_type = "date"


def long_text(label: Any, *, most: int, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=forms.Textarea(attrs={"rows": 3})
    )


class VisitForm(forms.Form):
    """A visit, filled in on a phone on the way back."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    firm = forms.CharField(
        label=_("企业"), max_length=200, help_text=_("名称（可只写一部分）或统一社会信用代码。")
    )
    visited_on = forms.DateField(label=_("走访日期"), widget=DatedInput(format="%Y-%m-%d"))
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

    responsible = forms.TypedChoiceField(label=_("负责人"), coerce=int)
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


# events
class MomentInput(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AudienceForm(forms.Form):
    """Which firms are addressed; nothing chosen = all."""

    stages = forms.MultipleChoiceField(
        label=_("面向的发展阶段"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("按已公布积分的阶段；不选表示全部企业。"),
    )  # fmt: skip
    qualifications = forms.MultipleChoiceField(
        label=_("面向的资质"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("按已核定的资质，有其中一项即可；不选表示不限。"),
    )  # fmt: skip

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, pairs in choices.items():
            self.fields[name].choices = pairs  # type: ignore[attr-defined]  # a choice


class GatheringForm(AudienceForm):
    """An event."""

    title = forms.CharField(label=_("活动名称"), max_length=120)
    kind = forms.ChoiceField(label=_("类型"), choices=EventKind.choices)
    starts_at = forms.DateTimeField(label=_("开始时间"), widget=MomentInput)
    ends_at = forms.DateTimeField(label=_("结束时间"), widget=MomentInput)
    sign_up_until = forms.DateTimeField(label=_("报名截止"), widget=MomentInput)
    place = forms.CharField(label=_("地点"), max_length=200)
    seats = forms.IntegerField(label=_("名额（人）"), min_value=1, max_value=5000)
    contact = forms.CharField(label=_("联系人和电话"), max_length=120)
    about = long_text(_("内容介绍"), most=2000, required=False)
    is_public = forms.BooleanField(
        label=_("在园区公开页面显示"), required=False, initial=True, help_text=_("公众只看到活动和剩余名额，看不到报名企业。")
    )  # fmt: skip

    field_order = (
        "title", "kind", "starts_at", "ends_at", "sign_up_until", "place", "seats", "contact", "about", "stages", "qualifications", "is_public",
    )  # fmt: skip


class SignUpForm(forms.Form):
    """Who comes for a firm."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    people = forms.IntegerField(label=_("参加人数"), min_value=1, max_value=MOST_PEOPLE, initial=1)
    names = forms.CharField(label=_("参加人姓名"), max_length=200)
    phone = forms.RegexField(
        r"^[0-9 +()-]{5,40}$",
        label=_("联系电话"),
        error_messages={"invalid": _("请填写电话号码，例如 13800000000 或 023-68000000。")},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )


class CameForm(forms.Form):
    came = forms.IntegerField(min_value=0, max_value=MOST_PEOPLE)


# notices
class BroadcastForm(AudienceForm):
    """A notice and whom it goes to."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)
    title = forms.CharField(label=_("标题"), max_length=120)
    text = forms.CharField(label=_("正文"), max_length=3000, widget=forms.Textarea(attrs={"rows": 8}))
    sub_park = forms.ModelChoiceField(
        label=_("所在园区"), queryset=SubPark.objects.none(), required=False, empty_label=_("全部")
    )

    field_order = ("title", "text", "stages", "qualifications", "sub_park")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.order_by("name")  # type: ignore[attr-defined]  # a choice of rows

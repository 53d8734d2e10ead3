from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from indicators.queries.schemes import active
from parks.clock import BEIJING
from parks.models import SubPark

from .models import Cycle
from .services.spreadsheets import LARGEST_FILE, SENTENCES
from .states import INDUSTRIES, ReturnReason


class RegisterForm(forms.Form):
    """What a firm states about itself; the code is checked by the service."""

    uscc = forms.CharField(
        label=_("统一社会信用代码"), max_length=40, help_text=_("营业执照上的 18 位代码；空格和大小写不影响。"),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip
    uscc_reason = forms.CharField(
        label=_("校验不通过时的说明"),
        required=False,
        max_length=300,
        help_text=_("仅当代码与营业执照一致而校验不通过时填写，审核员将对照执照核验，须上传营业执照。"),
    )
    name = forms.CharField(label=_("企业名称"), max_length=200)
    legal_representative = forms.CharField(label=_("法定代表人"), max_length=80)
    founded_on = forms.DateField(
        label=_("成立日期"),
        help_text=_("例如 2018-05-21"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    registered_address = forms.CharField(label=_("注册地址"), max_length=300)
    operating_address = forms.CharField(
        label=_("实际经营地址"), required=False, max_length=300, help_text=_("与注册地址不同时填写。")
    )
    industry = forms.ChoiceField(label=_("行业"), choices=[(name, name) for name in INDUSTRIES])
    sub_park = forms.ModelChoiceField(label=_("所在园区"), queryset=SubPark.everywhere.none(), required=False)
    role = forms.ChoiceField(
        label=_("我的身份"),
        choices=[
            ("enterprise_signatory", _("法定代表人，可签署")),
            ("enterprise_agent", _("经办人，负责填报")),
        ],
    )
    licence = forms.FileField(
        label=_("营业执照"), required=False, help_text=_("PDF、PNG 或 JPEG，最大 10 MB。手机可直接拍照。")
    )

    letter = forms.FileField(
        label=_("授权委托书"),
        required=False,
        help_text=_("经办人登记时必须上传：法定代表人签字、加盖公章的扫描件。"),
    )
    may_sign = forms.BooleanField(
        label=_("委托书写明可代为签署年度申报"),
        required=False,
        help_text=_("园区核对委托书、认证通过后生效。"),
    )
    authority_until = forms.DateField(
        label=_("委托书截止日"), required=False, help_text=_("当天起不再有效，例如 2027-06-30；不填为一年。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.order_by("pk")  # type: ignore[attr-defined]
        self.fields["sub_park"].required = SubPark.objects.exists()


class ChangeForm(forms.Form):
    """What has changed since the firm was certified; empty fields stay as they are."""

    name = forms.CharField(label=_("企业名称"), required=False, max_length=200)
    legal_representative = forms.CharField(label=_("法定代表人"), required=False, max_length=80)
    registered_address = forms.CharField(label=_("注册地址"), required=False, max_length=300)
    licence = forms.FileField(
        label=_("变更后的营业执照"), required=False, help_text=_("PDF、PNG 或 JPEG，最大 10 MB。")
    )


class LetterForm(forms.Form):
    """What a letter of authority names: parts, the right to sign, from when until when, and the paper."""

    scope = forms.MultipleChoiceField(
        label=_("可填报的部分"),
        required=False,
        help_text=_("不选为全部。"),
        widget=forms.CheckboxSelectMultiple,
    )
    may_sign = forms.BooleanField(
        label=_("可签署年度申报"),
        required=False,
        help_text=_("其签署与法定代表人签署具有同等效力，须上传授权委托书。"),
    )
    authority_from = forms.DateField(
        label=_("授权起始日"), required=False, help_text=_("例如 2027-01-01；不填为今天。")
    )
    authority_until = forms.DateField(
        label=_("授权截止日"), required=False, help_text=_("当天起不再有效，例如 2027-06-30；不填为一年。")
    )
    document = forms.FileField(
        label=_("授权委托书"), required=False, help_text=_("签字盖章的扫描件，PDF、PNG 或 JPEG，最大 10 MB。")
    )

    def __init__(self, *args: Any, scopes: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = list(scopes.items())  # type: ignore[attr-defined]


class InviteForm(LetterForm):
    """Whom a firm invites, as what; the rest is for agents only."""

    invitee = forms.CharField(label=_("姓名"), max_length=80)
    role = forms.ChoiceField(
        label=_("身份"),
        choices=[
            ("enterprise_agent", _("经办人，负责填报")),
            ("enterprise_signatory", _("法定代表人，可签署")),
        ],
    )
    field_order = ("invitee", "role")


class FirmForm(forms.Form):
    """What the office records about a firm."""

    act = forms.ChoiceField(choices=[(name, "") for name in ("move", "leave", "suspend", "resume")])
    sub_park = forms.ModelChoiceField(label=_("迁入园区"), queryset=SubPark.everywhere.none(), required=False)
    on = forms.DateField(label=_("日期"), required=False, help_text=_("不填为今天"))
    reason = forms.CharField(label=_("原因"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.order_by("pk")  # type: ignore[attr-defined]


class DecideForm(forms.Form):
    sub_park = forms.ModelChoiceField(
        label=_("认定所在园区"),
        queryset=SubPark.everywhere.none(),
        required=False,
        help_text=_("按注册地址认定；不改动则保持企业所选。"),
    )
    reason = forms.CharField(label=_("原因"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    event = forms.ChoiceField(choices=[("certify", ""), ("return", ""), ("reject", "")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.order_by("pk")  # type: ignore[attr-defined]


class CycleForm(forms.Form):
    year = forms.IntegerField(
        label=_("评价年度"),
        min_value=2000,
        max_value=2100,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    scheme_version: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        label=_("指标体系版本"), queryset=None
    )
    deadline = forms.DateField(
        label=_("填报截止日"), help_text=_("当天 18:00（北京时间）截止，例如 2026-12-31")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scheme_version"].queryset = active()  # type: ignore[attr-defined]
        newest = Cycle.objects.order_by("-year").first()
        if newest:
            self.fields["scheme_version"].initial = newest.scheme_version_id
            self.fields["year"].initial = newest.year + 1

    def clean_deadline(self) -> dt.datetime:
        day: dt.date = self.cleaned_data["deadline"]
        return dt.datetime.combine(day, dt.time(18), tzinfo=BEIJING)


class BatchForm(forms.Form):
    source = forms.ChoiceField(label=_("数据来源"))
    as_of = forms.DateField(label=_("数据日期"), help_text=_("部门出具数据的日期，例如 2026-06-12"))
    file = forms.FileField(
        label=_("文件"), help_text=_(".xlsx 或 .csv，最大 30 MB"),
        widget=forms.FileInput(attrs={
            "accept": ".xlsx,.csv,.txt", "data-largest": LARGEST_FILE, "data-too-large": SENTENCES["file_too_large"],
        }),
    )  # fmt: skip

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("撤回原因"), max_length=500)


class NoteForm(forms.Form):
    """What a document is and proves."""

    title = forms.CharField(
        label=_("名称"), required=False, max_length=120, help_text=_("例如 2025 年度审计报告")
    )
    proves = forms.MultipleChoiceField(
        label=_("证明哪些数据项"), required=False, help_text=_("可多选；电脑上按住 Ctrl 逐项选择。")
    )
    valid_until = forms.DateField(label=_("有效期至"), required=False, help_text=_("例如 2027-12-31"))

    def __init__(self, *args: Any, inputs: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["proves"].choices = list(inputs.items())  # type: ignore[attr-defined]


class UploadForm(NoteForm):
    file = forms.FileField(
        label=_("文件"), help_text=_("PDF、PNG 或 JPEG，最大 10 MB。手机可直接拍照。"),
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/png,image/jpeg"}),
    )  # fmt: skip
    field_order = ("file", "title", "proves")

    def __init__(self, *args: Any, inputs: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, inputs=inputs, **kwargs)
        del self.fields["valid_until"]


class ValueForm(forms.Form):
    """One item of a declaration; what it means depends on the chosen act."""

    ACTS = ("confirm", "correct", "zero", "na", "explain", "draft", "drop", "withdraw", "divide", "message")

    act = forms.ChoiceField(choices=[(act, "") for act in ACTS])
    version = forms.IntegerField()
    text = forms.CharField(label=_("更正为"), required=False, strip=False)
    reason = forms.CharField(label=_("原因"), required=False, max_length=1000)
    explanation = forms.CharField(label=_("说明"), required=False, max_length=1000)
    answer = forms.CharField(label=_("答复"), required=False, max_length=1000)
    message = forms.CharField(label=_("留言"), required=False)
    evidence = forms.IntegerField(label=_("材料库"), required=False)
    file = forms.FileField(label=_("佐证材料"), required=False)
    page = forms.IntegerField(label=_("所在页"), required=False, min_value=1, max_value=10000)
    slip_ok = forms.BooleanField(required=False)
    then = forms.ChoiceField(
        required=False, choices=[("stay", ""), ("next", ""), ("leave", ""), ("section", "")]
    )


class DelegateForm(forms.Form):
    dimension = forms.SlugField()
    person = forms.IntegerField(required=False)
    note = forms.CharField(required=False, max_length=300)
    act = forms.ChoiceField(choices=[("delegate", ""), ("finish", ""), ("take_back", "")])


class ReviewForm(forms.Form):
    decision = forms.ChoiceField(
        choices=[("accept", ""), ("keep", ""), ("adjust", ""), ("mark", ""), ("undo", "")]
    )
    value = forms.IntegerField()
    version = forms.IntegerField(required=False)
    reason = forms.CharField(required=False, max_length=1000)
    reason_code = forms.ChoiceField(required=False, choices=ReturnReason.choices)
    bring = forms.CharField(required=False, max_length=1000)
    amount = forms.CharField(required=False, max_length=80)


class ExtendForm(forms.Form):
    until = forms.DateField(
        label=_("延期至"),
        help_text=_("当天 18:00（北京时间）截止，例如 2026-12-31"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    reason = forms.CharField(label=_("延期理由"), max_length=500)

    def clean_until(self) -> dt.datetime:
        day: dt.date = self.cleaned_data["until"]
        return dt.datetime.combine(day, dt.time(18), tzinfo=BEIJING)

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from enterprises.services.figures import MEANINGS, figure
from innovscore.core.money import NotANumber
from parks.http import whole
from scoring.queries.schemes import typed_unit

from .models import AwardRule, BoardDefinition, PublicProfile
from .states import NOTICE_WORKING_DAYS


class NoticeForm(forms.Form):
    """What a notice says beside the list."""

    working_days = forms.IntegerField(
        label=_("公示工作日数"),
        min_value=NOTICE_WORKING_DAYS,
        max_value=30,
        initial=NOTICE_WORKING_DAYS,
        help_text=_("从明天起算，按国务院节假日安排（含调休上班日），不少于 5 个工作日。"),
        error_messages={
            "required": _("请填写公示工作日数。"),
            "min_value": _("公示期不少于 5 个工作日，请改大。"),
            "max_value": _("公示期不超过 30 个工作日，请改小。"),
        },
    )
    contact = forms.CharField(
        label=_("联系人和电话"),
        max_length=200,
        help_text=_("例如：科技创新局 王女士 023-0000 0000"),
        error_messages={"required": _("请填写联系人和电话，公众据此反映情况。")},
    )
    text = forms.CharField(
        label=_("公告正文"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("撤回原因"),
        max_length=500,
        help_text=_("榜单公示过的，公众会看到这段原因。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请填写撤回原因。")},
    )


class Several(forms.ClearableFileInput):
    """An input for several files."""

    allow_multiple_selected = True


class SeveralFiles(forms.FileField):
    """Several files, or none: a list."""

    widget = Several

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(SeveralFiles, self).clean(one, initial) for one in given]


class EnterpriseObjectionForm(forms.Form):
    """An objection of an enterprise: its name is known."""

    about_uscc = forms.ChoiceField(label=_("针对的企业"), required=False)
    contact = forms.CharField(
        label=_("联系方式"),
        max_length=120,
        help_text=_("手机号或电子邮箱，用于答复。"),
        error_messages={"required": _("请填写联系方式，否则无法答复。")},
    )
    statement = forms.CharField(
        label=_("事实和依据"),
        min_length=10,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={
            "required": _("请写明事实和依据。"),
            "min_length": _("事实和依据至少 10 个字，请写具体。"),
        },
    )

    def __init__(self, *args: Any, firms: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["files"] = SeveralFiles(
            label=_("材料或照片"),
            required=False,
            widget=Several(attrs={"accept": "image/jpeg,image/png,application/pdf"}),
            help_text=_("最多 3 个，PDF、JPEG 或 PNG，每个不超过 10 MB。"),
        )
        self.fields["about_uscc"].choices = [("", _("整个榜单")), *firms]  # type: ignore[attr-defined]


class ObjectionForm(EnterpriseObjectionForm):
    """An objection of anybody, with the real name."""

    name = forms.CharField(
        label=_("姓名或单位名称"),
        min_length=2,
        max_length=120,
        help_text=_("请用真实姓名或单位名称。被反映的企业看不到您的身份。"),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": _("请填写真实姓名或单位名称。匿名的异议不受理。"),
            "min_length": _("姓名或单位名称至少 2 个字。"),
        },
    )
    field_order = ("name", "contact", "about_uscc", "statement", "files")


class InvestigationForm(forms.Form):
    """What the check of the facts found; for the file, not for the objector."""

    findings = forms.CharField(
        label=_("核查情况"),
        min_length=4,
        max_length=4000,
        help_text=_("核对了哪些数据和材料，结果如何。只存档，不告知异议人和企业。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": _("请写明核查情况。"),
            "min_length": _("核查情况至少 4 个字，请写具体。"),
        },
    )


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("结论"),
        choices=[("rejected", _("不成立")), ("partly", _("部分成立")), ("upheld", _("成立"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择结论。")},
    )
    text = forms.CharField(
        label=_("答复"),
        max_length=2000,
        help_text=_("异议人凭回执号能看到这段答复。"),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("请写明答复的理由。")},
    )


class TrackForm(forms.Form):
    """Receipt and the contact that was left: who has both may read the answer."""

    receipt = forms.CharField(
        label=_("回执号"), max_length=20, error_messages={"required": _("请填写回执号，以 YY 开头。")}
    )
    contact = forms.CharField(
        label=_("提交时留下的联系方式"),
        max_length=120,
        error_messages={"required": _("请填写提交时留下的联系方式。")},
    )


class CodeForm(forms.Form):
    """The code of a certificate, as printed or scanned."""

    code = forms.CharField(
        label=_("证书核验码"),
        max_length=200,
        help_text=_("证书二维码下方网址的最后一段，26 位字母和数字；也可以粘贴整个网址。"),
        error_messages={"required": _("请填写核验码。")},
    )

    def clean_code(self) -> str:
        text = str(self.cleaned_data["code"]).strip().split("?")[0].rstrip("/").rsplit("/", 1)[-1].lower()
        if not re.fullmatch(r"[a-z2-7]{26}", text):
            raise forms.ValidationError(_("核验码是 26 位字母和数字（a 至 z、2 至 7），请核对。"))
        return text


class WithdrawCertificateForm(forms.Form):
    reason = forms.CharField(
        label=_("撤回原因"),
        max_length=500,
        help_text=_("核验页会显示这段原因。"),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请填写撤回原因。")},
    )


class OrderForm(forms.Form):
    """A correction order about one input: to which figure (the rows of a list stand beside it), and why."""

    amount = forms.CharField(
        label=_("更正后的数值"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("请填写更正后的数值。")},
    )
    reason = forms.CharField(
        label=_("更正理由"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("请写明更正理由。")},
    )

    def __init__(self, *args: Any, item: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_money = item.is_money
        if item.is_list:
            del self.fields["amount"]
            return
        self.fields["amount"].label = _("更正后的数值（%(unit)s）") % {"unit": typed_unit(item.input)}

    def clean_amount(self) -> Decimal:
        """Yuan for money typed in 万元, else a whole number of what is counted."""
        try:
            return figure(self.cleaned_data["amount"], is_money=self.is_money)
        except NotANumber as error:
            raise forms.ValidationError(MEANINGS[error.code]) from error


class DefinitionForm(forms.ModelForm):
    """A further board of the park."""

    class Meta:
        model = BoardDefinition
        fields = ("kind", "base", "value", "code", "name_zh", "name_en", "size", "smallest")
        labels = {
            "kind": _("类型"), "base": _("以哪个榜单为准"), "value": _("范围"), "code": _("代号"), "name_zh": _("榜单名称"),
            "name_en": _("英文名称"), "size": _("取前几名"), "smallest": _("至少几家符合条件才编制"),
        }  # fmt: skip
        help_texts = {
            "value": _(
                "分阶段填阶段代号，分园区填园区代号，分行业填行业代码（如 C39），前百分之几填 5、10 或 20；跃升榜不填。"
            ),
            "code": _("网址里用，小写字母、数字和下划线，定后不能改。"),
        }

    def __init__(self, *args: Any, bases: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base"] = forms.ChoiceField(
            label=_("以哪个榜单为准"), required=False, choices=[("", _("总积分")), *bases]
        )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        kind, value = found.get("kind"), str(found.get("value") or "")
        if kind == BoardDefinition.Kind.BAND and not whole(value, at_most=50):
            self.add_error("value", _("请填写 1 到 50 之间的整数，例如 10 表示前 10%。"))
        if kind in ("stage", "sub_park", "industry") and not value:
            self.add_error("value", _("请填写范围。"))
        if kind in ("band", "risers"):
            found["base"] = ""
        return found


class BudgetForm(forms.Form):
    cap = forms.DecimalField(
        label=_("年度预算（万元）"),
        min_value=0,
        max_digits=14,
        decimal_places=2,
        error_messages={"required": _("请填写预算。"), "invalid": _("请填写数字，例如 500.00。")},
    )


class AwardRuleForm(forms.ModelForm):
    """What a place is worth; the amount is typed in 万元."""

    amount = forms.DecimalField(
        label=_("奖励金额（万元）"),
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        error_messages={"required": _("请填写奖励金额。"), "invalid": _("请填写数字，例如 10.00。")},
    )
    excluded = forms.CharField(
        label=_("不予奖励的企业"),
        required=False,
        help_text=_("统一社会信用代码，用逗号隔开。"),
    )

    class Meta:
        model = AwardRule
        fields = ("board", "place_from", "place_to", "amount", "least_total", "condition", "excluded")
        labels = {
            "board": _("榜单"), "place_from": _("名次从"), "place_to": _("到"), "least_total": _("总积分不低于"),
            "condition": _("其他条件（写明）"),
        }  # fmt: skip

    def __init__(self, *args: Any, boards: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["board"] = forms.ChoiceField(label=_("榜单"), choices=boards)

    def clean_amount(self) -> Decimal:
        return Decimal(self.cleaned_data["amount"]) * 10_000

    def clean_excluded(self) -> list[str]:
        codes = [
            part.strip().upper()
            for part in re.split(r"[,，、\s]+", self.cleaned_data["excluded"])
            if part.strip()
        ]
        wrong = [code for code in codes if len(code) != 18]
        if wrong:
            raise forms.ValidationError(
                _("统一社会信用代码为 18 位：%(codes)s") % {"codes": "、".join(wrong)}
            )
        return codes

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("place_from"), found.get("place_to")
        if first is not None and last is not None and last < first:
            self.add_error("place_to", _("止名次不能小于起名次。"))
        return found


class ContactForm(forms.Form):
    contact = forms.CharField(
        label=_("联系人和电话"), max_length=200, error_messages={"required": _("请填写联系人和电话。")}
    )


class PaymentForm(forms.Form):
    paid_on = forms.DateField(
        label=_("拨付日期"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("请填写拨付日期。"), "invalid": _("请填写日期，例如 2026-12-31。")},
    )
    reference = forms.CharField(
        label=_("支付凭证号"), max_length=120, error_messages={"required": _("请填写支付凭证号。")}
    )


class CalendarForm(forms.Form):
    """Days off and make-up working days of a year, one line a day."""

    text = forms.CharField(
        label=_("每行一天"),
        required=False,
        max_length=20_000,
        help_text=_("例：2027-01-01,休,元旦；2027-02-20,班,春节调休。"),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    file = forms.FileField(label=_("或上传 CSV 文件"), required=False)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("text") and not found.get("file"):
            self.add_error("text", _("请填写日期，或选择文件。"))
        return found


class ProfileForm(forms.ModelForm):
    """What the firm wants to show of itself."""

    website = forms.URLField(label=_("网站"), required=False, assume_scheme="https")

    class Meta:
        model = PublicProfile
        fields = ("intro", "website", "shows_boards")
        labels = {"intro": _("企业简介"), "shows_boards": _("列出历年上榜记录")}
        widgets = {"intro": forms.Textarea(attrs={"rows": 6, "maxlength": 1000})}

    def clean_intro(self) -> str:
        text = str(self.cleaned_data["intro"]).strip()
        if not 10 <= len(text) <= 1000:
            raise forms.ValidationError(_("企业简介写 10 到 1000 个字。"))
        return text

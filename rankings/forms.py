from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

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

    def __init__(self, *args: object, firms: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are
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
    field_order = ("name", "contact", "about_uscc", "statement")


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("结论"), choices=[("rejected", _("不成立")), ("upheld", _("成立"))], widget=forms.RadioSelect
    )
    text = forms.CharField(
        label=_("答复"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("请写明答复的理由。")},
    )

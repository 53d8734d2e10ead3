from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from parks.idempotency import new_key

from ..states import MOST_PEOPLE, EventKind
from .fields import MomentInput, long_text


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
        if not choices["stages"]:
            self.fields["stages"].help_text = _("还没有已公布的积分，暂不能按阶段选择。")


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

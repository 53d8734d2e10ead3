"""What a firm lets others see, takes back and asks about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from ..rules import CONSENT_MONTHS, MORE_GROUPS
from ..states import GROUPS
from .fields import OnceForm, text_area


class MoreGroupsForm(forms.Form):
    """What a firm lets a bank see beyond what the product needs."""

    more = forms.MultipleChoiceField(
        choices=[(group, GROUPS[group]) for group in MORE_GROUPS], required=False
    )


def months_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("授权期限"), coerce=int, widget=forms.RadioSelect, error_messages={"required": _("请选择授权期限。")},
        choices=lambda: [(n, _now("%(n)s 个月") % {"n": n}) for n in CONSENT_MONTHS],
    )  # fmt: skip


class AddGroupsForm(forms.Form):
    """`groups` are those that the words on the page name; each is ticked by hand, none is preset."""

    groups = forms.MultipleChoiceField(
        label=_("同意银行查询的信息"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请勾选同意查询的信息；不同意可以直接离开，没有任何影响。")},
    )  # fmt: skip
    read_words = forms.CharField(widget=forms.HiddenInput, required=False)
    confirm = forms.BooleanField(
        label=_("我已阅读以上授权书和预览，代表本企业签署"),
        error_messages={"required": _("请勾选确认后签署。")},
    )

    def __init__(self, *args: Any, groups: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = [(group, GROUPS[group]) for group in groups]  # type: ignore[attr-defined]

    def clean_groups(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["groups"]
        if len(ticked) < len(self.fields["groups"].choices):  # type: ignore[attr-defined]
            raise forms.ValidationError(
                _("请逐项勾选授权书所列的信息。另加的信息不想给，可在“另外提供”处取消后重新生成授权书。"),
                code="groups",
            )
        return ticked


class ConsentForm(AddGroupsForm):
    """A new consent: for how long, too."""

    months = months_field()
    field_order = ("groups", "months", "read_words", "confirm")


class RenewForm(forms.Form):
    """The same words, groups and person as before; only how long is chosen."""

    months = months_field()
    confirm = forms.BooleanField(
        label=_("我已阅读授权内容，代表本企业续签"), error_messages={"required": _("请勾选确认后签署。")}
    )


class RevokeForm(forms.Form):
    confirm = forms.BooleanField(
        label=_("我已了解上述影响，确认撤回"), error_messages={"required": _("请勾选确认后撤回。")}
    )


class QuestionForm(OnceForm):
    text = text_area(_("想问银行什么"))


class ReplyForm(OnceForm):
    answer = text_area(_("答复"))

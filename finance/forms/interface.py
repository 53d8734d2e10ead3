"""Programs and addresses of a bank."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ..states import EVENTS, SCOPES
from .fields import OnceForm, whole_number


class PublicKeyField(forms.CharField):
    """A public key as it is pasted."""

    def __init__(self) -> None:
        super().__init__(
            label=_("公钥"),
            max_length=4000,
            help_text=_(
                "PEM 或 JWK 格式：EC P-256、P-384，Ed25519，或不少于 2048 位的 RSA。私钥只留在银行。"
            ),
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
            error_messages={"required": _("请粘贴公钥。")},
        )


class ClientForm(OnceForm):
    name = forms.CharField(
        label=_("程序名称"),
        max_length=80,
        help_text=_("例如：信贷决策引擎（生产）"),
        error_messages={"required": _("请填写程序名称。")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("权限"),
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一种权限。")},
    )
    public_key = PublicKeyField()


class KeyForm(forms.Form):
    public_key = PublicKeyField()


class EndpointForm(OnceForm):
    url = forms.CharField(
        label=_("推送地址"),
        max_length=500,
        help_text=_("以 https:// 开头，能从公网访问。"),
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={"required": _("请填写推送地址。")},
    )
    events = forms.MultipleChoiceField(
        label=_("事件"),
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一种事件。")},
    )


class ReplayForm(OnceForm):
    """Messages by their numbers, which may grow beyond every other whole number here."""

    first = whole_number(_("起始序号"), most=10**15)
    last = whole_number(_("截止序号"), most=10**15)


class AdvanceForm(OnceForm):
    days = whole_number(_("拨快天数"))

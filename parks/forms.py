from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from .models import Account, SubPark


class LoginForm(forms.Form):
    """Login name and password; whether they fit is decided by the authentication backends."""

    login = forms.CharField(
        label=_("登录名"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("密码"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CodeForm(forms.Form):
    """Six digits of the authenticator."""

    code = forms.RegexField(
        r"^\d{6}$",
        label=_("动态口令"),
        help_text=_("请输入身份验证器上的 6 位数字。"),
        error_messages={"invalid": _("动态口令是 6 位数字，请重新输入。")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class RegisterForm(forms.Form):
    """A person opens an account; what it may act as comes later, by certification or invitation."""

    name = forms.CharField(
        label=_("姓名"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    mobile = forms.RegexField(
        r"^1\d{10}$",
        label=_("手机号"),
        error_messages={"invalid": _("手机号是以 1 开头的 11 位数字，请检查。")},
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"}),
    )
    login = forms.RegexField(
        r"^[A-Za-z0-9._@-]{4,80}$",
        label=_("登录名"),
        help_text=_("4 到 80 个字母、数字或 . _ @ -"),
        error_messages={"invalid": _("登录名只能用字母、数字和 . _ @ -，至少 4 个字符。")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=_("密码"),
        strip=False,
        help_text=_("至少 10 个字符，不要使用常见密码。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_login(self) -> str:
        login: str = self.cleaned_data["login"]
        if Account.objects.filter(login=login).exists():
            raise forms.ValidationError(_("这个登录名已被使用，请换一个。"))
        return login

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if "password" in data and "login" in data:
            try:
                password_validation.validate_password(data["password"], Account(login=data["login"]))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class MembershipForm(forms.Form):
    membership = forms.IntegerField(widget=forms.HiddenInput)


class PlacesForm(forms.Form):
    """The places of one sub-park, one a line."""

    sub_park = forms.ModelChoiceField(
        label=_("所在园区"), queryset=SubPark.everywhere.none(), widget=forms.HiddenInput
    )
    places = forms.CharField(
        label=_("范围内的街道、道路、楼宇"),
        required=False,
        max_length=10_000,
        help_text=_("每行一个，与营业执照上的写法一致，例如 金凤镇、高新大道。"),
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sub_park"].queryset = SubPark.objects.all()  # type: ignore[attr-defined]

"""Signing in, the second factor, switching between roles, signing out."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_otp import login as otp_login
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from innovscore.core.problems import Problem

from .. import access
from ..forms import CodeForm, LoginForm, MembershipForm, RegisterForm
from ..models import Account
from ..queries import memberships
from ..services import people


def sign_in(request: HttpRequest) -> HttpResponse:
    form = LoginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = authenticate(
            request, username=form.cleaned_data["login"], password=form.cleaned_data["password"]
        )
        if isinstance(account, Account):
            login(request, account)
            return _after_sign_in(request, account)
        form.add_error(None, _("登录名或密码不正确。连续输错 5 次将锁定 15 分钟。"))
    return render(
        request,
        "parks/login.html",
        {"form": form, "next": _next(request)},
        status=422 if form.errors else 200,
    )


def _after_sign_in(request: HttpRequest, account: Account) -> HttpResponse:
    own = memberships.of_account(account_id=account.pk)
    if len(own) == 1:
        request.session[memberships.SESSION_KEY] = own[0].pk
    if any(access.needs_second_factor(membership.role) for membership in own):
        return redirect(_with_next("parks:code", request))
    return redirect(_next(request) or ("home" if len(own) == 1 else "parks:switch"))


def code(request: HttpRequest) -> HttpResponse:
    """The second factor; the first time the authenticator is set up."""
    account = _account(request)
    device = people.second_factor(account=account)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        if device.verify_is_allowed()[0] and device.verify_token(form.cleaned_data["code"]):
            TOTPDevice.objects.filter(pk=device.pk, confirmed=False).update(confirmed=True)
            otp_login(request, device)
            return redirect(_next(request) or "parks:switch")
        form.add_error("code", _("动态口令不正确或已使用，请等下一个口令再试。"))
    context: dict[str, Any] = {"form": form, "next": _next(request), "device": device}
    if not device.confirmed:
        context["qr"] = segno.make(device.config_url, error="m").svg_data_uri(scale=4)
        context["secret"] = device.config_url.split("secret=")[1].split("&")[0]
    if settings.DEMO_MODE:
        context["demo_code"] = _demo_code(device)
    response = render(request, "parks/code.html", context, status=422 if form.errors else 200)
    response.keeps_writes = True  # type: ignore[attr-defined]  # a wrong code counts
    return response


def _demo_code(device: TOTPDevice) -> str:
    """The code that will be taken now: a used one is refused, so after it the next within the tolerance."""
    generator = TOTP(device.bin_key, drift=device.drift)
    if device.last_t >= generator.t():
        generator.drift += device.last_t + 1 - generator.t()
    return f"{generator.token():06d}"


def switch(request: HttpRequest) -> HttpResponse:
    """Choose in which park, for whom and as what to act."""
    account = _account(request)
    own = memberships.of_account(account_id=account.pk)
    form = MembershipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = next((one for one in own if one.pk == form.cleaned_data["membership"]), None)
        if chosen is None:
            raise Http404
        request.session[memberships.SESSION_KEY] = chosen.pk
        messages.success(request, _("现在以“%(role)s”身份工作。") % {"role": chosen.get_role_display()})
        return redirect(_next(request) or "home")
    return render(request, "parks/switch.html", {"memberships": own, "next": _next(request)})


def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("home")


def register(request: HttpRequest) -> HttpResponse:
    """Open an account, then register an enterprise or accept an invitation."""
    form = RegisterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            account = people.open_account(
                login=data["login"], password=data["password"], name=data["name"], mobile=data["mobile"]
            )
        except Problem as problem:
            form.add_error(problem.field, str(problem.message))
        else:
            login(request, account, backend="django.contrib.auth.backends.ModelBackend")
            return redirect(_next(request) or "parks:switch")
    return render(
        request,
        "parks/register.html",
        {"form": form, "next": _next(request)},
        status=422 if form.errors else 200,
    )


def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Role cards of the demo zone: sign in by one tap, only in demo mode."""
    if not settings.DEMO_MODE:
        raise Http404
    accounts = Account.objects.filter(login__endswith="@demo").select_related("person").order_by("pk")
    if request.method == "POST":
        account = accounts.filter(login=request.POST.get("login", "")).first()
        if account is None:
            raise Http404
        login(request, account, backend="django.contrib.auth.backends.ModelBackend")
        return _after_sign_in(request, account)
    cards = [(account, memberships.of_account(account_id=account.pk)) for account in accounts]
    return render(request, "parks/demo.html", {"cards": cards})


def locked_out(
    request: HttpRequest, response: Any = None, credentials: Any = None, *args: Any, **kwargs: Any
) -> HttpResponse:
    """What django-axes answers to a locked login name."""
    problem = Problem(
        code="locked_out", status=429, message=_("登录失败次数过多，已暂时锁定。请 15 分钟后再试。")
    )
    return render(request, "errors/429.html", {"problem": problem}, status=429)


def _account(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)  # noqa: S101  # the policy lets in only the signed-in
    return request.user


def _next(request: HttpRequest) -> str:
    url = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return url if safe else ""


def _with_next(route: str, request: HttpRequest) -> str:
    target = _next(request)
    return f"{reverse(route)}?{urlencode({'next': target})}" if target else reverse(route)

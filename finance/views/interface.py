"""银行接口: the bank's operations role registers programs and keys, and watches where the platform tells the bank what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.clock import db_now, server_now
from parks.http import ParkRequest, whole
from parks.idempotency import Reply, once
from parks.listing import listing
from parks.showing import add_problem, repeatable, run_once, status_of

from ..filters import DeliveryFilter
from ..forms.interface import AdvanceForm, ClientForm, EndpointForm, KeyForm, ReplayForm
from ..models import WebhookEndpoint
from ..queries import clients as client_queries
from ..queries import webhooks as webhook_queries
from ..services import clients, posting, sandbox, webhooks
from ..services.sealing import seal, unseal
from ..states import EVENTS, SCOPES

DELIVERY_COLUMNS = (
    "sequence", "event", "event_id", "get_state_display", "attempts", "last_status", "last_error", "created_at", "delivered_at",
)  # fmt: skip


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """Programs and endpoints of the bank."""
    return _overview(request, AdvanceForm())


def clock(request: ParkRequest, park: str) -> HttpResponse:
    """Let days pass in a sandbox park."""
    form = AdvanceForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            run_once(request, "finance:clock", form, sandbox.advance)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("测试时钟已拨快。"))
            return redirect("finance:interface", park=park)
    return _overview(request, form, status)


def _overview(request: ParkRequest, form: AdvanceForm, status: int = 200) -> HttpResponse:
    here = client_queries.here()
    context = {
        "programs": [(row, row.application.user_id in here) for row in client_queries.own(request.actor)],
        "endpoints": webhook_queries.endpoints(request.actor), "form": form, "now": db_now(),
    }  # fmt: skip
    return render(request, "finance/interface.html", context, status=status)


def new_client(request: ParkRequest, park: str) -> HttpResponse:
    """Register a program with its public key."""
    form = ClientForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        data = form.cleaned_data

        def effect() -> Reply:
            made = clients.register(
                by=request.actor, name=data["name"], scopes=data["scopes"], public_key=data["public_key"]
            )
            return Reply(
                302, location=reverse("finance:api_client", kwargs={"park": park, "client_id": made.pk})
            )

        try:
            reply = _once(request, "finance:api_client_new", data, effect)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("程序已登记。"))
            return redirect(reply.location)
    return render(request, "finance/interface_client_new.html", {"form": form}, status=status)


@repeatable
def client(request: ParkRequest, park: str, client_id: int) -> HttpResponse:
    """One program: its client id, keys and scopes; POST adds a public key."""
    program = client_queries.of_bank(request.actor, client_id)
    form = KeyForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            clients.add_key(by=request.actor, client_id=client_id, public_key=form.cleaned_data["public_key"])
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("公钥已添加，最多两把同时有效。"))
            return redirect("finance:api_client", park=park, client_id=client_id)
    context = {
        "program": program,
        "works_here": client_queries.works_here(program),
        "scopes": [(scope, SCOPES[scope]) for scope in program.scopes],
        "form": form,
    }
    return render(request, "finance/interface_client.html", context, status=status)


@repeatable
def change_client(request: ParkRequest, park: str, client_id: int) -> HttpResponse:
    """Remove a key, end the program, or let it work in this park too."""
    step = request.POST.get("step", "")
    if step == "remove_key":
        clients.remove_key(by=request.actor, client_id=client_id, kid=request.POST.get("kid", ""))
        messages.success(request, _("公钥已移除，已发出的令牌同时失效。"))
    elif step == "disable":
        clients.disable(by=request.actor, client_id=client_id)
        messages.success(request, _("程序已停用，已发出的令牌同时失效。"))
    elif step == "allow":
        clients.allow_here(by=request.actor, client_id=client_id)
        messages.success(request, _("程序现在可以在本园区使用。"))
    else:
        raise Problem(code="step", status=400, message=_("请求的内容无法识别，请返回后重试。"))
    return redirect("finance:api_client", park=park, client_id=client_id)


def new_endpoint(request: ParkRequest, park: str) -> HttpResponse:
    """Register an address; the secret is shown on the answer to this form only."""
    form = EndpointForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        data = form.cleaned_data
        try:
            return _show_secret(
                request,
                "finance:endpoint_new",
                data,
                lambda: webhooks.create(by=request.actor, url=data["url"], events=data["events"]),
            )
        except Problem as problem:
            status = add_problem(form, problem)
    return render(request, "finance/interface_endpoint_new.html", {"form": form}, status=status)


def endpoint(request: ParkRequest, park: str, endpoint_id: int) -> HttpResponse:
    """One address with its deliveries: filter, pages, export; POST sends a range of them again."""
    row = webhook_queries.endpoint(request.actor, endpoint_id)
    form = ReplayForm(
        request.POST if request.method == "POST" else None, initial=webhook_queries.given_up(row)
    )
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:endpoint", form, webhooks.replay_range, endpoint_id=endpoint_id)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已安排重发。"))
            return redirect(_endpoint_url(park, endpoint_id))
    page = listing(
        request,
        webhook_queries.deliveries(request.actor, endpoint_id),
        filterset=DeliveryFilter,
        columns=DELIVERY_COLUMNS,
        filename="deliveries",
        sortable=("sequence",),
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "endpoint": row,
        "public_key": posting.public_key(unseal(row.secret)),
        "page": page,
        "events": [EVENTS[event] for event in row.events],
        "labels": EVENTS,
        "form": form,
        "now": server_now(),
    }
    return render(request, "finance/interface_endpoint.html", context, status=status)


def change_endpoint(request: ParkRequest, park: str, endpoint_id: int) -> HttpResponse:
    """Rotate the secret, end the former one, switch on or off, or send a message again."""
    step = request.POST.get("step", "")
    if step == "rotate":
        said = {"idempotency_key": request.POST.get("idempotency_key", ""), "endpoint": endpoint_id}
        return _show_secret(
            request,
            "finance:endpoint_change",
            said,
            lambda: webhooks.rotate(by=request.actor, endpoint_id=endpoint_id),
        )
    if step == "end_former":
        webhooks.end_former(by=request.actor, endpoint_id=endpoint_id)
        messages.success(request, _("原密钥已停用，只有新密钥签名。"))
    elif step in ("enable", "disable"):
        webhooks.switch(by=request.actor, endpoint_id=endpoint_id, on=step == "enable")
        messages.success(request, _("推送地址已启用。") if step == "enable" else _("推送地址已停用。"))
    elif step == "replay" and (delivery := whole(request.POST.get("delivery", ""))):
        webhooks.replay(by=request.actor, delivery_id=delivery)
        messages.success(request, _("已安排重发。"))
    else:
        raise Problem(code="step", status=400, message=_("请求的内容无法识别，请返回后重试。"))
    return redirect(_endpoint_url(park, endpoint_id))


def _show_secret(
    request: ParkRequest,
    route: str,
    said: dict[str, Any],
    work: Callable[[], tuple[WebhookEndpoint, str]],
) -> HttpResponse:
    """A new secret in clear text. A form that is sent twice shows the same one: the browser may have dropped the first answer."""

    def effect() -> Reply:
        row, secret = work()
        return Reply(data={"endpoint": row.pk, "sealed": seal(secret)})

    reply = _once(request, route, said, effect)
    row = webhook_queries.endpoint(request.actor, reply.data["endpoint"])
    context = {"endpoint": row, "secret": unseal(reply.data["sealed"]), "now": server_now()}
    response = render(request, "finance/interface_secret.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _endpoint_url(park: str, endpoint_id: int) -> str:
    return reverse("finance:endpoint", kwargs={"park": park, "endpoint_id": endpoint_id})


def _once(request: ParkRequest, route: str, data: dict[str, Any], effect: Any) -> Reply:
    body = {name: value for name, value in data.items() if name != "idempotency_key"}
    return once(by=request.actor, route=route, key=data["idempotency_key"], body=body, effect=effect)

"""消息 and 待办."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden, NotFound, Problem

from ..filters import InboxFilter
from ..http import ParkRequest, whole
from ..listing import listing
from ..models import GroupRobot, NoticePreference, Notification, Person
from ..queries import inbox
from ..services import inbox as services
from ..todo import todos_for

ROBOT_KEEPERS = frozenset({"park_admin", "enterprise_signatory", "bank_ops"})


def messages_list(request: ParkRequest, park: str) -> HttpResponse:
    """The inbox, newest first; marking all as read."""
    if request.method == "POST":
        count = services.mark_read(by=request.actor)
        messages.success(request, _("已将 %(n)s 条消息标为已读。") % {"n": count})
        return redirect("parks:messages", park=park)
    page = listing(
        request, inbox.of(request.actor), filterset=InboxFilter, filename="messages",
        columns=("created_at", "kind", "text", "is_read"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "parks/messages.html", {"page": page})


def open_message(request: ParkRequest, park: str, message_id: int) -> HttpResponse:
    """Mark one message as read and go where it points."""
    row = inbox.of(request.actor).filter(pk=message_id).first()
    if row is None:
        raise NotFound(code="no_such_message", message=_("没有这条消息。"))
    services.mark_read(by=request.actor, ids=[message_id])
    target = row.url if row.url else reverse("parks:messages", kwargs={"park": park})
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = reverse("parks:messages", kwargs={"park": park})
    return redirect(target)


def todo(request: ParkRequest, park: str) -> HttpResponse:
    """What waits for this role."""
    return render(request, "parks/todo.html", {"todos": todos_for(request.actor)})


def settings(request: ParkRequest, park: str) -> HttpResponse:
    """How a person hears of messages outside the platform, and the robots of the organisation."""
    problem = None
    if request.method == "POST":
        try:
            _change(request)
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已保存消息设置。"))
            return redirect("parks:message_settings", park=park)
    chosen = inbox.mail_choices(request.actor)
    stored = Person.objects.values_list("email", flat=True).get(pk=request.actor.person_id or 0)
    typed = request.POST if problem else QueryDict()
    context = {
        "problem": problem,
        "typed": typed,
        "typed_kinds": typed.getlist("kinds"),
        "email": typed.get("email", stored),
        "kinds": [
            (kind, label, typed.get(f"mail_{kind}", chosen[kind]))
            for kind, label in Notification.Kind.choices
        ],
        "mails": NoticePreference.Mail.choices,
        "brands": GroupRobot.Brand.choices,
        "keeps_robots": request.actor.role in ROBOT_KEEPERS,
        "robots": inbox.robots(request.actor) if request.actor.role in ROBOT_KEEPERS else [],
    }
    return render(request, "parks/message_settings.html", context, status=problem.status if problem else 200)


def _change(request: ParkRequest) -> None:
    act = request.POST.get("act", "mail")
    if act != "mail" and request.actor.role not in ROBOT_KEEPERS:
        raise Forbidden(code="not_keeper", message=_("群机器人由本单位管理员或法定代表人设置。"))
    if act == "robot":
        services.add_robot(
            by=request.actor, brand=request.POST.get("brand", ""), name=request.POST.get("name", ""),
            url=request.POST.get("url", ""), kinds=request.POST.getlist("kinds"),
        )  # fmt: skip
    elif act == "remove":
        services.remove_robot(by=request.actor, robot_id=whole(request.POST.get("robot", "")) or 0)
    else:
        choices = {kind: request.POST.get(f"mail_{kind}", "") for kind in Notification.Kind.values}
        services.choose_mail(by=request.actor, email=request.POST.get("email", ""), choices=choices)

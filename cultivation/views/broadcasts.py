"""Notices: the office writes and sees who opened them; a firm reads."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import access
from parks.http import ParkRequest
from parks.listing import listing
from parks.showing import add_problem, repeatable, said, status_of

from ..filters import BroadcastFilter, BroadcastFirmFilter
from ..forms.broadcasts import BroadcastForm
from ..queries import audience, telling
from ..queries import broadcasts as queries
from ..services import broadcasts
from ..wording import language


def notices(request: ParkRequest, park: str) -> HttpResponse:
    """What was sent, newest first."""
    page = listing(
        request, queries.sent(), filterset=BroadcastFilter, columns=("title", "text", "told", "read", "sent_by_name", "sent_at"),
        filename="notices", sortable=("sent_at",),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "can_send": access.may(request.actor.role, "cultivation:notice_new", "POST")}
    return render(request, "cultivation/notices/list.html", context)


@repeatable
def new(request: ParkRequest, park: str) -> HttpResponse:
    """Write and send."""
    form = BroadcastForm(request.POST or None, choices=audience.choices(language()))
    status = status_of(form)
    if form.is_valid():
        data = said(form)
        try:
            row = broadcasts.send(by=request.actor, **data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("通知已发出。"))
            return redirect("cultivation:notice_office", park=park, broadcast_id=row.pk)
    return render(request, "cultivation/notices/new.html", {"form": form}, status=status)


def office(request: ParkRequest, park: str, broadcast_id: int) -> HttpResponse:
    """One notice with the firms it went to; those that have not opened it are easy to find."""
    row = queries.get(broadcast_id)
    page = listing(
        request, queries.firms_of(row), filterset=BroadcastFirmFilter, filename="notice",
        columns=("enterprise__name", "enterprise__uscc", "enterprise__sub_park__name", "read_at", "read_by_name"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    addressed = audience.names_of([*row.stages, *row.qualifications], language())
    addressed += [row.sub_park.name] if row.sub_park else []
    context = {
        "notice": row,
        "page": page,
        "addressed": addressed,
        "job": telling.job_of(queries.own_url(row)),
    }
    return render(request, "cultivation/notices/office.html", context)


def notice(request: ParkRequest, park: str, broadcast_id: int) -> HttpResponse:
    """The notice for a firm; reading it is noted."""
    row = broadcasts.opened(by=request.actor, broadcast_id=broadcast_id)
    return render(request, "cultivation/notices/notice.html", {"notice": row})

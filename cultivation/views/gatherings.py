"""Events: the office invites and counts, firms sign up, anybody sees what is open."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks import access
from parks.clock import db_now, db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.models import Park
from parks.showing import add_problem, repeatable, said, status_of

from ..filters import GatheringFilter, SignUpFilter
from ..forms.gatherings import CameForm, GatheringForm, SignUpForm
from ..models import Gathering
from ..queries import audience, telling
from ..queries import gatherings as queries
from ..services import gatherings
from ..wording import language

COLUMNS = (
    "title", "get_kind_display", "get_state_display", "starts_at", "ends_at", "place", "seats", "taken", "waiting", "came", "invited",
    "published_at",
)  # fmt: skip
PUBLIC_COLUMNS = (
    "title",
    "get_kind_display",
    "starts_at",
    "ends_at",
    "place",
    "seats",
    "free",
    "sign_up_until",
)
SIGN_UP_COLUMNS = (
    "enterprise__name", "enterprise__uscc", "get_state_display", "people", "names", "phone", "attended", "signed_by_name", "signed_at",
)  # fmt: skip


def office(request: ParkRequest, park: str) -> HttpResponse:
    """All events, the latest first, and the year's totals."""
    page = listing(
        request, queries.everything(), filterset=GatheringFilter, columns=COLUMNS, filename="events", sortable=("starts_at",)
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    year = db_today().year
    context = {
        "page": page, "totals": queries.totals(year), "year": year, "can_edit": access.may(request.actor.role, "cultivation:event_new", "POST"),
    }  # fmt: skip
    return render(request, "cultivation/events/office.html", context)


def new(request: ParkRequest, park: str) -> HttpResponse:
    return _edited(request, None)


def edit(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    return _edited(request, queries.get(gathering_id))


def _edited(request: ParkRequest, row: Gathering | None) -> HttpResponse:
    initial = {name: getattr(row, name) for name in GatheringForm.field_order} if row else None
    form = GatheringForm(request.POST or None, choices=audience.choices(language()), initial=initial)
    status = status_of(form)
    if form.is_valid():
        try:
            saved = gatherings.save(
                by=request.actor, gathering_id=row.pk if row else None, **form.cleaned_data
            )
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已保存。"))
            return redirect("cultivation:event", park=request.actor.park_code, gathering_id=saved.pk)
    return render(request, "cultivation/events/edit.html", {"form": form, "event": row}, status=status)


def event(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    """One event with who comes; at the door the list to count by, made for a phone."""
    row = queries.get(gathering_id)
    page = listing(
        request, queries.sign_ups(row), filterset=SignUpFilter, columns=SIGN_UP_COLUMNS, filename="sign-ups"
    )
    if isinstance(page, HttpResponse):
        return page
    is_over = row.starts_at <= db_now()
    may_edit = access.may(request.actor.role, "cultivation:event_edit", "POST")
    can_edit = may_edit and row.state != "cancelled" and not is_over
    context = {
        "event": row, "page": page, "can_edit": can_edit, "job": telling.job_of(queries.own_url(row)),
        "can_count": access.may(request.actor.role, "cultivation:event_check_in", "POST") and row.state == "published",
        "addressed": audience.names_of([*row.stages, *row.qualifications], language()),
    }  # fmt: skip
    return render(request, "cultivation/events/event.html", context)


def publish(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    try:
        count = gatherings.publish(by=request.actor, gathering_id=gathering_id)
    except Problem as problem:
        return _back(request, problem, "cultivation:event", gathering_id)
    messages.success(request, _("已发布，已邀请 %(n)s 家企业。") % {"n": count})
    return redirect("cultivation:event", park=park, gathering_id=gathering_id)


def cancel(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    try:
        gatherings.cancel(by=request.actor, gathering_id=gathering_id)
    except Problem as problem:
        return _back(request, problem, "cultivation:event", gathering_id)
    messages.success(request, _("活动已取消，已通知报名企业。"))
    return redirect("cultivation:event", park=park, gathering_id=gathering_id)


def check_in(request: ParkRequest, park: str, gathering_id: int, signup_id: int) -> HttpResponse:
    queries.get(gathering_id)
    form = CameForm(request.POST)
    came = form.cleaned_data["came"] if form.is_valid() else -1
    try:
        gatherings.check_in(by=request.actor, gathering_id=gathering_id, sign_up_id=signup_id, came=came)
    except Problem as problem:
        return _back(request, problem, "cultivation:event", gathering_id)
    return redirect("cultivation:event", park=park, gathering_id=gathering_id)


def own(request: ParkRequest, park: str) -> HttpResponse:
    """What a firm may sign up for, and what it signed up for."""
    enterprise = enterprises.own(request.actor)
    page = listing(
        request,
        queries.for_firm(enterprise.pk if enterprise else 0),
        columns=PUBLIC_COLUMNS,
        filename="events",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "cultivation/events/own.html", {"page": page})


@repeatable
def own_event(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    """One event for a firm; POST signs up."""
    enterprise = enterprises.own_or_404(request.actor)
    row = queries.get_for_firm(gathering_id, enterprise.pk)
    form = SignUpForm(request.POST or None, initial={"names": request.actor.person_name})
    status = status_of(form)
    if form.is_valid():
        data = said(form)
        try:
            made = gatherings.sign_up(by=request.actor, gathering_id=row.pk, **data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            booked = made.state == "booked"
            messages.success(request, _("报名成功。") if booked else _("名额已满，已列入候补；有空位时会通知您。"))  # fmt: skip
            return redirect("cultivation:own_event", park=park, gathering_id=row.pk)
    context = {
        "event": row, "form": form, "own": next(iter(row.own), None),  # type: ignore[attr-defined]  # prefetched by the query
        "can_sign_up": queries.can_sign_up(row),
        "is_over": row.starts_at <= db_now(),
    }  # fmt: skip
    return render(request, "cultivation/events/own_event.html", context, status=status)


def give_up(request: ParkRequest, park: str, gathering_id: int) -> HttpResponse:
    try:
        gatherings.give_up(by=request.actor, gathering_id=gathering_id)
    except Problem as problem:
        return _back(request, problem, "cultivation:own_event", gathering_id)
    messages.success(request, _("已取消报名。"))
    return redirect("cultivation:own_events", park=park)


def public(request: ParkRequest, park: str) -> HttpResponse:
    """Open events for anybody; no names of firms."""
    zone = get_object_or_404(Park, code=park)
    page = listing(request, queries.public(zone), columns=PUBLIC_COLUMNS, filename="events")
    if isinstance(page, HttpResponse):
        return page
    return render(request, "cultivation/events/public.html", {"zone": zone, "park": zone, "page": page})


def _back(request: ParkRequest, problem: Problem, route: str, gathering_id: Any) -> HttpResponse:
    """To the page of the event with what is wrong; what does not exist stays a 404."""
    if problem.status == 404:
        raise problem
    messages.error(request, str(problem.message))
    return redirect(route, park=request.actor.park_code, gathering_id=gathering_id)

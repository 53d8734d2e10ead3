"""Public profiles: the firm offers, the park agrees."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from enterprises.services import publicity
from innovscore.core.problems import Conflict, Problem
from parks.http import ParkRequest

from ..forms import ProfileForm
from ..queries import profiles as queries
from ..services import profiles


def own(request: ParkRequest, park: str) -> HttpResponse:
    """What the firm shows now; POST offers a text, or hides it."""
    row = queries.own(request.actor)
    firm = enterprises.own_or_404(request.actor)
    if request.method == "POST" and "declare" in request.POST:
        return _declare(request, park)
    if request.method == "POST" and "hide" in request.POST:
        profiles.hide(by=request.actor)
        messages.success(request, _("公开简介已收回。"))
        return redirect("rankings:own_profile", park=park)
    initial = (
        {"intro": row.intro, "website": row.website, "shows_boards": row.shows_boards}
        if row
        else {"shows_boards": True}
    )
    form = ProfileForm(request.POST or None, initial=initial)
    context = {"form": form, "row": row, "firm": firm}
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/own_profile.html", context, status=422 if form.is_bound else 200)
    try:
        profiles.offer(by=request.actor, fields=form.cleaned_data)
    except Problem as problem:
        return render(
            request, "rankings/own_profile.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已提交，园区同意后公开。"))
    return redirect("rankings:own_profile", park=park)


def _declare(request: ParkRequest, park: str) -> HttpResponse:
    refuses = request.POST["declare"] == "refuse"
    try:
        publicity.declare(by=request.actor, refuses=refuses)
    except Conflict as problem:
        messages.error(request, str(problem.message))
    else:
        messages.success(
            request, _("已声明不同意公开。") if refuses else _("已撤销声明，今后的榜单可以列入本企业。")
        )
    return redirect("rankings:own_profile", park=park)


def office(request: ParkRequest, park: str) -> HttpResponse:
    return _page(request)


def decide(request: ParkRequest, park: str, profile_id: int) -> HttpResponse:
    try:
        profiles.decide(
            by=request.actor,
            profile_id=profile_id,
            agree=request.POST.get("agree") == "yes",
            seen=request.POST.get("seen", ""),
            reason=request.POST.get("reason", ""),
        )
    except Problem as problem:
        if problem.status == 404:
            raise
        return _page(request, problem)
    messages.success(request, _("已记录。"))
    return redirect("rankings:profiles", park=park)


def _page(request: ParkRequest, problem: Problem | None = None) -> HttpResponse:
    context = {
        "rows": queries.offered(),
        "problem": problem,
        "can_decide": request.actor.role in ("park_admin", "publisher"),
    }
    return render(
        request, "rankings/office_profiles.html", context, status=problem.status if problem else 200
    )

"""Addresses of hall screens; the screen itself joins rooms and stands at the roof (innovscore.screen)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest

from ..queries import screens
from ..services import screens as services


def links(request: ParkRequest, park: str) -> HttpResponse:
    """Addresses of hall screens; a new one is shown once."""
    problem, address, status = None, "", 200
    if request.method == "POST":
        try:
            _link, token = services.give_out(by=request.actor, label=request.POST.get("label", ""))
            address = request.build_absolute_uri(reverse("screen", kwargs={"token": token}))
        except Problem as refused:
            problem, status = refused, refused.status
    context = {"links": screens.links(), "problem": problem, "address": address}
    return render(request, "scoring/screens.html", context, status=status)


def revoke(request: ParkRequest, park: str, link_id: int) -> HttpResponse:
    services.revoke(by=request.actor, link_id=link_id)
    messages.success(request, _("大屏地址已停用。"))
    return redirect("scoring:screens", park=park)

"""Pages of the help 帮助: questions by task for the reader's role, the keys, and whom to ask in the zone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from parks import access
from parks.http import ParkRequest
from parks.models import Park
from rankings.caching import public_page
from rankings.queries import public

from .questions import questions_for


@public_page
def of_zone(request: HttpRequest, park: str) -> HttpResponse:
    """What the public asks."""
    zone = public.zone(park)
    return _page(request, zone, access.PUBLIC, {"zone": zone, "park": zone})


def inside(request: ParkRequest, park: str) -> HttpResponse:
    """What the role asks."""
    return _page(request, request.park, request.actor.role, {})


def _page(request: HttpRequest, zone: Park, role: str, more: dict[str, object]) -> HttpResponse:
    questions = [(one, one.url(zone.code)) for one in questions_for(role)]
    return render(request, "innovscore/help.html", {"questions": questions} | more)

"""The entrance for the public, and the desk of each role. Only here are rooms joined on a page."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from parks import access, starters
from parks.http import ParkRequest
from parks.models import Park
from parks.queries import memberships
from parks.todo import todos_for

from . import cockpit, desks
from .navigation import OFFICE


def home(request: HttpRequest) -> HttpResponse:
    """What this is, the zones and their boards, and the way in; people who are signed in go to their desk."""
    membership = memberships.acting(request)
    if membership is not None and "public" not in request.GET:
        return redirect("desk", park=membership.park.code)
    return render(request, "innovscore/home.html", {"parks": _zones()})


def to_zone(request: HttpRequest, page: str) -> HttpResponse:
    """A page that each zone has, in the zone that the reader acts in or the only one; else the zones to choose from."""
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    membership = memberships.acting(request)
    if membership is not None and access.may(membership.role, f"park_{page}"):
        return redirect(reverse(f"park_{page}", args=[membership.park.code]) + query)
    zones = [(zone, reverse(f"zone_{page}", args=[zone.code]) + query) for zone in _zones()]
    if len(zones) == 1:
        return redirect(zones[0][1])
    return render(request, "innovscore/zones.html", {"zones": zones})


def _zones() -> QuerySet[Park]:
    return Park.objects.filter(kind=Park.Kind.ZONE).order_by("pk")


def desk(request: ParkRequest, park: str) -> HttpResponse:
    """What waits for this role today."""
    context = {
        "todos": todos_for(request.actor),
        "figures": desks.glance(request.actor),
        "starters": [
            (task, ticked, reverse(task.begin, kwargs={"park": park}))
            for task, ticked in starters.progress_of(request.actor)
        ],
    }
    if request.actor.role in OFFICE:
        years = cockpit.years()
        context |= {"year": years[0], "steps": cockpit.steps(years[0], request.actor)} if years else {}
    return render(request, "innovscore/desk.html", context)


def starter_tasks(request: ParkRequest, park: str) -> HttpResponse:
    """Put the list of first tasks away, or begin it again."""
    change = starters.restart if "restart" in request.POST else starters.put_away
    change(request.actor)
    return redirect("desk", park=park)


def cockpit_page(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The ten steps of a year."""
    context = {"year": year, "years": cockpit.years(), "steps": cockpit.steps(year, request.actor)}
    return render(request, "innovscore/cockpit.html", context)

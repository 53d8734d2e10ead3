"""Pages of the search: of a zone for everybody, and within the rights of whoever is signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from parks import search
from parks.http import ParkRequest
from rankings.caching import public_page
from rankings.queries import public

from .navigation import entries_for


@public_page
def of_zone(request: HttpRequest, park: str) -> HttpResponse:
    """What is public of a zone; no park is entered."""
    zone = public.zone(park)
    return _page(request, search.Asked(zone, _words(request)), {"zone": zone, "park": zone})


def inside(request: ParkRequest, park: str) -> HttpResponse:
    """Entries of the menu, and what the lists of the role have."""
    asked = search.Asked(request.park, _words(request), request.actor)
    return _page(request, asked, {"entries": _entries(asked) if asked.text else []})


def _words(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip()[: search.LONGEST]


def _entries(asked: search.Asked) -> list[search.Hit]:
    """Pages of the menu that are called so, then those that say it of themselves."""
    wanted = asked.text.casefold()
    said = [one for one in entries_for(asked.role) if wanted in f"{one.label}\n{one.hint}".casefold()]
    said.sort(key=lambda one: wanted not in str(one.label).casefold())
    return [
        search.Hit(str(one.label), one.url(asked.zone.code), str(one.hint)) for one in said[: search.MOST]
    ]


def _page(request: HttpRequest, asked: search.Asked, more: dict[str, object]) -> HttpResponse:
    groups = search.found(asked) if asked.text else []
    context = {"asked": asked, "groups": groups, "longest": search.LONGEST}
    return render(request, "innovscore/search.html", context | more)

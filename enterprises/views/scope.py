"""The letter of authority at the door of a declaration's parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse

from indicators.queries.schemes import scheme_of
from parks.http import ParkRequest

from ..queries import authority, cycles

View = Callable[..., HttpResponse]


def within_authority(view: View) -> View:
    """An agent changes only the dimensions that the letter of authority names; reading is free within the firm."""

    @wraps(view)
    def guarded(request: ParkRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            scheme = scheme_of(cycles.of_year(kwargs["year"]).scheme_version)
            authority.require(
                request.actor, scheme, dimension=kwargs.get("dimension", ""), code=kwargs.get("code", "")
            )
        return view(request, *args, **kwargs)

    return guarded

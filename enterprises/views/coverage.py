"""应评尽评."""

from __future__ import annotations

from functools import partial

from django.http import HttpResponse
from django.shortcuts import render

from parks.http import ParkRequest
from parks.listing import listing

from ..filters import CoverageFilter
from ..queries import coverage as queries
from ..queries import cycles


def coverage(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Who of the roster is not in the year's evaluation, and why; by sub-park, industry and qualification."""
    cycle = cycles.of_year(year)
    page = listing(
        request, queries.roster(cycle), filterset=partial(CoverageFilter, cycle=cycle), filename=f"coverage-{year}",
        columns=("uscc", "name", "sub_park__name", "industry", "qualifications", "certification_state", "standing", "declaration_state"),
        sortable=("name", "standing", "industry"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {
        "cycle": cycle,
        "page": page,
        "labels": queries.LABELS,
        "qualification_names": dict(queries.qualification_names(cycle)),
        "remedies": queries.REMEDIES,
        "summary": queries.summary(cycle),
    }
    return render(request, "enterprises/coverage.html", context)

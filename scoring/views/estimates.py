from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from enterprises.queries import declarations, enterprises
from innovscore.core.problems import TooMany
from parks.http import ParkRequest

from ..services.whatif import estimate


def own(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The live estimate of the firm's declaration: a fragment for the declaration's page, a page without script."""
    declaration = declarations.of_year(enterprise=enterprises.own_or_404(request.actor), year=year)
    template = "scoring/_estimate.html" if request.htmx else "scoring/estimate.html"
    try:
        found = estimate(declaration)
    except TooMany as problem:
        status = 200 if request.htmx else problem.status
        return render(request, template, {"declaration": declaration, "problem": problem}, status=status)
    context = {
        "estimate": found,
        "declaration": declaration,
        "heads": [_("维度"), _("估算得分"), _("可得分"), _("上次得分")],
        "rows": [
            (item.name, item.points, item.reachable.normalize(), "—" if item.last is None else item.last)
            for item in found.dimensions
        ],
        "labels": [item.name for item in found.dimensions],
        "values": [float(item.points) for item in found.dimensions],
    }
    return render(request, template, context)

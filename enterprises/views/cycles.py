"""The office's view of the year."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest

from ..forms import CycleForm
from ..queries import cycles
from ..services import cycles as cycle_services


def cycle_list(request: ParkRequest, park: str) -> HttpResponse:
    """All years, and opening another."""
    form = CycleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cycle = cycle_services.open_cycle(by=request.actor, **form.cleaned_data)
        except Problem as problem:
            form.add_error(problem.field, str(problem.message))
        else:
            messages.success(request, _("%(year)s 年度已开启。") % {"year": cycle.year})
            return redirect("enterprises:cycle", park=park, year=cycle.year)
    context = {"cycles": cycles.all_cycles(), "form": form}
    return render(request, "enterprises/cycles.html", context, status=422 if form.errors else 200)


def cycle(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """How far a year is, and the job that gives every certified firm its declaration."""
    found = cycles.of_year(year)
    if request.method == "POST":
        job = cycle_services.request_declarations(by=request.actor, cycle=found)
        return redirect("parks:job", park=park, job_id=job.pk)
    counts = cycles.counts(found)
    context = {
        "cycle": found,
        "counts": counts,
        "total": sum(counts.values()),
        "waiting": len(cycles.without_declaration(found)),
    }
    return render(request, "enterprises/cycle.html", context)

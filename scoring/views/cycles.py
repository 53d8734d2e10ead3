from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from innovscore.core.problems import Problem
from parks.actors import Actor
from parks.http import ParkRequest, whole
from parks.showing import loads_again

from ..forms import CorrectionForm, FreezeForm
from ..queries import cycles as cycle_queries
from ..queries import results
from ..services import runs, snapshots

CHANGERS = ("park_admin", "score_officer")


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """Cycles of the park with the state of their scoring."""
    return render(request, "scoring/cycles.html", {"cycles": cycle_queries.overview()})


def cycle(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Freeze, runs and the current result of one year."""
    context = _context(request.actor, year)
    return loads_again(render(request, "scoring/cycle.html", context), context["job"])


def freeze(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Confirmation page with what is still open; POST freezes."""
    form = FreezeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, "scoring/freeze.html", year, form)
    try:
        snapshots.request(by=request.actor, cycle=cycle_queries.get_cycle(year))
    except Problem as problem:
        form.add_error(None, str(problem.message))
        return _page(request, "scoring/freeze.html", year, form, status=problem.status)
    return redirect("scoring:cycle", park=park, year=year)


def correct(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """A new snapshot that names the one it corrects."""
    form = CorrectionForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _page(request, "scoring/correct.html", year, form)
    try:
        snapshots.request(
            by=request.actor, cycle=cycle_queries.get_cycle(year), reason=form.cleaned_data["reason"]
        )
    except Problem as problem:
        form.add_error(None, str(problem.message))
        return _page(request, "scoring/correct.html", year, form, status=problem.status)
    return redirect("scoring:cycle", park=park, year=year)


def request_run(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Ask for the year's own run, or for a comparison under another scheme version, which never becomes current."""
    chosen = whole(request.POST.get("scheme", ""))
    version = None if chosen is None else cycle_queries.comparable_version(chosen)
    run = runs.request_run(by=request.actor, cycle=cycle_queries.get_cycle(year), scheme_version=version)
    return redirect("scoring:run", park=park, run_id=run.pk)


def _page(
    request: ParkRequest, template: str, year: int, form: FreezeForm | CorrectionForm, status: int = 0
) -> HttpResponse:
    status = status or (422 if form.is_bound else 200)
    return render(request, template, _context(request.actor, year) | {"form": form}, status=status)


def _context(actor: Actor, year: int) -> dict[str, Any]:
    cycle = cycle_queries.get_cycle(year)
    cases = cycle_queries.cases(cycle)
    job = cycle_queries.freeze_job(cycle)
    return {
        "cycle": cycle,
        "cases": cases,
        "job": job,
        "is_freezing": job is not None and not job.is_over,
        "snapshot": results.latest_snapshot(cycle.pk),
        "runs": results.runs_of(cycle.pk),
        "current_run_id": results.current_run_id(cycle.pk),
        "other_schemes": cycle_queries.other_versions(cycle),
        "can_change": actor.role in CHANGERS,
        "open_count": sum(case.count for case in cases if not case.counts),
    }

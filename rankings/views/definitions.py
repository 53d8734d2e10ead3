"""Further boards of a park, and its working-day calendar."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.clock import db_today
from parks.http import ParkRequest
from parks.services import calendar as days
from scoring.queries.schemes import names_of, scheme_of

from ..forms import CalendarForm, DefinitionForm
from ..queries import editions, further
from ..services import definitions


def boards(request: ParkRequest, park: str) -> HttpResponse:
    """The park's own boards with a preview on the newest run; POST adds one."""
    years = editions.years()
    run = editions.current_run(years[0]) if years else None
    scheme = scheme_of(run.scheme_version) if run is not None else None
    bases = list(names_of(scheme.boards).items()) if scheme else []
    form = DefinitionForm(request.POST or None, bases=bases)
    context: dict[str, Any] = {
        "form": form, "rows": [_line(row, run, scheme) for row in further.definitions()], "year": years[0] if run else None,
        "stages": list(names_of(scheme.groups).items()) if scheme else [], "sub_parks": editions.sub_parks(),
        "can_edit": request.actor.role in ("park_admin", "score_officer"),
    }  # fmt: skip
    if request.method == "GET" or not form.is_valid():
        return render(
            request, "rankings/office_definitions.html", context, status=422 if form.is_bound else 200
        )
    try:
        definitions.make(by=request.actor, fields=form.cleaned_data, taken={code for code, _name in bases})
    except Problem as problem:
        return render(
            request, "rankings/office_definitions.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已增加榜单，可在年度榜单编制页预览和提请。"))
    return redirect("rankings:definitions", park=park)


def _line(row: Any, run: Any, scheme: Any) -> dict[str, Any]:
    part = further.field_of(run, row.as_rule()) if run is not None else None
    return {
        "row": row, "words": further.words(row.as_rule(), scheme) if scheme else "", "field": part,
        "first": part.rows[:3] if part else [],
    }  # fmt: skip


def switch(request: ParkRequest, park: str, definition_id: int) -> HttpResponse:
    definitions.switch(by=request.actor, definition_id=definition_id, on=request.POST.get("on") == "yes")
    return redirect("rankings:definitions", park=park)


def calendar(request: ParkRequest, park: str) -> HttpResponse:
    """Days that depart from the packed calendar, by year; POST loads a year from text or CSV."""
    form = CalendarForm(request.POST or None, request.FILES or None)
    this = db_today().year
    context: dict[str, Any] = {
        "form": form, "years": [(year, days.is_known(year), days.days(year)) for year in (this, this + 1)],
        "can_edit": request.actor.role == "park_admin",
    }  # fmt: skip
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/office_calendar.html", context, status=422 if form.is_bound else 200)
    try:
        count = days.load(by=request.actor, text=_text(form))
    except Problem as problem:
        return render(
            request, "rankings/office_calendar.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已载入 %(n)s 天。进行中的公示截止时间不变。") % {"n": count})
    return redirect("rankings:calendar", park=park)


def _text(form: CalendarForm) -> str:
    upload = form.cleaned_data.get("file")
    if not upload:
        return str(form.cleaned_data["text"])
    data = upload.read(200_000)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return str(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    return ""

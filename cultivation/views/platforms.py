"""R&D platforms: the firm's own with their yearly report, the office's registry with totals, import, export and feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import cycles, enterprises
from innovscore.core.problems import Problem, Refused
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.roles import ENTERPRISE
from parks.showing import add_problem, repeatable, status_of

from ..filters import PlatformFilter
from ..forms.platforms import (  # fmt: skip
    FeedForm,
    OfficePlatformForm,
    PlatformForm,
    PlatformLevelForm,
    PlatformStepForm,
    PlatformTypeForm,
    PlatformYearForm,
    ReportForm,
    UploadForm,
)
from ..models.platforms import FIGURES, MONEY
from ..queries import feeds as fed
from ..queries import platforms as queries
from ..services import feeds, platform_tables, platforms
from ..states import PlatformState

COLUMNS = (
    "enterprise__uscc", "enterprise__name", "enterprise__sub_park__name", "enterprise__industry", "name", "type__title", "level__title",
    "field", "head", "approver", "approval_number", "approved_on", "valid_until", "get_state_display", *FIGURES,
)  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def own(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's platforms, and the reports that are due."""
    enterprise = enterprises.own_or_404(request.actor)
    rows = list(queries.of_enterprise(enterprise.pk))
    due = list(queries.unreported(enterprise.pk))
    return render(request, "cultivation/platforms/own.html", {"rows": rows, "due": due})


@repeatable
def new(request: ParkRequest, park: str) -> HttpResponse:
    """Enter a platform: the firm its own, the office that of any firm; `?before=` is the one it is promoted from."""
    is_firm = request.actor.role in ENTERPRISE
    number = request.GET.get("before", "")
    before = queries.visible(request.actor, int(number)) if number.isdigit() and len(number) < 19 else None
    kind = PlatformForm if is_firm or before else OfficePlatformForm
    initial = (
        {"type": before.type, "name": before.name, "field": before.field, "head": before.head}
        if before
        else {}
    )
    if before:
        initial |= {name: _shown(name, getattr(before, name)) for name in FIGURES}
    form = kind(request.POST if request.method == "POST" else None, initial=initial)
    status = status_of(form)
    if form.is_valid():
        data = dict(form.cleaned_data)
        try:
            firm = before.enterprise if before else None
            firm = firm or (
                enterprises.own_or_404(request.actor) if is_firm else enterprises.by_uscc(data.pop("uscc"))
            )
            row = platforms.propose(
                by=request.actor, enterprise_id=firm.pk, before_id=before.pk if before else None, **data
            )
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已登记，由另一位人员核对后生效。"))
            return redirect("cultivation:platform", park=park, platform_id=row.pk)
    return render(request, "cultivation/platforms/new.html", {"form": form, "before": before}, status=status)


def platform(request: ParkRequest, park: str, platform_id: int) -> HttpResponse:
    """One platform: approval, figures, reports, history, and what it could become."""
    return _platform(request, platform_id)


def _platform(request: ParkRequest, platform_id: int, problem: Problem | None = None) -> HttpResponse:
    row, role = queries.visible(request.actor, platform_id), request.actor.role
    is_live = row.state == PlatformState.IN_FORCE
    may_step = access.may(role, "cultivation:platform_step", "POST")
    context = {
        "row": row, "events": queries.events(row), "reports": queries.reports(row), "problem": problem, "is_firm": role in ENTERPRISE,
        "upgrades": queries.upgrades(row) if is_live else [],
        "due": [year for one, year in queries.unreported(row.enterprise_id) if one.pk == row.pk] if role in ENTERPRISE else [],
        "can_check": may_step and row.state == PlatformState.PROPOSED and row.proposed_by_ref != request.actor.person_id,
        "can_revoke": may_step and is_live, "can_upgrade": is_live and access.may(role, "cultivation:platform_new", "POST"),
    }  # fmt: skip
    return render(
        request, "cultivation/platforms/platform.html", context, status=problem.status if problem else 200
    )


@repeatable
def step(request: ParkRequest, park: str, platform_id: int) -> HttpResponse:
    """accept, refuse or revoke."""
    form = PlatformStepForm(request.POST)
    if not form.is_valid():
        why = " ".join(str(one) for errors in form.errors.values() for one in errors)
        return _platform(request, platform_id, Refused(code="form_wrong", message=why))
    event, note = form.cleaned_data["event"], form.cleaned_data["note"]
    try:
        if event == "revoke":
            ended_on = form.cleaned_data["ended_on"]
            platforms.revoke(by=request.actor, platform_id=platform_id, note=note, ended_on=ended_on)
        else:
            platforms.check(by=request.actor, platform_id=platform_id, accepts=event == "accept", note=note)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _platform(request, platform_id, problem)
    messages.success(request, _("已办理。"))
    return redirect("cultivation:platform", park=park, platform_id=platform_id)


@repeatable
def report(request: ParkRequest, park: str, platform_id: int, year_id: int) -> HttpResponse:
    """The yearly report: one page, filled with the figures of the last one."""
    row, year = queries.visible(request.actor, platform_id), queries.get_year(year_id)
    sent = queries.reports(row).filter(year=year).first()
    initial = {name: _shown(name, getattr(sent or row, name)) for name in FIGURES} | {
        "work": sent.work if sent else ""
    }
    form = ReportForm(request.POST if request.method == "POST" else None, initial=initial)
    status = status_of(form)
    if form.is_valid():
        try:
            platforms.report(by=request.actor, platform_id=platform_id, year_id=year_id, **form.cleaned_data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("报告已提交，截止前可以修改。"))
            return redirect("cultivation:platform", park=park, platform_id=platform_id)
    context = {"form": form, "row": row, "year": year, "sent": sent, "is_over": year.due_on < db_today()}
    return render(request, "cultivation/platforms/report.html", context, status=status)


def _shown(name: str, value: Any) -> Any:
    return f"{(value / 10_000).normalize():f}" if name in MONEY else value


def registry(request: ParkRequest, park: str) -> HttpResponse:
    """The park's platforms: one sentence of totals, the same by type, level, sub-park or industry, and the list."""
    page = listing(
        request, queries.platforms(), filterset=PlatformFilter, columns=COLUMNS, filename="rd-platforms",
        sortable=("name", "valid_until", "staff"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    by = request.GET.get("by", "type")
    by = by if by in queries.GROUPS else "type"
    live = queries.in_force()
    lines = queries.totals_by(live, by)
    role = request.actor.role
    context = {
        "page": page, "total": queries.total(live), "lines": lines, "by": by, "groups": _groups(),
        "labels": [one.label for one in lines], "values": [one.platforms for one in lines],
        "years": list(queries.years()), "live": live.count(), "is_checking": request.GET.get("state") == PlatformState.PROPOSED,
        "can_enter": access.may(role, "cultivation:platform_new", "POST"), "can_set": access.may(role, "cultivation:platform_setup", "POST"),
        "can_feed": access.may(role, "cultivation:platform_feed", "POST"), "open_cycle": cycles.open_cycle(), "stale": fed.stale(),
        "person_id": request.actor.person_id,
    }  # fmt: skip
    return render(request, "cultivation/platforms/registry.html", context)


def _groups() -> list[tuple[str, str]]:
    return [("type", _("类型")), ("level", _("级别")), ("sub_park", _("园区")), ("industry", _("行业"))]


@repeatable
def check_all(request: ParkRequest, park: str) -> HttpResponse:
    """Accept the entries of others that were ticked, or take one's own back."""
    is_back = request.POST.get("event") == "take_back"
    ticked = request.POST.getlist("own" if is_back else "ids")
    ids = [int(one) for one in ticked if one.isdigit() and len(one) < 19]
    try:
        count = (platforms.take_back if is_back else platforms.check_all)(by=request.actor, platform_ids=ids)
    except Problem as problem:
        messages.error(request, str(problem.message))
    else:
        said = _("已撤回 %(n)s 个平台。") if is_back else _("已核对通过 %(n)s 个平台。")
        messages.success(request, said % {"n": count})
    return redirect("cultivation:platform_registry", park=park)


@repeatable
def feed(request: ParkRequest, park: str) -> HttpResponse:
    """Make a batch of department data of the platforms in force, to be looked at and written there."""
    form = FeedForm(request.POST)
    try:
        if not form.is_valid():
            messages.error(request, _("请填写评价年度。"))
            return redirect("cultivation:platform_registry", park=park)
        batch = feeds.make(by=request.actor, year=form.cleaned_data["year"])
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, str(problem.message))
        return redirect("cultivation:platform_registry", park=park)
    messages.success(request, _("已生成部门数据批次，请核对后写入。"))
    return redirect("enterprises:batch", park=park, batch_id=batch)


SETUP: dict[str, tuple[type[forms.Form], Callable[..., Any]]] = {
    "type": (PlatformTypeForm, platforms.save_type),
    "level": (PlatformLevelForm, platforms.save_level),
    "year": (PlatformYearForm, platforms.open_year),
}
"""What can be set up: its form and the service that keeps it."""


def setup(request: ParkRequest, park: str) -> HttpResponse:
    """Types and levels of the park, and the years it asks reports of."""
    what, status = request.POST.get("what", ""), 200
    shown = {name: kind() for name, (kind, _save) in SETUP.items()}
    if request.method == "POST" and what == "shipped":
        platforms.add_shipped(by=request.actor)
        return redirect("cultivation:platform_setup", park=park)
    if request.method == "POST" and what in SETUP:
        kind, save = SETUP[what]
        form = shown[what] = kind(request.POST)
        status = status_of(form)
        if form.is_valid():
            try:
                save(by=request.actor, **form.cleaned_data)
            except Problem as problem:
                status = add_problem(form, problem)
            else:
                messages.success(request, _("已保存。"))
                return redirect("cultivation:platform_setup", park=park)
    context = {
        "types": queries.types(), "levels": queries.levels(), "years": queries.years(), "forms": shown, "live": queries.in_force().count(),
        "form": shown.get(what), "can_set": access.may(request.actor.role, "cultivation:platform_setup", "POST"),
    }  # fmt: skip
    return render(request, "cultivation/platforms/setup.html", context, status=status)


def template(request: ParkRequest, park: str) -> HttpResponse:
    """The empty table with the park's types and levels as drop-downs."""
    response = HttpResponse(platform_tables.template(), content_type=XLSX)
    response["Content-Disposition"] = 'attachment; filename="rd-platforms-template.xlsx"'
    return response


@repeatable
def upload(request: ParkRequest, park: str) -> HttpResponse:
    """Enter the platforms of a filled table: all or none."""
    form = UploadForm(request.POST or None, request.FILES or None)
    status = status_of(form)
    if form.is_valid():
        try:
            count = platform_tables.load(
                by=request.actor, data=form.cleaned_data["file"].read(), form_of=OfficePlatformForm
            )
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已登记 %(n)s 个平台，由另一位人员核对后生效。") % {"n": count})
            waiting = reverse("cultivation:platform_registry", kwargs={"park": park})
            return redirect(f"{waiting}?state={PlatformState.PROPOSED}")
    return render(request, "cultivation/platforms/upload.html", {"form": form}, status=status)

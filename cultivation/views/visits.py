"""Visits and appeals: the office's log and lists, a firm's own appeals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import Listing, listing
from parks.roles import ENTERPRISE
from parks.showing import add_problem, repeatable, said, status_of

from ..filters import AppealFilter, CoverageFilter, VisitFilter
from ..forms.visits import (
    AnswerForm,
    AppealForm,
    AssignForm,
    OfficeAppealForm,
    PaperForm,
    ReopenForm,
    VisitForm,
)
from ..models import Appeal
from ..queries import visits as queries
from ..services import visits

VISIT_COLUMNS = (
    "visited_on", "enterprise__name", "enterprise__uscc", "enterprise__sub_park__name", "visitors", "met", "get_purpose_display", "note",
    "asked",
)  # fmt: skip
APPEAL_COLUMNS = (
    "number", "enterprise__name", "enterprise__uscc", "get_category_display", "text", "get_state_display", "responsible_name", "due_on",
    "answer", "raised_at", "answered_at", "confirmed_at",
)  # fmt: skip

STEPS: dict[str, tuple[Callable[..., Appeal], type[forms.Form]]] = {
    "answer": (visits.answer, AnswerForm),
    "reopen": (visits.reopen, ReopenForm),
    "confirm": (visits.confirm, forms.Form),
}


def log(request: ParkRequest, park: str) -> HttpResponse:
    """All visits, newest first, and how far the year's visits reach."""
    page = listing(
        request, queries.visits(), filterset=VisitFilter, columns=VISIT_COLUMNS, filename="visits", sortable=("visited_on",)
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return _with_reach(request, page, "cultivation/visits/log.html")


def coverage(request: ParkRequest, park: str) -> HttpResponse:
    """Firms by their last visit; those that nobody visited first."""
    page = listing(
        request, queries.firms_by_visit(), filterset=CoverageFilter, filename="visit-coverage",
        columns=("name", "uscc", "sub_park__name", "last_visit"), sortable=("last_visit", "name"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return _with_reach(request, page, "cultivation/visits/coverage.html")


def _with_reach(request: ParkRequest, page: Listing, template: str) -> HttpResponse:
    context = {
        "page": page,
        "coverage": queries.coverage(db_today().year),
        "can_record": access.may(request.actor.role, "cultivation:visit_new", "POST"),
    }
    return render(request, template, context)


@repeatable
def new(request: ParkRequest, park: str) -> HttpResponse:
    """Write a visit down."""
    initial = {
        "visited_on": db_today(),
        "visitors": request.actor.person_name,
        "firm": request.GET.get("firm", "")[:200],
    }
    form = VisitForm(request.POST or None, request.FILES or None, initial=initial)
    status = status_of(form)
    if form.is_valid():
        data = said(form)
        try:
            row = visits.record(by=request.actor, **data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("走访已登记。企业提出的诉求请在下面登记。"))
            return redirect("cultivation:visit", park=park, visit_id=row.pk)
    return render(request, "cultivation/visits/new.html", {"form": form}, status=status)


@repeatable
def visit(request: ParkRequest, park: str, visit_id: int) -> HttpResponse:
    """One visit with its papers and appeals; POST adds an appeal."""
    row = queries.visit(visit_id)
    can_record = access.may(request.actor.role, "cultivation:visit", "POST")
    form = OfficeAppealForm(
        request.POST or None, colleagues=queries.colleagues(), initial={"responsible": request.actor.person_id}
    )  # fmt: skip
    status = status_of(form)
    if form.is_valid():
        data = said(form)
        try:
            visits.raise_appeal(by=request.actor, visit_id=row.pk, **data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("诉求已登记，企业会收到消息。"))
            return redirect("cultivation:visit", park=park, visit_id=row.pk)
    context = {
        "visit": row, "form": form, "can_record": can_record, "paper_form": PaperForm(),
        "papers": row.papers.select_related("evidence").order_by("pk"), "appeals": row.appeals.order_by("pk"),
    }  # fmt: skip
    return render(request, "cultivation/visits/visit.html", context, status=status)


def add_paper(request: ParkRequest, park: str, visit_id: int) -> HttpResponse:
    form = PaperForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            visits.add_paper(by=request.actor, visit_id=visit_id, upload=form.cleaned_data["upload"])
        except Problem as problem:
            if problem.status == 404:
                raise
            messages.error(request, str(problem.message))
    else:
        queries.visit(visit_id)
        messages.error(request, _("请先选择文件。"))
    return redirect("cultivation:visit", park=park, visit_id=visit_id)


def appeals(request: ParkRequest, park: str) -> HttpResponse:
    """All appeals; those that wait for an answer first."""
    page = listing(
        request, queries.appeals(), filterset=AppealFilter, columns=APPEAL_COLUMNS, filename="appeals", sortable=("due_on", "raised_at"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    today = db_today()
    context = {"page": page, "totals": queries.totals(today.year), "year": today.year, "today": today}
    return render(request, "cultivation/visits/appeals.html", context)


@repeatable
def own_appeals(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's appeals; POST sends a new one."""
    enterprise = enterprises.own(request.actor)
    form = AppealForm(request.POST or None)
    status = status_of(form)
    if form.is_valid():
        try:
            row = visits.raise_appeal(
                by=request.actor, category=form.cleaned_data["category"], text=form.cleaned_data["text"]
            )
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("诉求已提交，园区将在 %(day)s 前答复。") % {"day": row.due_on})
            return redirect("cultivation:appeal", park=park, appeal_id=row.pk)
    page = listing(
        request,
        queries.of_enterprise(enterprise.pk if enterprise else 0),
        columns=APPEAL_COLUMNS,
        filename="appeals",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/visits/own.html",
        {"page": page, "form": form, "today": db_today()},
        status=status,
    )


def appeal(request: ParkRequest, park: str, appeal_id: int) -> HttpResponse:
    return _appeal_page(request, queries.visible(request.actor, appeal_id))


def step(request: ParkRequest, park: str, appeal_id: int, event: str) -> HttpResponse:
    """answer (office); confirm, reopen (firm)."""
    row = queries.visible(request.actor, appeal_id)
    if event not in STEPS:
        raise Http404
    work, form_class = STEPS[event]
    form = form_class(request.POST)
    if not form.is_valid():
        return _appeal_page(request, row, form=form, status=422)
    try:
        work(by=request.actor, appeal_id=row.pk, **form.cleaned_data)
    except Problem as problem:
        return _appeal_page(request, row, form=form, status=add_problem(form, problem))
    messages.success(request, _("已记录。"))
    return redirect("cultivation:appeal", park=park, appeal_id=row.pk)


def assign(request: ParkRequest, park: str, appeal_id: int) -> HttpResponse:
    row = queries.visible(request.actor, appeal_id)
    form = AssignForm(request.POST, colleagues=queries.colleagues())
    status = 422
    if form.is_valid():
        try:
            visits.assign(by=request.actor, appeal_id=row.pk, **form.cleaned_data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已分派。"))
            return redirect("cultivation:appeal", park=park, appeal_id=row.pk)
    return _appeal_page(request, row, assign_form=form, status=status)


def _appeal_page(
    request: ParkRequest, row: Appeal, *, form: Any = None, assign_form: Any = None, status: int = 200
) -> HttpResponse:
    is_firm = request.actor.role in ENTERPRISE
    may_act = access.may(request.actor.role, "cultivation:appeal_step", "POST")
    initial = {"responsible": row.responsible_ref or request.actor.person_id}
    context = {
        "appeal": row, "events": row.events.order_by("pk"), "is_firm": is_firm, "today": db_today(),
        "form": form if form and form.fields else (ReopenForm if is_firm else AnswerForm)(),
        "assign_form": None if is_firm else assign_form or AssignForm(colleagues=queries.colleagues(), initial=initial),
        "problem_form": assign_form or form,
        "can_answer": may_act and not is_firm and row.state == "open", "can_confirm": is_firm and row.state == "answered",
    }  # fmt: skip
    return render(request, "cultivation/visits/appeal.html", context, status=status)

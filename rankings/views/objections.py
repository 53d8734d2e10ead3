"""Objections: how the office answers them and how an enterprise files one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.listing import listing

from ..filters import ObjectionFilter
from ..forms import AnswerForm, EnterpriseObjectionForm
from ..queries import editions, public
from ..queries.wording import moment
from ..services import objections
from ..states import ObjectionState

COLUMNS = ("receipt", "edition__name_zh", "edition__number", "state", "filed_at", "answered_at")
ANSWERERS = ("park_admin", "publisher")


def office_list(request: ParkRequest, park: str) -> HttpResponse:
    """All objections, open ones first."""
    page = listing(
        request,
        editions.objections(),
        filterset=ObjectionFilter,
        columns=COLUMNS,
        filename="objections",
        sortable=("filed_at", "state"),
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "rankings/office_objections.html", {"page": page})


def office_one(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    return _page(request, objection_id, AnswerForm())


def accept(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    try:
        objections.accept(by=request.actor, objection=editions.get_objection(objection_id))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _page(request, objection_id, AnswerForm(), problem)
    messages.success(request, _("已受理。"))
    return redirect("rankings:objection", park=park, objection_id=objection_id)


def answer(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    row = editions.get_objection(objection_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, objection_id, form)
    try:
        objections.answer(
            by=request.actor,
            objection=row,
            upheld=form.cleaned_data["outcome"] == "upheld",
            text=form.cleaned_data["text"],
        )
    except Problem as problem:
        return _page(request, objection_id, form, problem)
    messages.success(request, _("已答复。"))
    return redirect("rankings:objection", park=park, objection_id=objection_id)


def _page(
    request: ParkRequest, objection_id: int, form: AnswerForm, problem: Problem | None = None
) -> HttpResponse:
    row = editions.get_objection(objection_id)
    can = request.actor.role in ANSWERERS
    context = {
        "objection": row,
        "form": form,
        "problem": problem,
        "can_accept": can and row.state == ObjectionState.FILED,
        "can_answer": can
        and row.state == ObjectionState.ACCEPTED
        and request.actor.person_id != row.edition.proposed_by_ref,
    }
    status = problem.status if problem else 422 if form.is_bound else 200
    return render(request, "rankings/office_objection.html", context, status=status)


def own_list(request: ParkRequest, park: str) -> HttpResponse:
    """Notices that are open, and the objections of this enterprise."""
    context = {
        "notices": [notice for notice in public.notices(request.park) if notice.is_open],
        "objections": editions.own_objections(request.actor.organisation_id),
    }
    return render(request, "rankings/own_objections.html", context)


def own_file(request: ParkRequest, park: str, notice_id: int) -> HttpResponse:
    """Form of an enterprise; POST files."""
    published = public.own_notice(notice_id)
    firms = [(one.line.uscc, one.line.name) for one in public.lines_of(published)]
    form = EnterpriseObjectionForm(request.POST or None, firms=firms)
    context = {
        "form": form,
        "published": published,
        "name": public.title_of(published),
        "ends": moment(published.notice_ends_at),
    }
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/own_object.html", context, status=422 if form.is_bound else 200)
    try:
        row = objections.file_by_enterprise(by=request.actor, published=published, **form.cleaned_data)
    except Problem as problem:
        if problem.status == 410:
            raise
        return render(
            request, "rankings/own_object.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已收到，回执号 %(receipt)s。") % {"receipt": row.receipt})
    return redirect("rankings:own_objections", park=park)

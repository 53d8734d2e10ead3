"""Objections: how the office answers them and how an enterprise files one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound, Problem
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.services import evidence

from ..filters import ObjectionFilter
from ..forms import AnswerForm, EnterpriseObjectionForm, InvestigationForm
from ..queries import editions, public
from ..queries.wording import moment
from ..services import objections
from ..states import BARRING, ObjectionState

COLUMNS = (
    "receipt", "edition__name_zh", "edition__number", "state", "filed_at", "accept_due", "answer_due", "answered_at",
)  # fmt: skip
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
    return render(request, "rankings/office_objections.html", {"page": page, "today": db_today()})


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


def investigate(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    form = InvestigationForm(request.POST)
    if not form.is_valid():
        return _page(request, objection_id, form)
    try:
        objections.investigate(
            by=request.actor,
            objection=editions.get_objection(objection_id),
            findings=form.cleaned_data["findings"],
        )
    except Problem as problem:
        if problem.status == 404:
            raise
        return _page(request, objection_id, form, problem)
    messages.success(request, _("已记录核查情况。"))
    return redirect("rankings:objection", park=park, objection_id=objection_id)


def attachment(request: ParkRequest, park: str, objection_id: int, file_id: int) -> HttpResponse:
    """A document that came with an objection; downloaded, never shown inside our pages."""
    row = editions.get_objection(objection_id)
    file = row.files.filter(pk=file_id).first()
    if file is None:
        raise NotFound(code="no_such_file", message=_("没有这个文件。"))
    try:
        data = evidence.path_of(file.sha256, objections.AREA).read_bytes()
    except FileNotFoundError as error:
        raise NotFound(code="file_lost", message=_("文件不在存储中，请联系运维。")) from error
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.filename)}"
    return response


def answer(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    row = editions.get_objection(objection_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, objection_id, form)
    try:
        objections.answer(
            by=request.actor,
            objection=row,
            outcome=form.cleaned_data["outcome"],
            text=form.cleaned_data["text"],
        )
    except Problem as problem:
        return _page(request, objection_id, form, problem)
    messages.success(request, _("已答复。"))
    return redirect("rankings:objection", park=park, objection_id=objection_id)


def _page(request: ParkRequest, objection_id: int, form: Any, problem: Problem | None = None) -> HttpResponse:
    row = editions.get_objection(objection_id)
    can = request.actor.role in ANSWERERS
    barred = _barred(request, row)
    investigating = row.state == ObjectionState.ACCEPTED
    if not form.is_bound and investigating:
        form = InvestigationForm()
    context = {
        "objection": row,
        "files": row.files.order_by("pk"),
        "orders": row.orders.order_by("pk"),
        "form": form,
        "problem": problem,
        "today": db_today(),
        "can_accept": can and row.state == ObjectionState.FILED,
        "can_investigate": can and investigating,
        "can_answer": can and row.state == ObjectionState.INVESTIGATED and not barred,
        "barred": barred if row.state == ObjectionState.INVESTIGATED else "",
        "can_order": can and row.state in BARRING and row.about_id,
    }
    status = problem.status if problem else 422 if form.is_bound else 200
    return render(request, "rankings/office_objection.html", context, status=status)


def _barred(request: ParkRequest, row: Any) -> str:
    try:
        objections.may_answer(by=request.actor, objection=row)
    except Problem as problem:
        return str(problem.message)
    return ""


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
    firms = editions.objection_firms(
        request.actor.organisation_id, public.open_to_objection(public.notice(request.park, notice_id))
    )
    form = EnterpriseObjectionForm(request.POST or None, request.FILES or None, firms=firms)
    context = {
        "form": form,
        "published": published,
        "name": public.title_of(published),
        "ends": moment(published.notice_ends_at),
        "own_score": editions.own_standing_year(request.actor.organisation_id, published.year),
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

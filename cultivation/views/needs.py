"""Technical needs: the firm's own, the office's list and register of experts, the public board."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound, Problem
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.models import Park
from parks.roles import ENTERPRISE
from parks.showing import add_problem, repeatable, status_of

from ..filters import ExpertFilter, NeedFilter, PublicNeedFilter
from ..forms.needs import ExpertForm, IntroduceForm, NeedClosingForm, NeedForm, OutcomeForm
from ..models import Expert, TechNeed
from ..queries import needs as queries
from ..services import needs

COLUMNS = (
    "number", "enterprise__name", "enterprise__uscc", "title", "text", "field_labels", "budget_from", "budget_to", "until", "is_public",
    "introduced", "get_closing_display", "posted_at", "closed_at",
)  # fmt: skip
PUBLIC_COLUMNS = ("firm_name", "title", "text", "field_labels", "budget_from", "budget_to", "until")
EXPERT_COLUMNS = ("name", "institute", "field_labels", "availability", "is_active", "introduced")


@repeatable
def own(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's needs; POST posts one."""
    enterprise = enterprises.own(request.actor)
    form = NeedForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            row = needs.post(by=request.actor, **form.said)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("技术需求已发布，园区会为您对接专家。"))
            return redirect("cultivation:tech_need", park=park, need_id=row.pk)
    rows = queries.of_enterprise(enterprise.pk if enterprise else 0)
    page = listing(request, rows, columns=COLUMNS, filename="tech-needs")
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/needs/own.html",
        {"page": page, "form": form, "today": db_today()},
        status=status,
    )


def office(request: ParkRequest, park: str) -> HttpResponse:
    """All needs of the park; open ones first."""
    page = listing(
        request, queries.needs(), filterset=NeedFilter, columns=COLUMNS, filename="tech-needs", sortable=("until", "posted_at"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    today = db_today()
    context = {"page": page, "today": today, "year": today.year, "totals": queries.totals(today.year)}
    return render(request, "cultivation/needs/office.html", context)


def need(request: ParkRequest, park: str, need_id: int) -> HttpResponse:
    """One need: who was introduced and what came of it; the park also sees who fits."""
    return _page(request, queries.visible(request.actor, need_id))


def _page(
    request: ParkRequest, row: TechNeed, *, outcome_form: Any = None, status: int = 200
) -> HttpResponse:
    is_firm, may_introduce = (
        request.actor.role in ENTERPRISE,
        access.may(request.actor.role, "cultivation:tech_need_introduce", "POST"),
    )
    context = {
        "need": row, "is_firm": is_firm, "may_introduce": may_introduce, "met": queries.introductions(row), "today": db_today(),
        "fits": queries.fitting(row) if may_introduce and not row.closing else [], "may_say": is_firm or may_introduce,
        "closing_form": NeedClosingForm(), "form": outcome_form or OutcomeForm(),
    }  # fmt: skip
    return render(request, "cultivation/needs/need.html", context, status=status)


@repeatable
def close(request: ParkRequest, park: str, need_id: int) -> HttpResponse:
    queries.visible(request.actor, need_id)
    form = NeedClosingForm(request.POST)
    if form.is_valid():
        try:
            needs.close(by=request.actor, need_id=need_id, **form.cleaned_data)
        except Problem as problem:
            messages.error(request, str(problem.message))
        else:
            messages.success(request, _("需求已结束。"))
    else:
        messages.error(request, _("请选择结束原因。"))
    return redirect("cultivation:tech_need", park=park, need_id=need_id)


@repeatable
def introduce(request: ParkRequest, park: str, need_id: int) -> HttpResponse:
    """The park brings a firm and an expert together."""
    queries.visible(request.actor, need_id)
    form = IntroduceForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            needs.introduce(by=request.actor, need_id=need_id, expert_id=said["expert"], note=said["note"])
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.message))
        else:
            messages.success(request, _("已对接，企业会收到消息。"))
    else:
        messages.error(request, _("请选择专家。"))
    return redirect("cultivation:tech_need", park=park, need_id=need_id)


@repeatable
def outcome(request: ParkRequest, park: str, need_id: int, introduction_id: int) -> HttpResponse:
    """What came of an introduction."""
    row = queries.visible(request.actor, need_id)
    form = OutcomeForm(request.POST)
    status = status_of(form)
    if form.is_valid():
        try:
            needs.say_outcome(by=request.actor, need_id=need_id, introduction_id=introduction_id, **form.said)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("对接结果已登记。"))
            return redirect("cultivation:tech_need", park=park, need_id=need_id)
    return _page(request, row, outcome_form=form, status=status)


def experts(request: ParkRequest, park: str) -> HttpResponse:
    """The register of experts."""
    page = listing(
        request, queries.experts(), filterset=ExpertFilter, columns=EXPERT_COLUMNS, filename="experts", sortable=("name", "introduced"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/needs/experts.html",
        {"page": page, "can_keep": access.may(request.actor.role, "cultivation:expert_new", "POST")},
    )


def expert_new(request: ParkRequest, park: str) -> HttpResponse:
    return _keep(request, None)


def expert(request: ParkRequest, park: str, expert_id: int) -> HttpResponse:
    return _keep(request, queries.expert(expert_id))


@repeatable
def _keep(request: ParkRequest, row: Expert | None) -> HttpResponse:
    names = ("name", "institute", "availability", "is_active")
    initial = {name: getattr(row, name) for name in names} | {"fields_of": row.fields} if row else {}
    form = ExpertForm(request.POST if request.method == "POST" else None, initial=initial)
    status = status_of(form)
    if form.is_valid():
        try:
            needs.keep_expert(by=request.actor, expert_id=row.pk if row else None, **form.said)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已保存。"))
            return redirect("cultivation:experts", park=request.park.code)
    return render(request, "cultivation/needs/expert.html", {"form": form, "expert": row}, status=status)


def public_board(request: ParkRequest, park: str) -> HttpResponse:
    """需求榜: what firms agreed to show, for anybody."""
    zone = get_object_or_404(Park, code=park)
    page = listing(
        request, queries.public_board(zone), filterset=PublicNeedFilter, columns=PUBLIC_COLUMNS, filename="tech-needs"
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "cultivation/needs/public.html", {"zone": zone, "park": zone, "page": page})

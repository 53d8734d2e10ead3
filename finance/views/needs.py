"""Financing needs: the enterprise posts and closes, partners answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks.clock import db_now
from parks.http import ParkRequest
from parks.listing import listing
from parks.roles import Role
from parks.showing import add_problem, repeatable, run_once, status_of

from ..forms.needs import AnswerForm, BureauAnswerForm, NeedForm
from ..queries import needs as queries
from ..services import needs


def own(request: ParkRequest, park: str) -> HttpResponse:
    """The enterprise's needs with their answers; POST posts one."""
    enterprise = enterprises.own(request.actor)
    form = NeedForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:needs", form, needs.post)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("需求已发布，银行、担保、基金和征信机构会在 3 个工作日内答复。"))
            return redirect("finance:needs", park=park)
    page = listing(
        request, queries.of_enterprise(enterprise.pk if enterprise else 0),
        columns=("number", "amount", "term_months", "purpose", "get_state_display", "posted_at"), filename="needs",
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(
        request, "finance/needs.html", {"page": page, "form": form, "enterprise": enterprise}, status=status
    )


@repeatable
def close(request: ParkRequest, park: str, need_id: int) -> HttpResponse:
    needs.close(by=request.actor, need_id=need_id, matched=request.POST.get("matched") == "1")
    messages.success(request, _("需求已关闭。"))
    return redirect("finance:needs", park=park)


def desk(request: ParkRequest, park: str) -> HttpResponse:
    """Open needs of the park, the most urgent first."""
    page = listing(
        request, queries.open_needs(), columns=("number", "amount", "term_months", "due_at"), filename="needs"
    )
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "answered": queries.answered_by(request.actor, list(page.rows)), "now": db_now()}
    return render(request, "finance/needs_desk.html", context)


def answer(request: ParkRequest, park: str, need_id: int) -> HttpResponse:
    """One need and the form to answer it."""
    need = queries.open_need(need_id)
    kind = BureauAnswerForm if request.actor.role == Role.CREDIT_BUREAU else AnswerForm
    form = kind(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:need_answer", form, needs.answer, need_id=need_id)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已答复，企业会收到通知。"))
            return redirect("finance:needs_desk", park=park)
    done = queries.answered_by(request.actor, [need]).get(need.pk)
    return render(
        request,
        "finance/need_answer.html",
        {"need": need, "form": form, "done": done, "now": db_now()},
        status=status,
    )

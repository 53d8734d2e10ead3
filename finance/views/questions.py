"""Questions about reads: asked by the enterprise, answered by who looked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.listing import listing
from parks.showing import add_problem, run_once, status_of

from ..forms.consents import QuestionForm, ReplyForm
from ..queries import consents as queries
from ..services import questions


def ask(request: ParkRequest, park: str, access_id: int) -> HttpResponse:
    """One read of the own data, and the question about it."""
    read = queries.read_of(enterprises.own_or_404(request.actor).pk, access_id)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:question", form, questions.ask, access_id=access_id)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("问题已发给对方，答复会显示在访问记录里。"))
            return redirect("finance:access_log", park=park)
    return render(request, "finance/question.html", {"read": read, "form": form}, status=status)


def desk(request: ParkRequest, park: str) -> HttpResponse:
    """Questions to the acting organisation, open ones first."""
    page = listing(
        request,
        queries.questions_to(request.actor),
        columns=("asked_at", "text", "answer", "answered_at"),
        filename="questions",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "finance/questions.html", {"page": page})


def reply(request: ParkRequest, park: str, question_id: int) -> HttpResponse:
    form = ReplyForm(request.POST)
    if form.is_valid():
        run_once(request, "finance:question_reply", form, questions.reply, question_id=question_id)
        messages.success(request, _("已答复。"))
    else:
        messages.error(request, _("请写明答复。"))
    return redirect("finance:questions", park=park)

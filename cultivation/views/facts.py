"""What only the firm knows: the firm states a figure with its paper, the office accepts or returns it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from enterprises.queries import evidence as files
from innovscore.core.problems import Problem
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.showing import add_problem, repeatable, said, status_of

from ..filters import FactFilter
from ..forms.facts import FactCheckForm, FactForm
from ..formula import STATED
from ..queries import facts as queries
from ..services import facts
from ..states import FactState
from ..wording import language

COLUMNS = (
    "enterprise__uscc", "enterprise__name", "label", "shown", "as_of", "until", "get_state_display", "stated_by_name", "stated_at",
    "checked_by_name", "checked_at", "reason",
)  # fmt: skip


@repeatable
def own(request: ParkRequest, park: str, code: str) -> HttpResponse:
    """One figure of the firm: what was stated before, and a new statement."""
    firm = enterprises.own_or_404(request.actor)
    rows = list(queries.history(firm.pk, code))
    library = [(one.pk, one.filename) for one in files.of_organisation(firm.organisation_id)]
    form = FactForm(
        request.POST or None, request.FILES or None, fact=STATED[code], language=language(), files=library
    )
    status = status_of(form)
    if form.is_valid():
        try:
            facts.state(by=request.actor, code=code, **said(form))
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已提交，园区核对后采用。"))
            return redirect("cultivation:growth", park=park)
    context = {
        "form": form, "rows": rows, "fact": STATED[code], "label": form.fields["value"].label, "today": db_today(),
        "is_waiting": any(row.state == FactState.STATED for row in rows),
    }  # fmt: skip
    return render(request, "cultivation/facts/own.html", context, status=status)


def office(request: ParkRequest, park: str) -> HttpResponse:
    """What firms stated, those that wait first to be found by the filter."""
    page = listing(
        request, queries.facts(), filterset=FactFilter, columns=COLUMNS, filename="stated-facts", sortable=("enterprise__name", "until"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "waiting": queries.waiting().count(), "today": db_today()}
    return render(request, "cultivation/facts/office.html", context)


@repeatable
def fact(request: ParkRequest, park: str, fact_id: int) -> HttpResponse:
    """One statement beside its paper; accept, or return with a reason."""
    row = queries.get(fact_id)
    form = FactCheckForm(request.POST or None)
    status = status_of(form)
    if form.is_valid():
        try:
            facts.check(by=request.actor, fact_id=fact_id, **form.cleaned_data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已核对，企业会收到消息。"))
            return redirect("cultivation:facts", park=park)
    can_check = access.may(request.actor.role, "cultivation:fact", "POST") and row.state == FactState.STATED
    earlier = queries.history(row.enterprise_id, row.code).exclude(pk=row.pk)
    context = {"row": row, "form": form, "can_check": can_check, "earlier": earlier, "today": db_today()}
    return render(request, "cultivation/facts/fact.html", context, status=status)

"""Correction orders: listed, opened from an upheld objection, approved by another person."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.services.figures import entries_of
from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.showing import add_problem, status_of

from ..forms import OrderForm
from ..queries import corrections as queries
from ..queries import editions
from ..services import corrections


def orders(request: ParkRequest, park: str) -> HttpResponse:
    """All orders, waiting ones first."""
    return _page(request)


def correctable(request: ParkRequest, park: str, objection_id: int) -> HttpResponse:
    """What of the firm may be corrected: choose one."""
    row = editions.get_objection(objection_id)
    context = {"objection": row, "sections": queries.correctable(row)}
    return render(request, "rankings/office_correctable.html", context)


def propose(request: ParkRequest, park: str, objection_id: int, code: str) -> HttpResponse:
    """Form for one figure or list of the firm; POST orders its correction."""
    row = editions.get_objection(objection_id)
    item = queries.item_of(row, code)
    form = OrderForm(request.POST or None, item=item)
    status = status_of(form)
    rows = entries_of(request.POST) if form.is_bound else item.value.entries or []
    if form.is_valid():
        change = {"entries": rows} if item.is_list else {"amount": form.cleaned_data["amount"]}
        try:
            order = corrections.propose(
                by=request.actor, objection=row, code=code, reason=form.cleaned_data["reason"], **change
            )
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("已开具更正令第 %(n)s 号，请另一人批准。") % {"n": order.number})
            return redirect("rankings:corrections", park=park)
    context = {"objection": row, "form": form, "item": item, "entry_rows": [*rows, {}, {}, {}]}
    return render(request, "rankings/office_order.html", context, status=status)


def approve(request: ParkRequest, park: str, order_id: int) -> HttpResponse:
    try:
        order = corrections.approve(by=request.actor, order_id=order_id)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _page(request, problem)
    messages.success(
        request,
        _("更正令第 %(n)s 号已执行：已做更正快照，正在重新计算。算完后请编制新的一版。")
        % {"n": order.number},
    )
    return redirect("rankings:corrections", park=park)


def cancel(request: ParkRequest, park: str, order_id: int) -> HttpResponse:
    try:
        corrections.cancel(by=request.actor, order_id=order_id)
    except Problem as problem:
        return _page(request, problem)
    messages.success(request, _("更正令已取消。"))
    return redirect("rankings:corrections", park=park)


def _page(request: ParkRequest, problem: Problem | None = None) -> HttpResponse:
    context = {
        "orders": queries.orders(),
        "problem": problem,
        "can_approve": request.actor.role in ("park_admin", "publisher", "score_officer"),
        "me": request.actor.person_id,
    }
    return render(
        request, "rankings/office_corrections.html", context, status=problem.status if problem else 200
    )

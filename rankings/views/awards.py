"""The special fund in the office: budget, rules, plans, payment, export for finance."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import idempotency
from parks.http import ParkRequest
from parks.listing import export_rows

from ..forms import AwardRuleForm, BudgetForm, ContactForm, PaymentForm, ReasonForm
from ..queries import awards as queries
from ..queries import editions
from ..queries.wording import moment
from ..services import awards
from ..services.awards import WAN


def years(request: ParkRequest, park: str) -> HttpResponse:
    return render(request, "rankings/office_award_years.html", {"years": editions.years()})


def year(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Budget, rules and plans of a year."""
    return _year(request, year)


def budget(request: ParkRequest, park: str, year: int) -> HttpResponse:
    form = BudgetForm(request.POST)
    if not form.is_valid():
        return _year(request, year, budget_form=form)
    cycle = queries.cycle_of(year)
    try:
        awards.set_budget(by=request.actor, cycle=cycle, cap=form.cleaned_data["cap"] * WAN)
    except Problem as problem:
        return _year(request, year, problem=problem)
    messages.success(request, _("预算已设定。"))
    return redirect("rankings:award_year", park=park, year=year)


def rule(request: ParkRequest, park: str, year: int) -> HttpResponse:
    cycle = queries.cycle_of(year)
    form = AwardRuleForm(request.POST, boards=queries.board_choices(cycle))
    if not form.is_valid():
        return _year(request, year, rule_form=form)
    try:
        awards.add_rule(by=request.actor, cycle=cycle, fields=form.cleaned_data)
    except Problem as problem:
        return _year(request, year, rule_form=form, problem=problem)
    messages.success(request, _("规则已增加。"))
    return redirect("rankings:award_year", park=park, year=year)


def carry_rules(request: ParkRequest, park: str, year: int) -> HttpResponse:
    try:
        count = awards.carry_rules_over(by=request.actor, cycle=queries.cycle_of(year))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _year(request, year, problem=problem)
    messages.success(request, _("已沿用 %(n)s 条规则。请核对金额和不予奖励名单。") % {"n": count})
    return redirect("rankings:award_year", park=park, year=year)


def remove_rule(request: ParkRequest, park: str, year: int, rule_id: int) -> HttpResponse:
    try:
        awards.remove_rule(by=request.actor, rule_id=rule_id)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _year(request, year, problem=problem)
    return redirect("rankings:award_year", park=park, year=year)


def propose(request: ParkRequest, park: str, year: int) -> HttpResponse:
    try:
        plan = awards.propose(by=request.actor, cycle=queries.cycle_of(year))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _year(request, year, problem=problem)
    messages.success(request, _("方案已提请，请另一人公示。"))
    return redirect("rankings:award_plan", park=park, plan_id=plan.pk)


def _year(
    request: ParkRequest,
    year: int,
    *,
    budget_form: Any = None,
    rule_form: Any = None,
    problem: Problem | None = None,
) -> HttpResponse:
    cycle = queries.cycle_of(year)
    boards = queries.board_choices(cycle)
    have = queries.budget(cycle)
    bound = next(
        (form for form in (rule_form, budget_form) if form is not None and not form.is_valid()), None
    )
    context = {
        "year": year, "budget": have, "rules": [(row, dict(boards).get(row.board, row.board)) for row in queries.rules(cycle)],
        "plans": queries.plans(cycle), "budget_form": budget_form or BudgetForm(initial={"cap": have.cap / WAN if have else None}),
        "rule_form": rule_form or AwardRuleForm(boards=boards), "form": bound, "problem": problem,
        "earlier": queries.earlier_rules(cycle)[:1], "adjustments": queries.adjustments(cycle),
        "left": have.cap - have.committed if have else None, "can_edit": request.actor.role in ("park_admin", "score_officer"),
    }  # fmt: skip
    status = problem.status if problem else 422 if bound else 200
    return render(request, "rankings/office_award_year.html", context, status=status)


def plan(request: ParkRequest, park: str, plan_id: int) -> HttpResponse:
    """One plan with its awards; `?export=csv|xlsx` for finance."""
    found = queries.get_plan(plan_id)
    if request.GET.get("export") in ("csv", "xlsx"):
        table = queries.finance_table(found)
        return export_rows(
            table,
            columns=tuple(table[0]),
            filename=f"awards-{found.year}-{found.number}",
            kind=request.GET["export"],
        )
    return _plan(request, plan_id)


def publicise(request: ParkRequest, park: str, plan_id: int) -> HttpResponse:
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _plan(request, plan_id, form=form)
    return _step(
        request,
        plan_id,
        lambda: awards.publicise(by=request.actor, plan_id=plan_id, **form.cleaned_data),
        _("公示已开始。"),
    )


def approve(request: ParkRequest, park: str, plan_id: int) -> HttpResponse:
    return _step(request, plan_id, lambda: awards.approve(by=request.actor, plan_id=plan_id), _("已审定。"))


def cancel(request: ParkRequest, park: str, plan_id: int) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _plan(request, plan_id, form=form)
    return _step(
        request,
        plan_id,
        lambda: awards.cancel(by=request.actor, plan_id=plan_id, **form.cleaned_data),
        _("方案已取消。"),
    )


def pay(request: ParkRequest, park: str, plan_id: int, award_id: int) -> HttpResponse:
    form = PaymentForm(request.POST)
    if not form.is_valid():
        return _plan(request, plan_id, form=form)
    return _step(
        request,
        plan_id,
        lambda: awards.pay(
            by=request.actor, award_id=award_id, key=request.POST.get("key", ""), **form.cleaned_data
        ),
        _("已登记拨付。"),
    )


def reclaim(request: ParkRequest, park: str, plan_id: int, award_id: int) -> HttpResponse:
    return _step(
        request,
        plan_id,
        lambda: awards.reclaim(by=request.actor, award_id=award_id, reason=request.POST.get("reason", "")),
        _("已登记。"),
    )


def _step(request: ParkRequest, plan_id: int, step: Any, said: str) -> HttpResponse:
    try:
        step()
    except Problem as problem:
        if problem.status == 404:
            raise
        return _plan(request, plan_id, problem=problem)
    messages.success(request, said)
    return redirect("rankings:award_plan", park=request.park.code, plan_id=plan_id)


def _plan(
    request: ParkRequest, plan_id: int, *, form: Any = None, problem: Problem | None = None
) -> HttpResponse:
    found = queries.get_plan(plan_id)
    rows = list(queries.awards_of(found))
    contact = f"{request.park.contact_office} {request.park.contact_phone}".strip()
    role, me = request.actor.role, request.actor.person_id
    context = {
        "plan": found, "rows": [(row, idempotency.new_key()) for row in rows], "form": form,
        "problem": problem, "ends": moment(found.notice_ends_at) if found.notice_ends_at else "",
        "contact_form": ContactForm(initial={"contact": contact}),
        "can_publicise": role in ("publisher", "park_admin") and found.state == "proposed" and me != found.proposed_by_ref,
        "can_approve": role in ("publisher", "park_admin") and found.state == "publicised" and me not in (found.proposed_by_ref, found.first_by_ref),
        "can_cancel": role in ("publisher", "park_admin", "score_officer") and found.state in ("proposed", "publicised"),
        "can_pay": role in ("park_admin", "score_officer") and me != found.second_by_ref,
    }  # fmt: skip
    status = problem.status if problem else 422 if form is not None else 200
    return render(request, "rankings/office_award_plan.html", context, status=status)

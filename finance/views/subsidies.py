"""贴息: the enterprise enters projects and applies; bank and fund confirm, check and pay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound, Problem
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import export_rows, listing
from parks.roles import Role
from parks.showing import add_problem, repeatable, run_once, status_of

from ..forms.subsidies import ComputeForm, ProgrammeForm, ProjectForm, StepForm
from ..queries import applications
from ..queries import subsidies as queries
from ..queries.acting import organisation_of
from ..services import subsidies
from ..states import LOAN_STATES, PROJECT_FIELDS, SUBSIDY, SUBSIDY_EVENT_LABELS, TRANSITIONS
from .documents import document

COLUMNS = (
    "number", "programme__name", "application__number", "enterprise__name", "period", "interest_paid", "amount", "get_state_display",
)  # fmt: skip
BATCH: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (gettext_lazy("编号"), lambda one: one.number),
    (gettext_lazy("批次"), lambda one: one.batch),
    (gettext_lazy("企业"), lambda one: one.enterprise.name),
    (gettext_lazy("统一社会信用代码"), lambda one: one.enterprise.uscc),
    (gettext_lazy("项目名称"), lambda one: one.name),
    (gettext_lazy("领域"), lambda one: one.field_label),
    (gettext_lazy("总投资（元）"), lambda one: one.investment),
    (gettext_lazy("贷款需求（元）"), lambda one: one.demand),
    (gettext_lazy("意向银行"), lambda one: one.bank_name),
    (gettext_lazy("审核"), lambda one: one.get_state_display()),
    (gettext_lazy("审核人"), lambda one: "、".join(filter(None, (one.maker_name, one.checker_name)))),
    (gettext_lazy("审核意见"), lambda one: one.note),
    (gettext_lazy("贴息项目"), lambda one: one.programme.name),
    (gettext_lazy("贴息标准（%）"), lambda one: one.programme.rate_percent),
    (gettext_lazy("本金 × 天数（元·天）"), lambda one: one.principal_days),
    (gettext_lazy("贴息（元）"), lambda one: one.subsidy),
)
"""Heads of the batch file, each with its cell of a project as `queries.batch` gives it."""


def _steps(state: str, role: str) -> list[tuple[str, Any]]:
    found = [row[2] for row in TRANSITIONS if row[0] == SUBSIDY and row[1] == state and row[3] == role]
    return [(event, SUBSIDY_EVENT_LABELS[event]) for event in found]


def own(request: ParkRequest, park: str) -> HttpResponse:
    """Subsidies and projects of the enterprise; POST computes a subsidy or enters a project."""
    enterprise = enterprises.own(request.actor)
    pk = enterprise.pk if enterprise else 0
    posted = request.POST if request.method == "POST" else None
    is_project = posted is not None and "investment" in posted
    compute, project = (
        ComputeForm(None if is_project else posted),
        ProjectForm(posted if is_project else None),
    )
    programmes = [(one.code, one.name) for one in queries.programmes(only_active=True)]
    loans = applications.of_enterprise(pk).filter(status__in=LOAN_STATES)
    own_loans = [(one.pk, f"{one.number} {one.product_version.product}") for one in loans]
    compute.fields["application_id"].choices = own_loans  # type: ignore[attr-defined]
    for form in (compute, project):
        form.fields["programme_code"].choices = programmes  # type: ignore[attr-defined]
    compute.auto_id, project.auto_id = "compute_%s", "project_%s"
    form, work = (project, subsidies.submit_project) if is_project else (compute, subsidies.compute)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:subsidies", form, work)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(
                request,
                _("项目已提交。") if is_project else _("已测算，核对后请提交申请；提交前可以重新测算。"),
            )
            return redirect("finance:subsidies", park=park)
    page = listing(request, queries.of_enterprise(pk), columns=COLUMNS, filename="subsidies")
    if isinstance(page, HttpResponse):
        return page
    context = {
        "page": page, "rows": [(row, _steps(row.state, request.actor.role)) for row in page], "compute": compute, "project": project,
        "form": form, "has_loans": bool(own_loans), "projects": queries.projects_of(pk), "programmes": queries.programmes(only_active=True), "fields": PROJECT_FIELDS,
    }  # fmt: skip
    return render(request, "finance/subsidies.html", context, status=status)


def step(request: ParkRequest, park: str, subsidy_id: int) -> HttpResponse:
    """A step of a subsidy by whoever's turn it is."""
    form = StepForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请刷新页面后重试。"))
    else:
        run_once(request, "finance:subsidy_step", form, subsidies.step, subsidy_id=subsidy_id)
        messages.success(request, _("已记录。"))
    is_firm = request.actor.role in (Role.ENTERPRISE_AGENT, Role.ENTERPRISE_SIGNATORY)
    return redirect("finance:subsidies" if is_firm else "finance:subsidy_desk", park=park)


def desk(request: ParkRequest, park: str) -> HttpResponse:
    """What the bank confirms, what the fund checks and pays; the fund's programmes and projects."""
    is_fund = request.actor.role == Role.FUND_MANAGER
    form = ProgrammeForm(request.POST if request.method == "POST" else None)
    form.fields["exclusive_with"].choices = [(one.code, one.name) for one in queries.programmes()]  # type: ignore[attr-defined]
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:subsidy_desk", form, subsidies.propose_programme)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("贴息项目已提出，请另一位同事启用。"))
            return redirect("finance:subsidy_desk", park=park)
    page = listing(request, queries.for_desk(request.actor), columns=COLUMNS, filename="subsidies")
    if isinstance(page, HttpResponse):
        return page
    mine = queries.programmes().filter(organisation_id=organisation_of(request.actor)) if is_fund else []
    context = {
        "page": page, "rows": [(row, _steps(row.state, request.actor.role)) for row in page], "form": form, "is_fund": is_fund,
        "programmes": mine, "projects": queries.projects_for(request.actor) if is_fund else [], "fields": PROJECT_FIELDS,
        "person_id": request.actor.person_id,
    }  # fmt: skip
    return render(request, "finance/subsidy_desk.html", context, status=status)


@repeatable
def activate(request: ParkRequest, park: str, programme_id: int) -> HttpResponse:
    subsidies.activate_programme(by=request.actor, programme_id=programme_id)
    messages.success(request, _("贴息项目已启用。"))
    return redirect("finance:subsidy_desk", park=park)


@repeatable
def review(request: ParkRequest, park: str, project_id: int) -> HttpResponse:
    form = StepForm(request.POST)
    if form.is_valid():
        subsidies.review_project(
            by=request.actor,
            project_id=project_id,
            opinion=form.cleaned_data["event"],
            note=form.cleaned_data["note"],
        )
        messages.success(request, _("审核意见已记录；两人意见一致后生效。"))
    return redirect("finance:subsidy_desk", park=park)


def batch_file(request: ParkRequest, park: str, batch: int) -> HttpResponse:
    """The batch of projects as XLSX, CSV or PDF: enterprise, project, field, investment, demand, review, points."""
    rows = list(queries.batch(request.actor, batch))
    if not rows:
        raise NotFound(code="not_found", message=_("没有这一批项目。"))
    if request.GET.get("export") == "pdf":
        sums = {
            name: sum(getattr(one, name) or 0 for one in rows) for name in ("investment", "demand", "subsidy")
        }
        context = {"batch": batch, "projects": rows, "sums": sums, "today": db_today()}
        return document(request, "finance/batch.html", context, filename=f"batch-{batch}")
    kind = "csv" if request.GET.get("export") == "csv" else "xlsx"
    table = [{str(head): cell(one) for head, cell in BATCH} for one in rows]
    return export_rows(table, columns=tuple(table[0]), filename=f"batch-{batch}", kind=kind)

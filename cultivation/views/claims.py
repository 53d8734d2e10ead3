"""Claims: the firm files, corrects and withdraws; the office and the fund take the steps."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import NotFound, Problem
from parks import papers
from parks.clock import db_now, db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.models import Park
from parks.queries import benefits as register
from parks.roles import ENTERPRISE
from parks.showing import add_problem, repeatable, said, status_of

from ..filters import ClaimFilter
from ..forms.claims import ClaimForm, ClaimStepForm
from ..models import Claim
from ..queries import claims as queries
from ..queries import matching, matching_facts, policies
from ..services import claims
from ..states import BEFORE_NOTICE, BOOKS_MONEY, NEEDS_NOTE, RESERVING
from ..wording import language

COLUMNS = (
    "number", "enterprise__name", "enterprise__uscc", "version__title", "amount", "get_state_display", "is_automatic", "submitted_at",
    "due_on", "paid_on", "paid_reference",
)  # fmt: skip
MOST_FILES = 30
PAPER = "cultivation/documents/claim.html"


def own(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's claims."""
    enterprise = enterprises.own(request.actor)
    page = listing(
        request, queries.of_enterprise(enterprise.pk if enterprise else 0), columns=COLUMNS, filename="claims"
    )
    if isinstance(page, HttpResponse):
        return page
    return render(
        request,
        "cultivation/claims/own.html",
        {"page": page, "rows": queries.clocks(page)},
    )


@repeatable
def file(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """The pre-filled claim under a policy; POST files it."""
    enterprise = enterprises.own_or_404(request.actor)
    version = policies.get_released(version_id)
    claim = matching.standing_claims(enterprise.pk).get(policies.rule_of(version).subject)
    if claim is not None and request.method != "POST":
        return redirect("cultivation:claim", park=park, claim_id=claim.pk)
    last = queries.of_enterprise(enterprise.pk).exclude(account_number="").first()
    account = {name: getattr(last, name) for name in ("account_bank", "account_number")} if last else {}
    form = _form(request, version, account | {"account_name": enterprise.name})
    status = status_of(form)
    if form.is_valid():
        try:
            made = claims.file(by=request.actor, version_id=version.pk, **_said(form))
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("申请已提交，园区将在 60 个工作日内办结。"))
            return redirect("cultivation:claim", park=park, claim_id=made.pk)
    return _file_page(request, version, form, status)


def _file_page(request: ParkRequest, version: Any, form: ClaimForm, status: int) -> HttpResponse:
    enterprise = enterprises.own_or_404(request.actor)
    known = matching_facts.firm(enterprise.pk).known
    if form.is_bound and form.is_valid():
        known = known | form.inputs
    rule = policies.rule_of(version)
    context = {
        "version": version,
        "form": form,
        "offer": matching.offer(version, known),
        "card": policies.card(rule, language()),
        "claim": None,
    }
    return render(request, "cultivation/claims/file.html", context, status=status)


@repeatable
def claim(request: ParkRequest, park: str, claim_id: int) -> HttpResponse:
    """One claim; the firm corrects a draft or a returned one here (POST), the others see what they may do."""
    row = queries.visible(request.actor, claim_id)
    is_firm = request.actor.role in ENTERPRISE
    editable = is_firm and row.state in ("draft", "returned")
    form, status = None, 200
    if editable:
        initial = {name: getattr(row, name) for name in ("account_name", "account_bank", "account_number")}
        initial |= {f"in_{name}": value for name, value in row.inputs.items()} | {
            "papers": [one.evidence_id for one in queries.papers(row)]
        }
        form = _form(request, row.version, initial)
        status = status_of(form)
    if form is not None and form.is_valid():
        try:
            claims.correct(by=request.actor, claim_id=row.pk, **_said(form))
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("申请已提交。"))
            return redirect("cultivation:claim", park=park, claim_id=row.pk)
    elif request.method == "POST" and form is None:
        messages.info(request, _("申请已提交，不能修改。"))
        return redirect("cultivation:claim", park=park, claim_id=row.pk)
    return _claim_page(request, row, form=form, status=status)


def _claim_page(
    request: ParkRequest,
    row: Claim,
    *,
    form: Any = None,
    step_form: Any = None,
    problem: Problem | None = None,
    status: int = 200,
) -> HttpResponse:
    past = list(queries.events(row))
    steps = queries.steps_for(request.actor, row, past)
    is_firm = request.actor.role in ENTERPRISE
    names = {event for event, _label in steps}
    step_form = step_form or ClaimStepForm(initial={"paid_on": db_today()})
    if not names & set(NEEDS_NOTE):
        step_form.fields["note"].help_text = ""
    for name in ("paid_on", "paid_reference"):
        step_form.fields[name].required = bool(names & set(BOOKS_MONEY)) and "drop_recall" not in names
    if "recover" in names:
        step_form.fields["paid_on"].label, step_form.fields["paid_reference"].label = (
            _("追回日期"),
            _("追回凭证号"),
        )
    context = {
        "claim": row, "told": queries.told(row), "events": past, "papers": queries.papers(row), "clock": queries.clock(row), "form": form, "problem": problem,
        "benefits": [] if is_firm else register.standing(row.enterprise.organisation_id)[:20], "is_firm": is_firm, "card": policies.card(policies.rule_of(row.version), language()), "step_form": step_form,
        "put_right": None if is_firm or row.state not in RESERVING else queries.put_right(row), "also_in": [] if is_firm else queries.also_in(row)[:20],
        "steps": [(event, label) for event, label in steps if event not in ("submit", "withdraw")],
        "can_withdraw": "withdraw" in names and row.state in ("draft", "returned", *BEFORE_NOTICE),
        "needs_payment": bool(names & set(BOOKS_MONEY)), "needs_reason": "refuse" in names,
        "notice_runs": row.state == "notice" and row.notice_ends_at and row.notice_ends_at > db_now(),
        "step_key": step_form["idempotency_key"].value(),
    }  # fmt: skip
    return render(request, "cultivation/claims/claim.html", context, status=status)


def paper(request: ParkRequest, park: str, claim_id: int) -> HttpResponse:
    """The claim on paper 申请表; `?export=pdf` the file."""
    row = queries.visible(request.actor, claim_id)
    context = {
        "claim": row, "told": queries.told(row), "zone": request.park, "facts": queries.facts(row), "papers": queries.papers(row), "events": queries.events(row),
        "card": policies.card(policies.rule_of(row.version), language()),
        "back_url": reverse("cultivation:claim", kwargs={"park": park, "claim_id": row.pk}),
    }  # fmt: skip
    if request.GET.get("export") == "pdf":
        return papers.file(request, PAPER, context, filename=row.number, page_url=request.path)
    return papers.page(request, PAPER, context, pdf_url=f"{request.path}?export=pdf")


@repeatable
def step(request: ParkRequest, park: str, claim_id: int) -> HttpResponse:
    """A step by whoever's turn it is."""
    row = queries.visible(request.actor, claim_id)
    form = ClaimStepForm(request.POST)
    if not form.is_valid():
        return _claim_page(request, row, step_form=form, status=422)
    data = said(form)
    try:
        claims.step(by=request.actor, claim_id=row.pk, **data)
    except NotFound:
        raise
    except Problem as problem:
        return _claim_page(request, row, step_form=form, problem=problem, status=problem.status)
    messages.success(request, _("已记录。"))
    return redirect("cultivation:claim", park=park, claim_id=row.pk)


def queue(request: ParkRequest, park: str) -> HttpResponse:
    """The office's and the fund's queue, the nearest due day first."""
    page = listing(
        request,
        queries.queue(request.actor),
        filterset=ClaimFilter,
        columns=COLUMNS,
        filename="claims",
        sortable=("amount", "submitted_at", "due_on"),
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "page": page, "rows": queries.clocks(page), "year": db_today().year,
        "totals": queries.totals(db_today().year),
    }  # fmt: skip
    return render(request, "cultivation/claims/queue.html", context)


def public_notices(request: ParkRequest, park: str) -> HttpResponse:
    """公示: claims that are about to be paid, for anybody."""
    zone = get_object_or_404(Park, code=park)
    page = listing(
        request,
        queries.public_notices(zone),
        columns=("name", "uscc", "title", "amount", "begins_at", "ends_at", "is_refused"),
        filename="claim-notices",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(
        request, "cultivation/claims/public_notices.html", {"zone": zone, "park": zone, "page": page}
    )


def _form(request: ParkRequest, version: Any, initial: dict[str, Any]) -> ClaimForm:
    files = [(row.pk, row.filename) for row in queries.library_of(request.actor)[:MOST_FILES]]
    posted = request.POST if request.method == "POST" else None
    return ClaimForm(
        posted, request.FILES or None, rule=policies.rule_of(version), files=files, initial=initial
    )


def _said(form: ClaimForm) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "inputs": form.inputs,
        "account": form.account,
        "evidence_ids": data.get("papers") or [],
        "upload": data.get("upload"),
    }

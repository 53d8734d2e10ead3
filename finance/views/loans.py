"""The enterprise's applications, consents and the log of who looked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.problems import Problem
from parks.clock import BEIJING, db_now, db_today
from parks.http import ParkRequest, whole
from parks.listing import listing
from parks.showing import add_problem, repeatable, status_of

from ..filters import AccessFilter, ApplicationFilter
from ..forms.applications import WithdrawForm
from ..forms.consents import RenewForm, RevokeForm
from ..queries import applications as queries
from ..queries import consents as consent_queries
from ..queries import guarantees, lines, reports
from ..queries import loans as loan_queries
from ..queries.pricing import step_rows
from ..services import applications, consents
from ..services import loans as loan_services
from ..states import LOAN_STATES, OWING_STATES, UNSIGNED_STATES


def loans(request: ParkRequest, park: str) -> HttpResponse:
    enterprise = enterprises.own(request.actor)
    page = listing(
        request,
        queries.of_enterprise(enterprise.pk if enterprise else 0),
        filterset=ApplicationFilter,
        columns=(
            "number",
            "organisation__name",
            "product_version__product__name",
            "amount",
            "term_months",
            "get_status_display",
            "created_at",
        ),
        filename="loans",
        sortable=("amount", "created_at"),
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "finance/loans.html", {"page": page})


def loan(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """Timeline and amounts of one application."""
    return _loan(request, application_id, WithdrawForm())


@repeatable
def withdraw(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    form = WithdrawForm(request.POST)
    if form.is_valid():
        try:
            applications.withdraw(
                by=request.actor, application_id=application_id, note=form.cleaned_data["note"]
            )
        except Problem as problem:
            return _loan(request, application_id, form, status=add_problem(form, problem))
        messages.success(request, _("申请已撤回，预留的额度已释放。"))
        return redirect("finance:loan", park=park, application_id=application_id)
    return _loan(request, application_id, form, status=422)


@repeatable
def sign(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """The signatory signs the contract that the bank recorded."""
    loan_services.sign_contract(
        by=request.actor,
        application_id=application_id,
        contract_id=whole(request.POST.get("contract", "")) or 0,
    )
    messages.success(request, _("合同已签署。"))
    return redirect("finance:loan", park=park, application_id=application_id)


def _loan(request: ParkRequest, application_id: int, form: WithdrawForm, status: int = 200) -> HttpResponse:
    application = queries.own(enterprises.own_or_404(request.actor).pk, application_id)
    has_loan = application.status in LOAN_STATES
    owes = application.status in OWING_STATES
    context = {
        "contract": loan_queries.recorded_contract(application.pk),
        "schedule": loan_queries.instalments_of(application.pk),
        "repayments": loan_queries.counted_repayments(application.pk) if has_loan else [],
        "paid": loan_queries.paid_sums(application.pk) if has_loan else None,
        "due": loan_queries.due_now(application, db_today()) if owes else None,
        "guarantee": guarantees.granted(application.pk),
        "freeze": lines.freeze_of(application.line),
        "may_sign": request.actor.role == "enterprise_signatory",
        "application": application,
        "timeline": queries.timeline(application),
        "clock": queries.contact_clock(application, db_now()),
        "decision": queries.last_decision(application),
        "steps": step_rows(application.quote.steps),
        "form": form,
        "may_withdraw": request.actor.role == "enterprise_signatory"
        and application.status in UNSIGNED_STATES,
    }
    return render(request, "finance/loan.html", context, status=status)


def ledger(request: ParkRequest, park: str) -> HttpResponse:
    """All consents with the last read."""
    enterprise = enterprises.own(request.actor)
    page = listing(
        request,
        consent_queries.ledger(enterprise.pk if enterprise else 0),
        columns=(
            "organisation__name",
            "product__name",
            "group_labels",
            "period",
            "granted_by_name",
            "revoked_at",
            "reads_count",
            "last_read",
        ),
        filename="consents",
    )
    if isinstance(page, HttpResponse):
        return page
    now, may_sign = db_now(), request.actor.role == "enterprise_signatory"
    rows = [
        (
            row,
            consent_queries.state_of(row, now),
            may_sign and consent_queries.may_renew(row, now),
            may_sign and consent_queries.may_widen(row, now),
        )
        for row in page
    ]
    context = {"page": page, "rows": rows, "may_sign": may_sign}
    return render(request, "finance/consents.html", context)


@repeatable
def revoke(request: ParkRequest, park: str, consent_id: int) -> HttpResponse:
    """The effects first, then the confirmation."""
    found = consent_queries.own(enterprises.own_or_404(request.actor).pk, consent_id)
    form = RevokeForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            consents.revoke(by=request.actor, consent_id=consent_id)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("授权已撤回，银行已不能查询。"))
            return redirect("finance:consents", park=park)
    context = {"consent": found, "form": form, "open_applications": queries.undecided_of(found)}
    return render(request, "finance/revoke.html", context, status=status)


@repeatable
def renew(request: ParkRequest, park: str, consent_id: int) -> HttpResponse:
    """The next period: what was signed, how long it goes on."""
    found = consent_queries.own(enterprises.own_or_404(request.actor).pk, consent_id)
    form = RenewForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            made = consents.renew(by=request.actor, consent_id=consent_id, months=form.cleaned_data["months"])
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            until = made.period.upper.astimezone(BEIJING).date()
            messages.success(request, _("授权已续期至 %(day)s。") % {"day": until})
            return redirect("finance:consents", park=park)
    context = {"consent": found, "form": form, "may_renew": consent_queries.may_renew(found, db_now())}
    return render(request, "finance/renew.html", context, status=status)


def access_log(request: ParkRequest, park: str) -> HttpResponse:
    """Every time a bank looked at the enterprise."""
    enterprise = enterprises.own(request.actor)
    page = listing(
        request,
        consent_queries.reads_of(enterprise.pk if enterprise else 0),
        filterset=AccessFilter,
        columns=(
            "at",
            "organisation__name",
            "person_name",
            "role_label",
            "group_labels",
            "subject_label",
            "consent_id",
        ),
        filename="access-log",
    )
    if isinstance(page, HttpResponse):
        return page
    weeks = reports.reads_by_week(enterprise.pk if enterprise else 0)
    context = {
        "page": page,
        "weeks": weeks,
        "labels": [week for week, _n in weeks],
        "counts": [n for _week, n in weeks],
    }
    return render(request, "finance/access_log.html", context)

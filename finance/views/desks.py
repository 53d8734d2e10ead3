"""Desks after approval: portfolio of a bank, cases of a guarantor, claims, caps; and the one page of a loan for all of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from innovscore.core.problems import Conflict, NotFound, Problem
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.http import ParkRequest
from parks.idempotency import Reply, once
from parks.listing import listing
from parks.roles import BANK, Role
from parks.showing import add_problem, repeatable, run_once, status_of

from ..filters import ApplicationFilter
from ..forms.lines import TermsForm
from ..models import Application
from ..queries import applications, consents, guarantees, lines, loans, risk, warnings
from ..services import consents as consent_services
from ..services import risk as risk_services
from ..states import OWING_STATES, AccountCode
from . import steps

COLUMNS = (
    "number", "client", "product_version__product__name", "amount", "reserved", "drawn", "get_status_display", "term_months", "created_at",
)  # fmt: skip

CLAIM_COLUMNS = (
    "number", "client", "product_version__product__name", "loss", "own_share", "own_paid", "own_back", "get_status_display",
)  # fmt: skip


def portfolio(request: ParkRequest, park: str) -> HttpResponse:
    """Loans of the bank: exposure by stage, product and sub-park, early warnings, the list."""
    rows = loans.portfolio(request.actor)
    page = listing(
        request,
        rows,
        filterset=ApplicationFilter,
        columns=COLUMNS,
        filename="loans",
        sortable=("amount", "drawn", "created_at"),
    )
    if isinstance(page, HttpResponse):
        return page
    owing = rows.filter(status__in=OWING_STATES)
    watched = warnings.watched(request.actor)
    seen = set[int]()
    if request.actor.role != Role.BANK_OPS:  # who only books money is shown no scores
        numbers = [one.consent_id for one in watched]
        seen = consent_services.note_list_reads(
            by=request.actor, consent_ids=numbers, subject=gettext_noop("贷后预警"), groups=("score",)
        )
    context = {
        "page": page,
        "exposure": [
            (_("按产品"), loans.exposure(owing, "product_version__product__name")),
            (_("按园区"), loans.exposure(owing, "enterprise__sub_park__name")),
            (_("按状态"), warnings.labelled(loans.exposure(owing, "status"))),
            (_("按发展阶段"), warnings.by_stage(owing)),
        ],
        "warnings": warnings.early(watched, seen),
        "waiting": loans.waiting_for_ops(request.actor) if request.actor.role == Role.BANK_OPS else [],
    }
    return render(request, "finance/portfolio.html", context)


def cases(request: ParkRequest, park: str) -> HttpResponse:
    """A guarantor's cases, newest first."""
    rows = guarantees.cases(request.actor)
    page = listing(
        request, rows, filterset=ApplicationFilter, columns=COLUMNS, filename="cases", sortable=("amount", "created_at")
    )  # fmt: skip
    return page if isinstance(page, HttpResponse) else render(request, "finance/cases.html", {"page": page})


def claims(request: ParkRequest, park: str) -> HttpResponse:
    """Claims that the guarantor or the fund has to answer or has answered."""
    rows = loans.with_claims(request.actor)
    page = listing(
        request, rows, filterset=ApplicationFilter, columns=CLAIM_COLUMNS, filename="claims", sortable=("own_share", "own_paid", "own_back")
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "finance/claims.html", {"page": page, "totals": loans.of_claims(page.found)})


@repeatable
def case(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """One loan for bank, guarantor and fund: what it is, who bears what, the ledger, and what this role may do next."""
    application = _visible(request.actor, application_id)
    posted = request.POST if request.method == "POST" else None
    status = 200
    offers = steps.offers(application, request.actor, posted=posted, initial=_initial(application))
    if posted is not None:
        offer = next((one for one in offers if one.form.is_bound), None)
        if offer is None:
            raise Conflict(code="not_allowed_now", message=_("当前状态下您不能进行这一步，请刷新页面。"))
        status = status_of(offer.form)
        if offer.form.is_valid():
            try:
                _run(request, application, offer)
            except Problem as problem:
                status = add_problem(offer.form, problem)
            else:
                messages.success(request, _("已完成：%(step)s。") % {"step": offer.action.label})
                return redirect("finance:case", park=park, application_id=application.pk)
    return render(
        request, "finance/case.html", _case_context(request, application, offers, status), status=status
    )


def _run(request: ParkRequest, application: Application, offer: steps.Offer) -> Reply:
    words = steps.arguments(offer, application)

    def effect() -> Reply:
        offer.action.run(by=request.actor, **words)
        return Reply(302)

    body = {
        "action": offer.action.code,
        "application": application.pk,
        **{k: str(v) for k, v in words.items()},
    }
    return once(
        by=request.actor,
        route="finance:case",
        key=offer.form.cleaned_data["idempotency_key"],
        body=body,
        effect=effect,
    )


def _initial(application: Application) -> dict[str, Any]:
    """What forms begin with: the approved terms, what is due."""
    decision, today = application.decisions.filter(live=True).first(), db_today()
    begins: dict[str, Any] = {"value_date": today, "starts_on": today}
    if decision is not None and application.status == "approved":
        begins |= {
            "amount": f"{decision.amount / 10_000:f}".rstrip("0").rstrip("."),
            "rate": decision.rate_percent,
        }
    if application.status in OWING_STATES:
        due = loans.due_now(application, today)
        begins |= {name: f"{value:.2f} 元" for name, value in due.items() if value}
    return begins


def _visible(actor: Actor, application_id: int) -> Application:
    """A loan of the bank, a case of the guarantor, a loan with the fund's pool; NotFound for all others."""
    if actor.role in BANK:
        return applications.for_bank(actor, application_id)
    if actor.role == Role.FUND_MANAGER:
        found = loans.of_pool(actor).filter(pk=application_id).first()
        if found is None:
            raise NotFound(code="not_found", message=_("没有这笔贷款。"))
        return found
    return guarantees.case(actor, application_id)


def _case_context(
    request: ParkRequest, application: Application, offers: list[steps.Offer], status: int
) -> dict[str, Any]:
    names = dict(AccountCode.choices)
    subject = gettext_noop("贷款 %(number)s 的资料") % {"number": application.number}
    consent = None
    if request.actor.role not in (Role.FUND_MANAGER, Role.BANK_OPS):
        consent = consents.held_by(
            request.actor,
            enterprise_id=application.enterprise_id,
            product_id=application.product_version.product_id,
        )
    sections = None
    if consent is not None and status < 400:
        sections = consent_services.read(by=request.actor, consent_id=consent.pk, subject=subject)
    has_contract = loans.recorded_contract(application.pk)
    of_bank = request.actor.role in BANK
    return {
        "may_print": request.actor.role in (Role.BANK_MAKER, Role.BANK_CHECKER),
        "freeze": lines.freeze_of(application.line) if of_bank else None,
        "line_order": lines.open_order(application.line) if of_bank else None,
        "application": application,
        "offers": offers,
        "form": next((one.form for one in offers if one.form.errors), None),
        "sections": sections,
        "is_contract_basis": has_contract is not None,
        "contract": has_contract,
        "decision": application.decisions.filter(live=True).first(),
        "guarantee": guarantees.live(application.pk),
        "disbursements": loans.disbursements_of(application.pk),
        "repayments": loans.repayments_of(application.pk),
        "schedule": loans.instalments_of(application.pk),
        "due": loans.due_now(application, db_today()) if application.status in OWING_STATES else None,
        "days_overdue": loans.days_overdue(application, db_today())
        if application.status in OWING_STATES
        else 0,
        "claim": loans.claim_of(application.pk),
        "recoveries": loans.recoveries_of(application.pk),
        "accounts": [
            (str(names.get(code, code)), value)
            for code, value in sorted(loans.balances(application.pk).items())
        ],
        "timeline": applications.timeline(application),
        "now": db_now(),
    }


def caps(request: ParkRequest, park: str) -> HttpResponse:
    """Counters of the guarantor or the pool against their caps; terms proposed by one, put in force by another."""
    form = TermsForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            run_once(request, "finance:caps", form, risk_services.propose)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("额度方案已提出，请另一位同事启用。"))
            return redirect("finance:caps", park=park)
    page = listing(
        request,
        risk.counters_of(request.actor),
        columns=("get_scope_display", "key", "cap", "committed", "paid", "free"),
        filename="caps",
    )
    if isinstance(page, HttpResponse):
        return page
    party = "pool" if request.actor.role == Role.FUND_MANAGER else "guarantor"
    context = {
        "form": form, "page": page, "names": risk.client_names(page), "terms": risk.terms_of(request.actor),
        "total": risk.total_of(request.actor.organisation_id or 0), "moved": risk.moved(party, request.actor),
        "person_id": request.actor.person_id,
    }  # fmt: skip
    return render(request, "finance/caps.html", context, status=status)


@repeatable
def activate_terms(request: ParkRequest, park: str, terms_id: int) -> HttpResponse:
    """Another person puts terms in force."""
    risk_services.activate(by=request.actor, terms_id=terms_id)
    messages.success(request, _("额度方案已启用。"))
    return redirect("finance:caps", park=park)

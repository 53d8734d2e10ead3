"""The bank's pages: queue, dossier and proposal, check and decision."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from innovscore.core.problems import NotFound, Problem
from parks.clock import db_now
from parks.http import ParkRequest, whole
from parks.idempotency import Reply, once
from parks.listing import listing
from parks.showing import add_problem, repeatable, status_of

from ..filters import QueueFilter
from ..forms.applications import DecideForm, ProposeForm
from ..models import Application, Quote
from ..queries import applications as queries
from ..queries import consents as consent_queries
from ..queries import guarantees
from ..queries.pricing import BINDING_TEXTS, step_rows
from ..rules import BANK_STEPS
from ..services import consents, decisions
from ..states import GROUPS, PROPOSABLE_STATES, REJECT_REASONS, WORKING_STATES
from .documents import document

LAST_PAGE = 10_000
COLUMNS = (
    "number",
    "product_version__product__name",
    "amount",
    "term_months",
    "get_status_display",
    "contact_due_at",
    "contacted_at",
)


def queue(request: ParkRequest, park: str) -> HttpResponse:
    """Applications addressed to the bank, newest first."""
    return _list(
        request, queries.to_bank(request.actor), "finance/bank_applications.html", gettext_noop("申请列表")
    )


def check_queue(request: ParkRequest, park: str) -> HttpResponse:
    """Proposals that wait for a second person, oldest first."""
    return _list(
        request, queries.waiting_for_check(request.actor), "finance/bank_check.html", gettext_noop("复核列表")
    )


def _list(request: ParkRequest, rows: Any, template: str, subject: str) -> HttpResponse:
    page = listing(
        request,
        rows,
        filterset=QueueFilter,
        columns=COLUMNS,
        filename="applications",
        sortable=("amount", "created_at", "contact_due_at"),
    )
    if isinstance(page, HttpResponse):
        return page
    shown = consents.note_list_reads(
        by=request.actor, consent_ids=[row.consent_id for row in page], subject=subject
    )
    now = db_now()
    lines = [
        (row, row.enterprise.name if row.consent_id in shown else "", queries.contact_clock(row, now))
        for row in page
    ]
    return render(request, template, {"page": page, "lines": lines})


def dossier(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """The consented package, the line with its steps, and the proposal form."""
    application = queries.for_bank(request.actor, application_id)
    form = ProposeForm(request.POST if request.method == "POST" else None)
    status = status_of(form)
    if form.is_valid():
        try:
            reply = _propose(request, application, form)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("方案已提交复核。"))
            return redirect(reply.location)
    context = _context(request, application, shows_data=status < 400) | {"form": form}
    return render(request, "finance/bank_application.html", context, status=status)


def _propose(request: ParkRequest, application: Application, form: ProposeForm) -> Reply:
    data = form.cleaned_data
    terms = {name: data[name] for name in ("amount", "rate", "term_months", "note")}

    def effect() -> Reply:
        decisions.propose(by=request.actor, application_id=application.pk, **terms)
        return Reply(302, location=request.path)

    body = {"application": application.pk, **terms}
    return once(
        by=request.actor,
        route="finance:bank_application",
        key=data["idempotency_key"],
        body=body,
        effect=effect,
    )


@repeatable
def acknowledge(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """The first contact has been made."""
    decisions.acknowledge(by=request.actor, application_id=application_id)
    messages.success(request, _("已记录首次联系。"))
    return redirect("finance:bank_application", park=park, application_id=application_id)


@repeatable
def decision(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """What was applied for beside what is proposed, the content's hash, and the verdict."""
    application = queries.for_bank(request.actor, application_id)
    proposed = queries.live_decision(application)
    data = request.POST if request.method == "POST" else None
    form = DecideForm(data, initial={"content_hash": proposed.content_hash if proposed else ""})
    status = status_of(form)
    if form.is_valid():
        try:
            decisions.decide(by=request.actor, application_id=application_id, **form.cleaned_data)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("复核意见已记录。"))
            return redirect("finance:bank_check", park=park)
    context = _context(request, application, shows_data=status < 400)
    context |= {
        "form": form,
        "decision": proposed,
        "is_maker": proposed is not None and proposed.maker_person == request.actor.person_id,
    }
    return render(request, "finance/bank_decision.html", context, status=status)


def memo(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """审批意见书: what was applied for, proposed and decided, by whom, on which quote, after reading what; marked with who
    printed it when.

    The firm's data is on it only while the consent holds; printing it is a read that is written down.
    """
    application = queries.for_bank(request.actor, application_id)
    decided = queries.last_decision(application)
    if decided is None:
        raise NotFound(code="not_found", message=_("还没有提出方案，没有审批意见书。"))
    subject, now = gettext_noop("审批意见书 %(number)s") % {"number": application.number}, db_now()
    context = _file(request, application, application.quote, subject) | {
        "decision": decided, "guarantee": guarantees.granted(application.pk), "timeline": queries.timeline(application),
        "reads": consent_queries.reads_behind(application, decided.decided_at or now),
        "reasons": [str(REJECT_REASONS.get(code, code)) for code in decided.reasons], "printed_at": now,
    }  # fmt: skip
    return document(request, "finance/memo.html", context, filename=f"memo-{application.number}")


def printed(request: ParkRequest, park: str, application_id: int) -> HttpResponse:
    """案卷 on paper: what the case page shows, marked with who printed it when."""
    application = queries.for_bank(request.actor, application_id)
    subject = gettext_noop("打印案卷 %(number)s") % {"number": application.number}
    context = _file(request, application, application.line.quote, subject) | {
        "shows_data": True, "timeline": queries.timeline(application), "printed_at": db_now(),
    }  # fmt: skip
    return document(request, "finance/dossier.html", context, filename=f"dossier-{application.number}")


def paper(request: ParkRequest, park: str, application_id: int, file_id: int) -> HttpResponse:
    """A page of one of the firm's papers, drawn here; each is a read of its own."""
    application = queries.for_bank(request.actor, application_id)
    number = whole(request.GET.get("page", ""), at_most=LAST_PAGE) or 1
    found, drawn = consents.open_document(
        by=request.actor, consent_id=application.consent_id, file_id=file_id, page=number
    )
    context = {"application": application, "document": found, "drawn": drawn, "printed_at": db_now()}
    return render(request, "finance/bank_document.html", context)


def _file(request: ParkRequest, application: Application, quote: Quote, subject: str) -> dict[str, Any]:
    """The consented package, read under this subject, what was not released, and the quote as a bank may see it."""
    sections = consents.read(by=request.actor, consent_id=application.consent_id, subject=subject)
    shown = {section.group for section in sections or ()}
    return {
        "application": application,
        "sections": sections,
        "withheld": [label for group, label in GROUPS.items() if group not in shown],
        "quote": quote,
        "steps": step_rows([step for step in quote.steps if step["code"] in BANK_STEPS]),
        "binding": BINDING_TEXTS.get(quote.binding, quote.binding),
    }


def _context(request: ParkRequest, application: Application, *, shows_data: bool) -> dict[str, Any]:
    """What both pages show. A refused form shows no data: its transaction is taken back, and the log of the read with it."""
    subject = gettext_noop("申请 %(number)s 的资料") % {"number": application.number}
    is_maker = request.actor.role == "bank_maker"
    shown = _file(request, application, application.line.quote, subject) if shows_data else {}
    return shown | {
        "application": application,
        "shows_data": shows_data,
        "timeline": queries.timeline(application),
        "clock": queries.contact_clock(application, db_now()),
        "can_propose": is_maker and application.status in PROPOSABLE_STATES,
        "can_acknowledge": is_maker
        and application.status in WORKING_STATES
        and application.contacted_at is None,
    }

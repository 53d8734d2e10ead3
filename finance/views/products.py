"""The bank's products: one person proposes a version, another puts it in force. The park's totals."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from innovscore.core.problems import Problem
from parks.http import ParkRequest
from parks.idempotency import Reply, once
from parks.listing import listing
from parks.showing import add_problem, repeatable, status_of

from ..filters import TrialFilter
from ..forms.products import ProductForm
from ..queries import products as queries
from ..queries import risk
from ..queries import trial as trials
from ..services import consents, products
from ..states import RiskKind

TERMS = (
    "cap", "min_amount", "first_loan_cap", "min_score", "rate_low", "rate_high", "term_min", "term_max", "conditions",
    "documents", "fresh_months", "guarantor_id", "cover_low", "cover_high", "pool_id", "pool_share", "pool_project_cap",
)  # fmt: skip

COLUMNS = ("enterprise__name", "amount", "tried", "difference")


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """Versions of the own products; POST proposes a new one."""
    form = ProductForm(request.POST if request.method == "POST" else None)
    for field, kind in (("guarantor_id", RiskKind.GUARANTOR), ("pool_id", RiskKind.POOL)):
        form.fields[field].choices += [(one.pk, one.name) for one in risk.partners_with_terms(kind)]  # type: ignore[attr-defined]
    status = status_of(form)
    if form.is_valid():
        try:
            reply = _propose(request, park, form)
        except Problem as problem:
            status = add_problem(form, problem)
        else:
            messages.success(request, _("产品版本已提出，请另一位同事启用。"))
            return redirect(reply.location)
    context = {
        "form": form,
        "versions": queries.versions_of(request.actor),
        "person_id": request.actor.person_id,
    }
    return render(request, "finance/products.html", context, status=status)


def _propose(request: ParkRequest, park: str, form: ProductForm) -> Reply:
    data = form.cleaned_data
    terms = products.Terms(**{name: data[name] for name in TERMS})

    def effect() -> Reply:
        products.propose(
            by=request.actor, code=data["code"], name=data["name"], terms=terms, formula=data["formula"]
        )
        return Reply(302, location=reverse("finance:products", kwargs={"park": park}))

    body = {name: data[name] for name in (*TERMS, "code", "name", "formula")}
    return once(
        by=request.actor, route="finance:products", key=data["idempotency_key"], body=body, effect=effect
    )


def trial(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Who would be quoted how much more or less under a version, before it is in force."""
    version = queries.version_of(request.actor, version_id)
    quotes = trials.in_force(version)
    told = consents.note_list_reads(
        by=request.actor,
        consent_ids=quotes.values_list("consent_id", flat=True),
        subject=gettext_noop("试算产品版本"),
        groups=("score",),
    )
    rows = trials.under(version, quotes.filter(consent_id__in=told))
    page = listing(
        request, rows, filterset=TrialFilter, columns=COLUMNS, filename=f"trial-{version.pk}",
        sortable=("amount", "tried", "difference"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {
        "version": version,
        "page": page,
        "totals": trials.totals(rows),
        "heads": [_("变化"), _("企业数")],
    }
    return render(request, "finance/trial.html", context)


@repeatable
def activate(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """Put a version in force."""
    version = products.activate(by=request.actor, version_id=version_id)
    messages.success(request, _("%(version)s 已启用。") % {"version": version})
    return redirect("finance:products", park=park)

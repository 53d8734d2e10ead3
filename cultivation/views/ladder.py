"""The ladder: what a firm could become next, the park's firms by rung, and one firm's file 一企一档."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from enterprises.queries import enterprises
from parks import access, papers
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.queries import jobs

from ..filters import RungFilter
from ..forms.policies import WhatIfForm
from ..queries import facts, firm_file, ladder, matching, matching_facts, policies, pools
from ..states import POOL_OVER, RuleKind
from ..wording import language

COLUMNS = (
    "version__title", "enterprise__name", "enterprise__uscc", "is_held", "is_eligible", "gap__text", "gap__gap",
)  # fmt: skip


def growth(request: ParkRequest, park: str) -> HttpResponse:
    """Where the firm stands, what it could become next, what is missing and where to give it."""
    enterprise = enterprises.own(request.actor)
    if enterprise is None:
        return render(request, "cultivation/ladder/growth.html", {"rungs": None})
    firm = matching_facts.firm(enterprise.pk)
    rungs = ladder.ladder(firm, park)
    names = {name for one in rungs for name in one.rule.names}
    context = {
        "firm": firm, "rungs": rungs, "held": [one for one in rungs if one.held], "next": [one for one in rungs if not one.held],
        "facts": facts.lines(enterprise.pk, names, language()),
        "places": [one for one in pools.of_enterprise(enterprise.pk) if one.stage not in POOL_OVER], "today": db_today(),
    }  # fmt: skip
    return render(request, "cultivation/ladder/growth.html", context)


def rung(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """One rung for the firm with its conditions, and what-if by the query string."""
    version = policies.get_released(version_id, RuleKind.RUNG)
    enterprise = enterprises.own_or_404(request.actor)
    firm = matching_facts.firm(enterprise.pk)
    one = ladder.rung(version, firm, park)
    form = WhatIfForm(request.GET if request.GET else None, rule=one.rule, language=language())
    supposed = None
    if form.is_bound and form.is_valid() and form.changed:
        supposed = matching.offer(version, matching_facts.supposing(firm.known, form.changed))
    return render(
        request,
        "cultivation/ladder/rung.html",
        {
            "one": one, "firm": firm, "version": version, "card": policies.card(one.rule, language()), "form": form, "supposed": supposed,
        },
    )  # fmt: skip


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """How many firms stand on each rung, are ready for it or nearly so, and who they are."""
    run = matching.current()
    page = listing(
        request, ladder.firms(run), filterset=RungFilter, columns=COLUMNS, filename="ladder", sortable=("enterprise__name",)
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    steps, job = ladder.funnel(run), jobs.latest(matching.KIND)
    return render(
        request,
        "cultivation/ladder/overview.html",
        {
            "run": run, "steps": steps, "page": page, "job": job if job and not job.is_over else None,
            "labels": [one.version.title for one in steps], "values": [one.held for one in steps],
            "urls": [f"?rung={one.version.pk}&standing=held" for one in steps],
            "in_pool": pools.counts(), "can_enter": access.may(request.actor.role, "cultivation:pool_enter", "POST"),
            "can_run": access.may(request.actor.role, "cultivation:matching_run", "POST"),
        },
    )  # fmt: skip


def file(request: ParkRequest, park: str, enterprise_id: int) -> HttpResponse:
    """一企一档: all that the park knows of a firm on one page."""
    return render(request, "cultivation/ladder/file.html", firm_file.of(enterprise_id, park))


def file_pdf(request: ParkRequest, park: str, enterprise_id: int) -> HttpResponse:
    """The same on paper."""
    context = firm_file.of(enterprise_id, park) | {"park": request.park}
    page_url = reverse("cultivation:firm_file", kwargs={"park": park, "enterprise_id": enterprise_id})
    name = f"firm-{context['enterprise'].uscc}"
    return papers.file(
        request, "cultivation/ladder/file_paper.html", context, filename=name, page_url=page_url
    )

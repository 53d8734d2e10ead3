"""The office's matching: one run over all firms, what it found, telling firms, preparing claims."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import access
from parks.http import ParkRequest
from parks.listing import listing
from parks.queries import jobs
from scoring.queries import standing

from ..filters import MatchFilter
from ..queries import matching as queries
from ..queries import policies
from ..queries.claims import DRAFT
from ..services import claims, matching

COLUMNS = (
    "enterprise__name",
    "enterprise__uscc",
    "version__title",
    "is_eligible",
    "amount",
    "gap__text",
    "gap__gap",
)


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """Policies with what the last run found, and the firms behind it."""
    run = queries.current()
    page = listing(
        request, queries.matches(run), filterset=MatchFilter, columns=COLUMNS, filename="policy-matches"
    )
    if isinstance(page, HttpResponse):
        return page
    job = jobs.latest(queries.KIND, DRAFT)
    context = {
        "run": run, "counts": queries.counts(run) if run else [], "page": page, "job": job if job and not job.is_over else None,
        "can_act": access.may(request.actor.role, "cultivation:policy_push", "POST"),
        "stages": standing.published_stages(),
        "automatic": {row.pk for row in policies.in_force() if row.rule.get("automatic")},
    }  # fmt: skip
    return render(request, "cultivation/policies/matching.html", context)


def run(request: ParkRequest, park: str) -> HttpResponse:
    matching.request(by=request.actor)
    messages.success(request, _("已开始比对全部企业，完成后刷新本页。"))
    back = "ladder" if request.POST.get("back") == "ladder" else "matching"
    return redirect(f"cultivation:{back}", park=park)


def push(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    count = matching.push(by=request.actor, version_id=version_id, stage=request.POST.get("stage", "")[:32])
    messages.success(request, _("已通知 %(n)s 家企业。") % {"n": count})
    return redirect("cultivation:matching", park=park)


def prepare(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """免申即享: asks for drafts for the firms that the data alone make eligible."""
    try:
        claims.prepare(by=request.actor, version_id=version_id)
    except Problem as problem:
        if problem.status == 404:
            raise
        messages.error(request, str(problem.message))
    else:
        messages.success(request, _("已开始生成申请；企业会收到消息，确认账户后提交。"))
    return redirect("cultivation:matching", park=park)

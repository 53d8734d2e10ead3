"""The reviewers' queue and the case page."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.money import NotANumber, parse_money
from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest
from parks.listing import listing

from ..filters import DeclarationFilter
from ..forms import ReviewForm
from ..models import Declaration, DeclaredValue
from ..queries import declarations
from ..services import verification


def queue(request: ParkRequest, park: str) -> HttpResponse:
    """Declarations, those waiting longest first."""
    page = listing(
        request, declarations.queue(), filterset=DeclarationFilter, filename="declarations",
        columns=("cycle__year", "enterprise__uscc", "enterprise__name", "state", "submitted_at", "disputed", "returns", "verified_by_name"),
        sortable=("submitted_at", "disputed", "enterprise__name"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "enterprises/queue.html", {"page": page})


def review(request: ParkRequest, park: str, declaration_id: int) -> HttpResponse:
    """One declaration: disputed values first, with source, correction, reason and evidence side by side."""
    found = declarations.get(declaration_id)
    problem = None
    if request.method == "POST":
        try:
            _act(request, found)
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:review", park=park, declaration_id=found.pk)
    items = [one for part in declarations.sections(found) for one in part.items]
    order = {"returned": 0, "disputed": 1}
    items.sort(key=lambda one: order.get(one.value.state, 2 if one.findings else 3))
    undecided = [one for one in items if one.value.state in (*verification.OPEN_VALUES, "returned")]
    context = {
        "declaration": found,
        "items": items,
        "undecided": len(undecided),
        "problem": problem,
        "in_review": found.state == "submitted",
    }
    return render(request, "enterprises/review.html", context, status=problem.status if problem else 200)


def _act(request: ParkRequest, found: Declaration) -> None:
    act = request.POST.get("act", "")
    if act == "accept_all":
        count = verification.accept_undisputed(by=request.actor, declaration=found)
        messages.success(request, _("已采信 %(n)s 项。") % {"n": count})
    elif act == "send_back":
        verification.send_back(by=request.actor, declaration=found)
        messages.success(request, _("已退回补正，企业会收到一次性告知。"))
    elif act == "sign":
        verification.sign(by=request.actor, declaration=found)
        messages.success(request, _("已复核签署，申报核定完成。"))
    else:
        _decide(request, found)


def _decide(request: ParkRequest, found: Declaration) -> None:
    form = ReviewForm(request.POST)
    if not form.is_valid():
        raise Refused(code="decision_missing", message=_("请选择一个决定。"))
    data = form.cleaned_data
    value = (
        DeclaredValue.objects.select_related("declaration")
        .filter(declaration=found, pk=data["value"])
        .first()
    )
    if value is None:
        raise Http404
    amount = None
    if data["decision"] == "adjust":
        item = next(
            one for part in declarations.sections(found) for one in part.items if one.value.pk == value.pk
        )
        try:
            amount = parse_money(data["amount"], unit="万元" if item.is_money else "元")
        except NotANumber as error:
            raise Refused(
                code="amount_wrong", field="amount", message=_("请填写调整后的数值，例如 688.00。")
            ) from error
    verification.decide(
        by=request.actor, value=value, decision=data["decision"], reason=data["reason"], amount=amount
    )

"""The reviewers' queue, the case page, returns, second signatures, conflicts of interest."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest, whole
from parks.listing import listing

from ..filters import DeclarationFilter
from ..forms import ExtendForm, ReviewForm
from ..models import Declaration, DeclaredValue
from ..queries import cycles, declarations, enterprises, reviews
from ..services import deadlines, reviewing, verification
from ..states import ReturnReason
from .numbers import read_number

ORDER = {"returned": 0, "disputed": 1}


def queue(request: ParkRequest, park: str) -> HttpResponse:
    """Declarations, those waiting longest first, with who has them."""
    page = listing(
        request, declarations.queue(), filterset=DeclarationFilter, filename="declarations",
        columns=("cycle__year", "enterprise__uscc", "enterprise__name", "state", "submitted_at", "disputed", "undecided", "returns", "verified_by_name"),
        sortable=("submitted_at", "disputed", "undecided", "enterprise__name"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    cycle = cycles.all_cycles().first()
    names = dict(declarations.topic_names_of(cycle)) if cycle else {}
    context = {"page": page, "topics": names, "topic": request.GET.get("topic", "")}
    return render(request, "enterprises/queue.html", context)


def second(request: ParkRequest, park: str) -> HttpResponse:
    """Cases of which every item is decided by others: waiting for this person's signature."""
    page = listing(
        request, declarations.to_sign(request.actor.person_id), filename="to-sign",
        columns=("cycle__year", "enterprise__uscc", "enterprise__name", "submitted_at", "returns"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "enterprises/second.html", {"page": page})


def review(request: ParkRequest, park: str, declaration_id: int) -> HttpResponse:
    """One declaration: what was disputed or looks odd first; value, source, dispute and evidence side by side."""
    found = declarations.get(declaration_id)
    topic = request.GET.get("topic", "")
    problem = None
    if request.method == "POST":
        try:
            spot = _act(request, found, topic)
        except Problem as refused:
            problem = refused
        else:
            query = f"?topic={topic}" if topic in dict(declarations.topic_names(found)) else ""
            return redirect(_page(park, found) + query + spot)
    return render(
        request,
        "enterprises/review.html",
        _context(request, found, topic, problem),
        status=problem.status if problem else 200,
    )


def _page(park: str, found: Declaration) -> str:
    return reverse("enterprises:review", kwargs={"park": park, "declaration_id": found.pk})


def _context(request: ParkRequest, found: Declaration, topic: str, problem: Problem | None) -> dict[str, Any]:
    sections = declarations.sections(found, for_review=True)
    items = [one for part in sections if topic in ("", part.code) for one in part.items]
    items.sort(key=lambda one: ORDER.get(one.value.state, 2 if one.findings or one.reasons else 3))
    values = [one.value for one in items]
    in_review = found.state == "submitted"
    person_id = request.actor.person_id
    conflicted = reviews.has_conflict(enterprise_id=found.enterprise_id, person_id=person_id)
    other = reviews.claim_of_other(found, topic=topic, person_id=person_id) if in_review else None
    reviews_here = in_review and request.actor.role == "park_reviewer"
    claims = reviews.claims_over(found, topic=topic)
    return {
        "declaration": found, "items": items, "topic": topic, "topics": declarations.topic_names(found), "problem": problem,
        "undecided": sum(one.is_undecided for one in items), "in_review": in_review, "claims": claims, "other": other,
        "own_claim": next((one for one in claims if one.person_ref == person_id and one.topic == topic), None),
        "conflicted": conflicted, "may_decide": reviews_here and not conflicted and other is None, "may_act": reviews_here and not conflicted,
        "reason_codes": ReturnReason.choices, "threads": reviews.threads(values), "notes": reviews.notes(values),
        "decisions": reviews.decisions(values), "returned": reviews.return_items(values), "marked": reviews.marked(found),
        "most_returns": verification.MOST_RETURNS, "posted": request.POST if problem else {},
        "extend_form": ExtendForm() if found.state == "open" and request.actor.role == "park_admin" else None,
    }  # fmt: skip


def _act(request: ParkRequest, found: Declaration, topic: str) -> str:
    """Do what the button says. Returns where on the page to go on."""
    act = request.POST.get("act", "")
    by = request.actor
    if act == "accept_all":
        count = verification.accept_undisputed(by=by, declaration=found, topic=topic)
        messages.success(request, _("已采信 %(n)s 项。") % {"n": count})
    elif act == "claim":
        reviewing.claim(by=by, declaration=found, topic=topic, reason=request.POST.get("reason", ""))
        messages.success(request, _("已领取，其他审核员暂不能处理。"))
    elif act == "release":
        reviewing.release(by=by, declaration=found, topic=topic)
        messages.success(request, _("已释放，其他审核员可以领取。"))
    elif act == "conflict":
        reviewing.declare_conflict(by=by, enterprise=found.enterprise, reason=request.POST.get("reason", ""))
        messages.success(request, _("已记录回避，您不再审核该企业。"))
    elif act == "sign":
        verification.sign(by=by, declaration=found)
        messages.success(request, _("已复核签署，申报核定完成。"))
    elif act in ("say", "note"):
        return _talk(request, found, act)
    else:
        return _decide(request, found)
    return ""


def _value(found: Declaration, number: Any) -> DeclaredValue:
    value = (
        DeclaredValue.objects.select_related("declaration__cycle__scheme_version", "declaration__enterprise")
        .filter(declaration=found, pk=whole(str(number)) or 0)
        .first()
    )
    if value is None:
        raise Http404
    return value


def _talk(request: ParkRequest, found: Declaration, act: str) -> str:
    value = _value(found, request.POST.get("value", ""))
    text = request.POST.get("message", "")
    if act == "say":
        reviewing.say(by=request.actor, value=value, text=text, from_office=True)
        messages.success(request, _("已发送给企业。"))
    else:
        reviewing.note(by=request.actor, value=value, text=text)
        messages.success(request, _("已保存内部备注。"))
    return f"#value-{value.pk}"


def _decide(request: ParkRequest, found: Declaration) -> str:
    form = ReviewForm(request.POST)
    if not form.is_valid():
        raise Refused(code="decision_missing", message=_("请选择一个决定。"))
    data = form.cleaned_data
    value = _value(found, data["value"])
    amount = None
    if data["decision"] == "adjust":
        item = next(
            one for part in declarations.sections(found) for one in part.items if one.value.pk == value.pk
        )
        amount = read_number(data["amount"], is_money=item.is_money, field="amount")
    verification.decide(
        by=request.actor, value=value, decision=data["decision"], reason=data["reason"], reason_code=data["reason_code"],
        bring=data["bring"], amount=amount, version=data["version"],
    )  # fmt: skip
    return f"#value-{value.pk}"


def send_back(request: ParkRequest, park: str, declaration_id: int) -> HttpResponse:
    """The notice before it is sent: all marked items, the date, the law; what was warned and not marked is asked once."""
    found = declarations.get(declaration_id)
    problem = None
    if request.method == "POST":
        try:
            notice = verification.send_back(
                by=request.actor, declaration=found, sure=request.POST.get("sure") == "1"
            )
        except Problem as refused:
            problem = refused
        else:
            messages.success(
                request,
                _("已退回补正，企业会收到一次性告知，%(at)s 前答复。") % {"at": f"{notice.due_at:%Y-%m-%d}"},
            )
            return redirect("enterprises:review", park=park, declaration_id=found.pk)
    names = {one.value.pk: one.name for part in declarations.sections(found) for one in part.items}
    context = {
        "declaration": found, "problem": problem, "marked": [(row, names.get(row.value_id, "")) for row in reviews.marked(found)],
        "forgotten": verification.warned_and_open(found), "is_last": found.returns + 1 == verification.MOST_RETURNS,
        "no_more": found.returns >= verification.MOST_RETURNS, "days": verification.RETURN_WORKING_DAYS,
    }  # fmt: skip
    return render(request, "enterprises/send_back.html", context, status=problem.status if problem else 200)


def extend(request: ParkRequest, park: str, declaration_id: int) -> HttpResponse:
    """Give one enterprise more time."""
    found = declarations.get(declaration_id)
    form = ExtendForm(request.POST)
    if not form.is_valid():
        context = _context(request, found, "", None) | {"extend_form": form, "form": form}
        return render(request, "enterprises/review.html", context, status=422)
    deadlines.extend(by=request.actor, declaration=found, **form.cleaned_data)
    messages.success(request, _("已延期，企业会收到消息。"))
    return redirect("enterprises:review", park=park, declaration_id=found.pk)


def conflicts(request: ParkRequest, park: str) -> HttpResponse:
    """Who stays out of which enterprise; declaring one's own stake, and lifting a colleague's."""
    problem = None
    if request.method == "POST":
        try:
            _conflict(request)
        except Problem as refused:
            problem = refused
        else:
            return redirect("enterprises:conflicts", park=park)
    page = listing(
        request, reviews.conflicts(), filename="conflicts",
        columns=("enterprise__uscc", "enterprise__name", "person_name", "reason", "declared_at"),
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "problem": problem}
    return render(request, "enterprises/conflicts.html", context, status=problem.status if problem else 200)


def _conflict(request: ParkRequest) -> None:
    reason = request.POST.get("reason", "")
    if request.actor.role == "park_admin":
        conflict = whole(request.POST.get("conflict", "")) or 0
        reviewing.lift_conflict(by=request.actor, conflict_id=conflict, reason=reason)
        messages.success(request, _("已解除回避。"))
        return
    firm = enterprises.by_uscc(request.POST.get("uscc", ""))
    reviewing.declare_conflict(by=request.actor, enterprise=firm, reason=reason)
    messages.success(request, _("已记录回避，您不再审核该企业。"))

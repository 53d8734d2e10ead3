"""The reviewers' queue, the case page, returns, second signatures, conflicts of interest."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Problem, Refused
from parks import access
from parks.http import ParkRequest, whole
from parks.listing import listing

from ..filters import DeclarationFilter
from ..forms import ExtendForm, ReviewForm
from ..models import Declaration, DeclaredValue
from ..queries import cycles, declarations, enterprises, reviews
from ..services import assigning, deadlines, reviewing, verification
from ..services.figures import entries_of
from ..states import ReturnReason
from .numbers import read_number

SHOWN = {
    "": gettext_lazy("全部项目"),
    "open": gettext_lazy("未核定"),
    "changed": gettext_lazy("与企业填报不同的决定"),
}
"""Which items of a declaration the page shows."""


def queue(request: ParkRequest, park: str, problem: Problem | None = None) -> HttpResponse:
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
    may_assign = access.may(request.actor.role, "enterprises:assign", "POST")
    context = {
        "page": page, "topics": names, "topic": request.GET.get("topic", ""), "problem": problem, "may_assign": may_assign,
        "reviewers": reviews.reviewers() if may_assign else (), "chosen": request.POST.getlist("ids"), "posted": request.POST,
    }  # fmt: skip
    return render(request, "enterprises/queue.html", context, status=problem.status if problem else 200)


def assign(request: ParkRequest, park: str) -> HttpResponse:
    """Give the chosen cases to a reviewer, or back to the pool; a refusal shows the list as it was, with what was chosen."""
    numbers = [whole(one) or 0 for one in request.POST.getlist("ids")]
    reason = request.POST.get("reason", "")
    try:
        if request.POST.get("act") == "pool":
            count = assigning.unassign(by=request.actor, numbers=numbers, reason=reason)
            messages.success(request, _("已收回 %(n)s 份，审核员可重新领取。") % {"n": count})
        else:
            reviewer = whole(request.POST.get("reviewer", "")) or 0
            count = assigning.assign(by=request.actor, numbers=numbers, reviewer_id=reviewer, reason=reason)
            messages.success(request, _("已分配 %(n)s 份，审核员会收到消息。") % {"n": count})
    except Problem as refused:
        return queue(request, park, refused)
    target, query = reverse("enterprises:queue", kwargs={"park": park}), request.GET.urlencode()
    return redirect(f"{target}?{query}" if query else target)


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
    topic = _topic(request, found)
    problem = None
    if request.method == "POST":
        try:
            spot = _act(request, found, topic)
        except Problem as refused:
            problem = refused
        else:
            return redirect(_page(request, found) + spot)
    return render(
        request,
        "enterprises/review.html",
        _context(request, found, topic, problem),
        status=problem.status if problem else 200,
    )


def _topic(request: ParkRequest, found: Declaration) -> str:
    topic = request.GET.get("topic", "")
    return topic if topic in dict(declarations.topic_names(found)) else ""


def _page(request: ParkRequest, found: Declaration) -> str:
    """The page of a declaration with the filters of the request."""
    page = reverse("enterprises:review", kwargs={"park": request.park.code, "declaration_id": found.pk})
    kept = {"topic": _topic(request, found), "show": _show(request)}
    query = urlencode({name: value for name, value in kept.items() if value})
    return f"{page}?{query}" if query else page


def _show(request: ParkRequest) -> str:
    show = request.GET.get("show", "")
    return show if show in SHOWN else ""


def _weight(item: declarations.Item) -> int:
    """Where an item stands on the page: corrections first, then what looks odd; its place stays when it is decided."""
    if item.is_corrected:
        return 0
    if item.findings or item.reasons or item.value.state == "not_applicable":
        return 1
    return 3 if item.value.state == "missing" else 2


def _items(found: Declaration, topic: str) -> list[declarations.Item]:
    """The items of a topic, or of all, in the order in which they are reviewed."""
    sections = declarations.sections(found, for_review=True)
    return sorted((one for part in sections if topic in ("", part.code) for one in part.items), key=_weight)


def _shows(show: str, item: declarations.Item) -> bool:
    if show == "open":
        return item.is_undecided or item.value.state == "returned"
    if show == "changed":
        return item.is_decided_otherwise
    return True


def _context(request: ParkRequest, found: Declaration, topic: str, problem: Problem | None) -> dict[str, Any]:
    show = _show(request)
    in_topic = _items(found, topic)
    items = [one for one in in_topic if _shows(show, one)]
    values = [one.value for one in items]
    in_review = found.state == "submitted"
    person_id = request.actor.person_id
    conflicted = reviews.has_conflict(enterprise_id=found.enterprise_id, person_id=person_id)
    other = reviews.claim_of_other(found, topic=topic, person_id=person_id) if in_review else None
    reviews_here = in_review and request.actor.role == "park_reviewer"
    claims = reviews.claims_over(found, topic=topic)
    return {
        "declaration": found, "items": items, "topic": topic, "topics": declarations.topic_names(found), "problem": problem,
        "undecided": sum(one.is_undecided for one in in_topic), "show": show, "shown": SHOWN.items(), "in_review": in_review, "claims": claims, "other": other,
        "own_claim": next((one for one in claims if one.person_ref == person_id and one.topic == topic), None),
        "conflicted": conflicted, "may_decide": reviews_here and not conflicted and other is None, "may_act": reviews_here and not conflicted,
        "reason_codes": ReturnReason.choices, "threads": reviews.threads(values), "notes": reviews.notes(values),
        "decisions": reviews.decisions(values), "returned": reviews.return_items(values), "marked": reviews.marked(found),
        "receipts": found.receipts.order_by("pk"), "sent": found.return_notices.order_by("number"),
        "most_returns": verification.MOST_RETURNS, "posted": request.POST if problem else {},
        "posted_pk": whole(request.POST.get("value", "")) if problem else None,
        "following": declarations.next_in_review(found, person_id) if reviews_here else None,
        "extend_form": ExtendForm() if found.state == "open" and request.actor.role == "park_admin" else None,
    }  # fmt: skip


def _act(request: ParkRequest, found: Declaration, topic: str) -> str:
    """Do what the button says. Returns where on the page to go on."""
    act = request.POST.get("act", "")
    by = request.actor
    if act == "accept_all":
        count = verification.accept_undisputed(by=by, declaration=found, topic=topic)
        messages.success(request, _("已采信 %(n)s 项。") % {"n": count})
        waiting = next((one for one in _items(found, topic) if one.is_undecided), None)
        return f"#value-{waiting.value.pk}" if waiting else ""
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
        return _decide(request, found, topic)
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


def _decide(request: ParkRequest, found: Declaration, topic: str) -> str:
    """Decide one item; the page goes on at the next one that is undecided."""
    form = ReviewForm(request.POST)
    if not form.is_valid():
        raise Refused(code="decision_missing", message=_("请选择一个决定。"))
    data = form.cleaned_data
    value = _value(found, data["value"])
    amount = None
    if data["decision"] == "adjust":
        amount = read_number(data["amount"], is_money=_item(found, value).is_money, field="amount")
    verification.decide(
        by=request.actor, value=value, decision=data["decision"], reason=data["reason"], reason_code=data["reason_code"],
        bring=data["bring"], amount=amount, version=data["version"],
    )  # fmt: skip
    stay = data["decision"] == "undo"
    return f"#value-{value.pk if stay else _next_undecided(_items(found, topic), value.pk)}"


def _next_undecided(items: list[declarations.Item], pk: int) -> int:
    """The next undecided item behind this one, else the first of all, else this one."""
    order = [one.value.pk for one in items]
    at = order.index(pk) if pk in order else 0
    waiting = [one.value.pk for one in [*items[at + 1 :], *items[:at]] if one.is_undecided]
    return waiting[0] if waiting else pk


def _item(found: Declaration, value: DeclaredValue) -> declarations.Item:
    return next(
        one for part in declarations.sections(found) for one in part.items if one.value.pk == value.pk
    )


def adjust_list(request: ParkRequest, park: str, declaration_id: int, code: str) -> HttpResponse:
    """Adjust the rows of a list: levels, ranks, dates, rows that do not count; with a reason."""
    found = declarations.get(declaration_id)
    value = found.values.filter(code=code).first()
    if value is None:
        raise Http404
    item = _item(found, value)
    if not item.is_list:
        raise Http404
    rows, problem = item.value.entries or [], None
    if request.method == "POST":
        rows = entries_of(request.POST)
        try:
            verification.decide(
                by=request.actor, value=value, decision="adjust", entries=rows, reason=request.POST.get("reason", ""),
                version=whole(request.POST.get("version", "")),
            )  # fmt: skip
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已调整：%(name)s。") % {"name": item.name})
            return redirect(_page(request, found) + f"#value-{value.pk}")
    context = {
        "declaration": found, "item": item, "problem": problem, "entry_rows": [*rows, {}], "reason": request.POST.get("reason", ""),
    }  # fmt: skip
    return render(request, "enterprises/adjust_list.html", context, status=problem.status if problem else 200)


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

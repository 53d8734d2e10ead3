"""The enterprise's declaration: task list, dimension pages, items, autosave, delegation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Problem, Refused
from parks.clock import BEIJING, db_now, db_today
from parks.http import ParkRequest, whole
from parks.queries.memberships import of_organisation
from parks.roles import ENTERPRISE
from parks.services import evidence
from parks.workdays import working_days_between

from .. import rules
from ..forms import DelegateForm, ValueForm
from ..models import Declaration
from ..queries import authority, declarations, enterprises, reviews
from ..queries import evidence as library
from ..queries import history as history_queries
from ..services import declarations as services
from ..services import delegation, reviewing
from ..services.figures import entries_of
from .numbers import read_number


def own_declaration(request: ParkRequest, year: int) -> Declaration:
    """The declaration of the firm that the actor acts for; raises NotFound."""
    return declarations.of_year(enterprise=enterprises.own_or_404(request.actor), year=year)


def clock(found: Declaration) -> dict[str, Any]:
    """The deadline with the days that are left, by the calendar and working days."""
    today, last = db_today(), found.deadline.astimezone(BEIJING).date()
    return {
        "deadline": found.deadline,
        "days_left": (last - today).days,
        "workdays_left": working_days_between(today, last) if last > today else 0,
        "is_over": found.deadline < db_now(),
    }


def is_editable(found: Declaration) -> bool:
    return found.state in services.EDITABLE and found.cycle.state == "open" and found.deadline >= db_now()


def mine(request: ParkRequest, park: str) -> HttpResponse:
    """All years of the firm; straight to the open one when there is one."""
    own = enterprises.own_or_404(request.actor)
    rows = list(declarations.of_enterprise(own))
    current = next((row for row in rows if row.state in services.EDITABLE), None)
    if current is not None and "all" not in request.GET:
        return redirect("enterprises:declaration", park=park, year=current.cycle.year)
    return render(request, "enterprises/declarations.html", {"declarations": rows, "enterprise": own})


def declaration(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The task list: one line a dimension with state, owner, what is done and what waits."""
    found = own_declaration(request, year)
    sections = declarations.sections(found)
    done, total = sum(s.done for s in sections), sum(len(s.items) for s in sections)
    context = {
        "declaration": found,
        "sections": sections,
        "done": done,
        "total": total,
        "percent": 100 * done // max(total, 1),
        "editable": is_editable(found),
        "colleagues": _colleagues(found),
        "may_sign": authority.may_sign(request.actor),
        "notices": reviews.notices(found),
        "receipt": found.receipts.order_by("-pk").first(),
        **clock(found),
    }
    return render(request, "enterprises/declaration.html", context)


def _colleagues(found: Declaration) -> list[tuple[int, str]]:
    rows = of_organisation(found.enterprise.organisation_id).filter(role__in=ENTERPRISE)
    return list(dict.fromkeys((row.account.person_id, row.account.person.name) for row in rows))


def delegate(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Hand a dimension to a colleague, say that it is done, or take it back."""
    found = own_declaration(request, year)
    form = DelegateForm(request.POST)
    if not form.is_valid():
        raise Refused(code="delegation_wrong", message=_("请选择要委派的部分和同事。"))
    data = form.cleaned_data
    if data["dimension"] not in dict(declarations.topic_names(found)):
        raise Refused(code="no_section", status=404, message=_("没有这一页。"))
    common: dict[str, Any] = {"by": request.actor, "declaration": found, "dimension": data["dimension"]}
    if data["act"] == "finish":
        delegation.finish(**common)
        messages.success(request, _("已告知同事这一部分填写完毕。"))
    elif data["act"] == "take_back":
        delegation.take_back(**common)
        messages.success(request, _("已收回委派。"))
    else:
        row = delegation.delegate(**common, person_id=data["person"] or 0, note=data["note"])
        messages.success(request, _("已委派给 %(who)s，对方会收到消息。") % {"who": row.person_name})
    return redirect("enterprises:declaration", park=park, year=year)


def section(request: ParkRequest, park: str, year: int, dimension: str) -> HttpResponse:
    """The items of a dimension; confirming all that are unchanged, after their names were shown."""
    found = own_declaration(request, year)
    sections = declarations.sections(found)
    chosen = next((s for s in sections if s.code == dimension), None)
    if chosen is None:
        raise Refused(code="no_section", status=404, message=_("没有这一页。"))
    problem = None
    if request.method == "POST":
        try:
            own = {item.value.code for item in chosen.items}
            wanted = [code for code in request.POST.getlist("code") if code in own]
            if not wanted:
                raise Refused(code="nothing_chosen", message=_("请勾选要确认的项目。"))
            shown = {code: whole(request.POST.get(f"version_{code}", "")) or 0 for code in wanted}
            count = services.confirm(by=request.actor, declaration=found, codes=wanted, versions=shown)
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已确认 %(n)s 项。") % {"n": count})
            return redirect("enterprises:section", park=park, year=year, dimension=dimension)
    following = sections[sections.index(chosen) + 1 :]
    context = {
        "declaration": found,
        "section": chosen,
        "following": following[0] if following else None,
        "problem": problem,
        "editable": is_editable(found),
        "library": library.of_organisation(found.enterprise.organisation_id),
        "returned": reviews.return_items([item.value for item in chosen.items]),
        **clock(found),
    }
    return render(request, "enterprises/section.html", context, status=problem.status if problem else 200)


def item(request: ParkRequest, park: str, year: int, code: str) -> HttpResponse:
    """One item: confirm, correct with reason and evidence, none this year, not applicable, explain, talk."""
    found = own_declaration(request, year)
    place, chosen = find_item(found, code)
    form = ValueForm(request.POST or None, request.FILES or None)
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            _act(request, found, chosen, form.cleaned_data)
        except Problem as refused:
            problem = refused
        else:
            return redirect(_after(request, found, place, code, form.cleaned_data))
    if problem is not None:
        place, chosen = find_item(found, code)
    status = problem.status if problem else 422 if form.errors else 200
    return render(
        request,
        "enterprises/item.html",
        _item_context(request, found, place, chosen, form=form, problem=problem),
        status=status,
    )


def _item_context(
    request: ParkRequest, found: Declaration, place: str, chosen: declarations.Item, **shown: Any
) -> dict[str, Any]:
    scheme = scheme_of(found.cycle.scheme_version)
    value = chosen.value
    problem = shown["problem"]
    return shown | {
        "declaration": found, "dimension": place, "item": chosen, "editable": is_editable(found),
        "typed": _typed(request, chosen),
        "allows_na": rules.may_not_apply(scheme, value.code), "entry_rows": _entry_rows(request, chosen),
        "library": library.of_organisation(found.enterprise.organisation_id), "thread": reviews.threads([value]).get(value.pk, []),
        "returned": reviews.return_items([value]), "changes": history_queries.of_value(value), "conflict": _mine(request, problem),
        "slip": bool(problem and problem.code == "unit_slip"), "wide": True, **clock(found),
    }  # fmt: skip


def find_item(found: Declaration, code: str) -> tuple[str, declarations.Item]:
    """(dimension, item) of an input; raises Refused 404."""
    for part in declarations.sections(found):
        for one in part.items:
            if one.value.code == code:
                return part.code, one
    raise Refused(code="unknown_input", status=404, message=_("没有这一项。"))


def _after(request: ParkRequest, found: Declaration, place: str, code: str, data: dict[str, Any]) -> str:
    """Where one goes after saving: back to the page, to the item's page when it has errors, to the next item."""
    names = {"park": request.park.code, "year": found.cycle.year}
    here = reverse("enterprises:item", kwargs=names | {"code": code})
    page = reverse("enterprises:section", kwargs=names | {"dimension": place})
    if data["act"] in ("draft", "message"):
        return f"{here}#thread" if data["act"] == "message" else here
    now = find_item(found, code)[1]
    messages.success(request, _("已保存：%(name)s。") % {"name": now.name})
    if data["then"] == "leave":
        return reverse("enterprises:declaration", kwargs=names)
    if data["then"] == "stay" or (data["then"] == "next" and (now.errors or now.needs_explanation)):
        return here
    if data["then"] == "next":
        codes = [one.value.code for part in declarations.sections(found) for one in part.items]
        rest = codes[codes.index(code) + 1 :]
        if rest:
            return reverse("enterprises:item", kwargs=names | {"code": rest[0]})
    return f"{page}#item-{code}"


def _act(request: ParkRequest, found: Declaration, chosen: declarations.Item, data: dict[str, Any]) -> None:
    code = chosen.value.code
    common: dict[str, Any] = {
        "by": request.actor,
        "declaration": found,
        "code": code,
        "version": data["version"],
    }
    act = data["act"]
    if act == "confirm":
        services.confirm(
            by=request.actor,
            declaration=found,
            codes=[code],
            answer=data["answer"],
            versions={code: data["version"]},
        )
    elif act == "zero":
        services.confirm_zero(**common)
    elif act == "na":
        services.not_applicable(**common, reason=data["reason"])
    elif act == "explain":
        services.explain(**common, text=data["explanation"])
    elif act == "draft":
        services.save_draft(**common, draft=_draft(request))
    elif act == "drop":
        services.drop_draft(**common)
    elif act == "withdraw":
        services.withdraw_correction(**common)
    elif act == "message":
        reviewing.say(by=request.actor, value=chosen.value, text=data["message"], from_office=False)
    else:
        _correct(request, found, chosen, data, common)


def _correct(
    request: ParkRequest,
    found: Declaration,
    chosen: declarations.Item,
    data: dict[str, Any],
    common: dict[str, Any],
) -> None:
    amount, entries = None, None
    if chosen.is_list:
        entries = entries_of(request.POST)
    else:
        amount = read_number(data["text"], is_money=chosen.is_money)
        if data["act"] == "divide":
            amount /= rules.WAN
        elif chosen.is_money and not data["slip_ok"] and rules.unit_slip(amount, chosen.known):
            raise Refused(code="unit_slip", field="text", message=_("是否把元填成了万元？请核对单位。"))
    organisation_id = found.enterprise.organisation_id
    file = None
    if data.get("file"):
        file = evidence.store(by=request.actor, organisation_id=organisation_id, upload=data["file"])
    elif data.get("evidence"):
        file = library.own_file(organisation_id, data["evidence"])
    services.correct(
        **common, reason=data["reason"], amount=amount, entries=entries, evidence=file, page=data.get("page")
    )


def autosave(request: ParkRequest, park: str, year: int, code: str) -> HttpResponse:
    """Keep a draft as it is typed. Answers JSON: the new version and what was understood; 409 with a panel."""
    found = own_declaration(request, year)
    version = request.POST.get("version", "")
    if not version.isdecimal() or len(version) > 9:
        raise Refused(code="version_missing", message=_("请刷新页面后再填写。"))
    try:
        value = services.save_draft(
            by=request.actor, declaration=found, code=code, version=int(version), draft=_draft(request)
        )
    except Conflict as conflict:
        if conflict.code != "changed_meanwhile":
            return JsonResponse({"message": str(conflict.message)}, status=409)
        return JsonResponse({"panel": _panel(request, found, code)}, status=409)
    place, chosen = find_item(found, code)
    facts = render_to_string("enterprises/_facts.html", {"item": chosen, **_understood(chosen)}, request)
    saved_at = value.updated_at.astimezone(BEIJING)
    return JsonResponse({"version": value.version, "saved_at": f"{saved_at:%H:%M}", "facts": facts})


def _panel(request: ParkRequest, found: Declaration, code: str) -> str:
    chosen = find_item(found, code)[1]
    context = {"declaration": found, "item": chosen, "mine": _typed(request, chosen), "park": request.park}
    return render_to_string("enterprises/_conflict.html", context, request)


def _understood(chosen: declarations.Item) -> dict[str, Any]:
    """What the typed number was read as, or why it could not be."""
    text = str((chosen.value.draft or {}).get("text", ""))
    if chosen.is_list or not text.strip():
        return {}
    try:
        amount = read_number(text, is_money=chosen.is_money)
    except Refused as refused:
        return {"unread": refused.message}
    change = (amount - chosen.last_year) / abs(chosen.last_year) * 100 if chosen.last_year else None
    slip = chosen.is_money and rules.unit_slip(amount, chosen.known)
    return {"read": amount, "read_change": change, "read_slip": slip}


def _draft(request: ParkRequest) -> dict[str, Any]:
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in services.DRAFT_FIELDS}
    if "entry_name" in request.POST:
        typed["entries"] = entries_of(request.POST)
    return typed


def _typed(request: ParkRequest, chosen: declarations.Item) -> dict[str, Any]:
    """What the fields show: what was just posted, else the draft, else what is saved."""
    if request.method == "POST" and request.POST.get("act") != "confirm":
        return _draft(request) | {"answer": request.POST.get("answer", "")}
    return chosen.typed_or_saved


def _mine(request: ParkRequest, problem: Any) -> bool:
    return bool(problem and problem.code == "changed_meanwhile")


def _entry_rows(request: ParkRequest, chosen: declarations.Item) -> list[dict[str, Any]]:
    if not chosen.is_list:
        return []
    if request.method == "POST":
        rows = entries_of(request.POST)
    else:
        rows = list((chosen.value.draft or {}).get("entries") or chosen.value.entries or [])
    return [*rows, {}, {}]

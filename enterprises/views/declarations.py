"""The enterprise's declaration: sections, items, check, sign."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.money import NotANumber, parse_money, parse_number
from innovscore.core.problems import Problem, Refused
from parks.http import ParkRequest
from parks.services import evidence

from .. import rules
from ..forms import ValueForm
from ..models import Declaration, DeclaredValue
from ..queries import declarations, enterprises
from ..services import declarations as services

MEANINGS = {
    "empty": gettext_lazy("请填写数值，例如 688.00。"),
    "approximate": gettext_lazy("请填写确切的数值，不要写“约”。"),
    "range": gettext_lazy("请填写一个数值，不要写区间。"),
    "form": gettext_lazy("没有读懂这个数值，请只写数字，例如 688.00。"),
    "too_large": gettext_lazy("数值过大，请检查单位是否为万元。"),
    "precision": gettext_lazy("小数位过多，金额最多精确到分。"),
}


def _own(request: ParkRequest, year: int) -> Declaration:
    return declarations.of_year(enterprise=enterprises.own_or_404(request.actor), year=year)


def mine(request: ParkRequest, park: str) -> HttpResponse:
    """All years of the firm; straight to the open one when there is one."""
    own = enterprises.own_or_404(request.actor)
    rows = list(declarations.of_enterprise(own))
    current = next((row for row in rows if row.state in services.EDITABLE), None)
    if current is not None and "all" not in request.GET:
        return redirect("enterprises:declaration", park=park, year=current.cycle.year)
    return render(request, "enterprises/declarations.html", {"declarations": rows, "enterprise": own})


def declaration(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The task list: one line a dimension with what is done and what waits."""
    found = _own(request, year)
    sections = declarations.sections(found)
    done, total = sum(s.done for s in sections), sum(len(s.items) for s in sections)
    context = {
        "declaration": found,
        "sections": sections,
        "done": done,
        "total": total,
        "percent": 100 * done // max(total, 1),
    }
    return render(request, "enterprises/declaration.html", context)


def section(request: ParkRequest, park: str, year: int, dimension: str) -> HttpResponse:
    """The items of a dimension; confirming all that are unchanged."""
    found = _own(request, year)
    chosen = next((s for s in declarations.sections(found) if s.code == dimension), None)
    if chosen is None:
        raise Refused(code="no_section", status=404, message=_("没有这一页。"))
    problem = None
    if request.method == "POST":
        try:
            count = services.confirm(
                by=request.actor, declaration=found, codes=[item.value.code for item in chosen.to_confirm]
            )
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已确认 %(n)s 项。") % {"n": count})
            return redirect("enterprises:section", park=park, year=year, dimension=dimension)
    context = {
        "declaration": found,
        "section": chosen,
        "problem": problem,
        "editable": found.state in services.EDITABLE,
    }
    return render(request, "enterprises/section.html", context, status=problem.status if problem else 200)


def item(request: ParkRequest, park: str, year: int, code: str) -> HttpResponse:
    """One item: confirm, correct with reason and evidence, none this year, not applicable, explain."""
    found = _own(request, year)
    place, chosen = _find(found, code)
    form = ValueForm(
        request.POST or None,
        request.FILES or None,
        initial={"version": chosen.value.version, "reason": chosen.value.reason},
    )
    problem = None
    if request.method == "POST" and form.is_valid():
        try:
            _act(request, found, chosen, form.cleaned_data)
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已保存：%(name)s。") % {"name": chosen.name})
            return redirect(
                f"{reverse('enterprises:section', kwargs={'park': park, 'year': year, 'dimension': place})}#item-{code}"
            )
    scheme = scheme_of(found.cycle.scheme_version)
    context = {
        "declaration": found, "dimension": place, "item": chosen, "form": form, "problem": problem, "editable": found.state in services.EDITABLE,
        "levels": [(level, name_of(names)) for level, names in chosen.input.levels.items()], "allows_na": rules.may_not_apply(scheme, code),
        "entry_rows": _entry_rows(request, chosen), "ranks": chosen.input.ranks,
    }  # fmt: skip
    status = problem.status if problem else 422 if form.errors else 200
    return render(request, "enterprises/item.html", context, status=status)


def _find(found: Declaration, code: str) -> tuple[str, declarations.Item]:
    for part in declarations.sections(found):
        for one in part.items:
            if one.value.code == code:
                return part.code, one
    raise Refused(code="unknown_input", status=404, message=_("没有这一项。"))


def _act(request: ParkRequest, found: Declaration, chosen: declarations.Item, data: dict[str, Any]) -> None:
    common: dict[str, Any] = {
        "by": request.actor,
        "declaration": found,
        "code": chosen.value.code,
        "version": data["version"],
    }
    if data["act"] == "confirm":
        services.confirm(by=request.actor, declaration=found, codes=[chosen.value.code])
    elif data["act"] == "zero":
        services.confirm_zero(**common)
    elif data["act"] == "na":
        services.not_applicable(**common, reason=data["reason"])
    elif data["act"] == "explain":
        services.explain(**common, text=data["explanation"])
    else:
        upload = data.get("file")
        file = (
            evidence.store(by=request.actor, organisation_id=found.enterprise.organisation_id, upload=upload)
            if upload
            else None
        )
        amount, entries = (
            (None, _entries(request)) if chosen.is_list else (_number(chosen, data["text"]), None)
        )
        services.correct(
            **common,
            reason=data["reason"],
            amount=amount,
            entries=entries,
            evidence=file,
            page=data.get("page"),
        )


def _number(chosen: declarations.Item, text: str) -> Any:
    try:
        if chosen.is_money:
            return parse_money(text)
        value, _unit = parse_number(text)
    except NotANumber as error:
        raise Refused(code=f"number_{error.code}", field="text", message=MEANINGS[error.code]) from error
    if value != value.to_integral_value() or value < 0:
        raise Refused(code="not_a_count", field="text", message=_("请填写不小于 0 的整数。"))
    return value


def _entries(request: ParkRequest) -> list[dict[str, str]]:
    """Rows of a list input; a row without a name is left out."""
    fields = ("level", "rank", "name", "number", "date")
    columns = {name: request.POST.getlist(f"entry_{name}") for name in fields}
    rows = []
    for number, name in enumerate(columns["name"]):
        if name.strip():
            row = {
                field: column[number].strip()[:200]
                for field, column in columns.items()
                if number < len(column)
            }
            rows.append({field: value for field, value in row.items() if value or field in ("level", "name")})
    return rows


def _entry_rows(request: ParkRequest, chosen: declarations.Item) -> list[dict[str, Any]]:
    if not chosen.is_list:
        return []
    rows = _entries(request) if request.method == "POST" else list(chosen.value.entries or [])
    return [*rows, {}, {}]


def check(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Check the answers, changed ones first; the signatory signs and hands in what was shown."""
    found = _own(request, year)
    problem = None
    if request.method == "POST":
        try:
            services.submit(
                by=request.actor, declaration=found, seen_hash=request.POST.get("content_hash", "")
            )
        except Problem as refused:
            problem = refused
        else:
            messages.success(request, _("已签署并提交，等待核定。"))
            return redirect("enterprises:declaration", park=park, year=year)
    values: dict[str, DeclaredValue] = {
        one.value.code: one.value for part in declarations.sections(found) for one in part.items
    }
    context = {
        "declaration": found, "sections": declarations.sections(found), "blockers": services.blocking(found, values),
        "content_hash": services.content_hash(values), "editable": found.state in services.EDITABLE, "problem": problem, "count": len(values),
    }  # fmt: skip
    return render(request, "enterprises/check.html", context, status=problem.status if problem else 200)

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from innovscore.core.problems import Problem, TooMany
from parks.http import ParkRequest

from .. import rules
from ..models import Scenario, ScoreResult
from ..queries import explain, ways, whatif
from ..queries.schemes import names_of, scheme_of
from ..services import whatif as services

MOST_ROWS = 20  # of what a program may post


@dataclass(frozen=True, slots=True)
class Typed:
    """One row of the form: the fact chosen and what was typed."""

    number: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A kept plan as the comparison shows it."""

    row: Scenario
    changes: list[tuple[str, str]]
    query: str
    total: Decimal
    change: Decimal
    points: list[Decimal]
    percentile: list[int] | None


def what_if(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The form, the result of what was typed, the ways up, and the kept plans.

    `live` asks for the firm's own score alone while a slider moves; it tells nothing of peers and is not counted.
    """
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    frozen = whatif.frozen_row(row)
    context: dict[str, Any] = {"row": row, "year": year, "typed": _rows(request)}
    if request.method == "POST":
        context |= _answer(request, row, frozen, context["typed"])
        if "save" in request.POST and "problem" not in context:
            messages.success(request, _("方案已保存，只有贵企业能看到。"))
            address = reverse("scoring:what_if", kwargs={"park": park, "year": year})
            return HttpResponseClientRedirect(address) if request.htmx else redirect(address)
    context |= {"limit": rules.WHAT_IFS_AN_HOUR, "left": services.left(row.enterprise_id)}
    if request.htmx:
        return render(request, "scoring/_what_if_result.html", context)
    context |= _page(request, row, frozen, context["typed"])
    status = context["problem"].status if "problem" in context else 200
    return render(request, "scoring/what_if.html", context, status=status)


def rename(request: ParkRequest, park: str, year: int, scenario_id: int) -> HttpResponse:
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    services.rename(by=request.actor, row=row, scenario_id=scenario_id, name=request.POST.get("name", ""))
    messages.success(request, _("已改名。"))
    return redirect("scoring:what_if", park=park, year=year)


def remove(request: ParkRequest, park: str, year: int, scenario_id: int) -> HttpResponse:
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    services.remove(by=request.actor, row=row, scenario_id=scenario_id)
    messages.success(request, _("已删除方案。"))
    return redirect("scoring:what_if", park=park, year=year)


def _rows(request: ParkRequest) -> list[Typed]:
    """Rows of the form: what was posted, else what the address asks for (`?rd_expense=702`), filled up to five."""
    if request.method == "POST":
        pairs = list(zip(request.POST.getlist("field"), request.POST.getlist("value"), strict=False))
    else:
        pairs = [(key, str(value)) for key, value in request.GET.items() if key != "compare"]
    pairs = (pairs + [("", "")] * rules.CHANGED_AT_ONCE)[: max(rules.CHANGED_AT_ONCE, len(pairs))]
    return [Typed(number, column, text) for number, (column, text) in enumerate(pairs[:MOST_ROWS], start=1)]


def _answer(request: ParkRequest, row: ScoreResult, frozen: Any, lines: list[Typed]) -> dict[str, Any]:
    """The outcome of what was typed, or what is wrong with it; above the hourly number only the own score is told."""
    live = "live" in request.POST
    is_relative = scheme_of(row.run.scheme_version).relative  # there the own score itself tells of peers
    if live and is_relative:
        return {"resting": True}
    changes: dict[str, int] = {}
    try:
        pairs = [(one.column, one.text) for one in lines if one.column or one.text.strip()]
        changes = services.read(row, frozen, pairs)
        if live:
            return _charts(whatif.outcome(row, frozen, changes, among_peers=False))
        result = services.ask(row=row, frozen=frozen, changes=changes)
        if "save" in request.POST:
            services.keep(
                by=request.actor,
                row=row,
                name=request.POST.get("name", ""),
                fields=dict(pairs),
                result=result,
            )
        return _charts(result)
    except TooMany as problem:
        if is_relative:
            return {"problem": problem}
        return {"problem": problem} | _charts(whatif.outcome(row, frozen, changes, among_peers=False))
    except Problem as problem:
        return {"problem": problem}


def _charts(result: whatif.Outcome) -> dict[str, Any]:
    return {
        "result": result,
        "heads_curve": [_("数值"), _("赋分")],
        "labels": [part.name for part in result.parts],
        "values": [float(part.change) for part in result.parts],
        "heads": [_("维度"), _("现在"), _("改动后"), _("变动")],
        "rows": [
            (part.name, f"{part.before:.2f}", f"{part.after:.2f}", f"{part.change:+.2f}")
            for part in result.parts
        ],
    }


def _page(request: ParkRequest, row: ScoreResult, frozen: Any, lines: list[Typed]) -> dict[str, Any]:
    scheme = scheme_of(row.run.scheme_version)
    fields = whatif.fields_of(row, frozen)
    advice = ways.advice(row, frozen)
    plans = [_plan(plan, {field.column: field.name for field in fields}) for plan in whatif.scenarios(row)]
    picked = {text for text in request.GET.getlist("compare") if text.isdigit()}
    compared = [plan for plan in plans if not picked or str(plan.row.pk) in picked][: rules.COMPARED]
    return {
        "fields": fields,
        "advice": advice,
        "typed": lines if any(one.column for one in lines) else _ready(advice),
        "wished": rules.WISHED_POINTS,
        "plans": plans,
        "compared": compared,
        "compare_labels": [plan.row.name for plan in compared],
        "compare_values": [float(plan.total) for plan in compared],
        "compare_rows": [
            (plan.row.name, plan.total, f"{plan.change:+.2f}", *plan.points) for plan in compared
        ],
        "compare_heads": [_("方案"), _("估算总分"), _("变动"), *names_of(scheme.dimensions).values()],
        "most_compared": rules.COMPARED,
    }


def _ready(advice: ways.Advice) -> list[Typed]:
    """Rows that are ready to be moved: the facts that bring most, as they are now."""
    fields = list({way.field.column: way.field for way in (*advice.together, *advice.ways)}.values())
    rows = [(field.column, _plain(field.current)) for field in fields[: rules.CHANGED_AT_ONCE]]
    rows += [("", "")] * (rules.CHANGED_AT_ONCE - len(rows))
    return [Typed(number, column, text) for number, (column, text) in enumerate(rows, start=1)]


def _plain(value: Decimal | None) -> str:
    return f"{(value or Decimal(0)).normalize():f}"


def _plan(row: Scenario, names: dict[str, str]) -> Plan:
    return Plan(
        row=row,
        changes=[(names.get(column, column), text) for column, text in row.changes.items()],
        query=urlencode(row.changes),
        total=Decimal(row.outcome["total"]),
        change=Decimal(row.outcome["change"]),
        points=[Decimal(points).quantize(Decimal("0.01")) for points in row.outcome["dimensions"].values()],
        percentile=row.outcome["percentile"],
    )

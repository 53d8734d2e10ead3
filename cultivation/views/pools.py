"""Pools 培育库: firms on their way to a rung, their coach, tasks and moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import access
from parks.clock import db_today
from parks.http import ParkRequest
from parks.listing import listing
from parks.showing import add_problem, repeatable, status_of

from ..filters import PoolFilter
from ..forms.pools import CoachForm, PoolMoveForm, PoolTaskForm
from ..queries import pools as queries
from ..services import pools
from ..states import PoolStage

COLUMNS = (
    "enterprise__uscc", "enterprise__name", "title", "get_stage_display", "coach_name", "open_tasks", "entered_at",
)  # fmt: skip


def overview(request: ParkRequest, park: str) -> HttpResponse:
    """Firms in the pools, and the movement by year."""
    page = listing(
        request, queries.places(), filterset=PoolFilter, columns=COLUMNS, filename="pool", sortable=("entered_at", "enterprise__name")
    )  # fmt: skip
    if isinstance(page, HttpResponse):
        return page
    return render(request, "cultivation/pools/overview.html", {"page": page, "movement": _movement()})


def _movement() -> dict[str, Any] | None:
    """The newest year's moves by stage as a chart, with every year and rung as the table behind it."""
    lines = queries.movement()
    if not lines:
        return None
    year = lines[0]["year"]
    return {
        "year": year, "labels": PoolStage.labels, "heads": [_("年度"), _("层级"), *PoolStage.labels],
        "values": [sum(one[stage] for one in lines if one["year"] == year) for stage in PoolStage.values],
        "rows": [list(one.values()) for one in lines],
    }  # fmt: skip


@repeatable
def enter(request: ParkRequest, park: str) -> HttpResponse:
    """Put the firms into the pool that the last run found for a rung."""
    number = request.POST.get("rung", "")
    try:
        count = pools.enter_found(
            by=request.actor, version_id=int(number) if number.isdigit() and len(number) < 19 else 0,
            standing=request.POST.get("standing", ""),
        )  # fmt: skip
    except Problem as problem:
        messages.error(request, str(problem.message))
        return redirect("cultivation:ladder", park=park)
    messages.success(request, _("已将 %(n)s 家企业放入培育库。") % {"n": count})
    return redirect("cultivation:pools", park=park)


@repeatable
def place(request: ParkRequest, park: str, place_id: int) -> HttpResponse:
    """A firm in a pool: move it, write a note, give it a coach, add tasks."""
    row = queries.get(place_id)
    may_act = access.may(request.actor.role, "cultivation:pool_place", "POST")
    coaches = [(one.pk, one.account.person.name) for one in queries.coaches(request.actor)] if may_act else []
    works: dict[str, tuple[Callable[..., forms.Form], Callable[..., Any]]] = {
        "move": (PoolMoveForm, lambda **data: pools.move(by=request.actor, place_id=place_id, **data)),
        "coach": (
            lambda *data, **more: CoachForm(*data, coaches=coaches, **more),
            lambda coach: pools.appoint(by=request.actor, place_id=place_id, membership_id=coach),
        ),
        "task": (PoolTaskForm, lambda **data: pools.add_task(by=request.actor, place_id=place_id, **data)),
    }
    shown = {name: kind(initial={"to_stage": row.stage}) for name, (kind, _work) in works.items()}
    status, what = 200, request.POST.get("what", "")
    if request.method == "POST" and what in works:
        kind, work = works[what]
        form = shown[what] = kind(request.POST)
        status = status_of(form)
        if form.is_valid():
            try:
                work(**form.cleaned_data)
            except Problem as problem:
                status = add_problem(form, problem)
            else:
                messages.success(request, _("已保存。"))
                return redirect("cultivation:pool_place", park=park, place_id=place_id)
    context = {
        "place": row, "moves": queries.moves(row), "tasks": queries.tasks(row), "forms": shown, "form": shown.get(what),
        "may_act": may_act, "today": db_today(),
    }  # fmt: skip
    return render(request, "cultivation/pools/place.html", context, status=status)


def finish(request: ParkRequest, park: str, task_id: int) -> HttpResponse:
    """A task is done."""
    row = pools.finish_task(by=request.actor, task_id=task_id)
    messages.success(request, _("已记为完成。"))
    return redirect("cultivation:pool_place", park=park, place_id=row.place_id)

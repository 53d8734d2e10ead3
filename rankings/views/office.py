"""Boards in the office: computed, proposed, put on notice, published, taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks.http import ParkRequest

from ..forms import NoticeForm, ReasonForm
from ..models import BoardEdition
from ..queries import editions as edition_queries
from ..queries import further, intervals, public, readiness
from ..queries import releases as release_queries
from ..queries.wording import moment
from ..services import editions, notices, publication, releases
from ..services import years as years_service
from ..states import EditionState


def years(request: ParkRequest, park: str) -> HttpResponse:
    """Years that have scores or boards."""
    return render(request, "rankings/office_years.html", {"years": edition_queries.years()})


def year(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The boards of a year: what the current run gives, and the editions made of it."""
    return _year_page(request, year)


def _year_page(request: ParkRequest, year: int, problem: Problem | None = None) -> HttpResponse:
    releases.settle(request.park)
    rows = list(edition_queries.editions_of(year))
    run = edition_queries.current_run(year)
    codes = [*run.boards, *(row.code for row in further.active())] if run is not None else []
    drafts = [edition_queries.draft_of(run, code) for code in codes]
    closed = edition_queries.is_closed(year)
    boards = [
        {
            "page": public.draft_page(draft, year),
            "draft": draft,
            "editions": [row for row in rows if row.board == draft.board.code],
            "can_propose": request.actor.role == "score_officer" and _is_free(draft, rows) and not closed,
        }
        for draft in drafts
    ]
    context = {
        "year": year, "run": run, "boards": boards, "editions": rows, "problem": problem,
        "checklist": readiness.for_year(year, request.actor), "closing": readiness.for_closing(year, request.actor),
        "is_closed": closed, "can_close": request.actor.role == "park_admin",
    }  # fmt: skip
    return render(request, "rankings/office_year.html", context, status=problem.status if problem else 200)


def _is_free(draft: edition_queries.BoardDraft, rows: list[BoardEdition]) -> bool:
    """No proposal of this board waits, and this run has not been shown."""
    mine = [row for row in rows if row.board == draft.board.code]
    waiting = any(row.state in (EditionState.DRAFT, EditionState.PROPOSED) for row in mine)
    shown = any(
        row.run_id == draft.run.pk and row.state in (EditionState.ON_NOTICE, EditionState.FINAL)
        for row in mine
    )
    return bool(draft.lines) and not waiting and not shown


def preview(request: ParkRequest, park: str, year: int, board: str) -> HttpResponse:
    """A board of the current run as the public would see it, marked as a draft."""
    run = edition_queries.run_of_year(year)
    draft = edition_queries.draft_of(run, board)
    context = {
        "page": public.draft_page(draft, year), "zone": request.park, "intervals": intervals.of_board(run, board),
    }  # fmt: skip
    return render(request, "rankings/office_preview.html", context)


def propose(request: ParkRequest, park: str, year: int, board: str) -> HttpResponse:
    try:
        edition = editions.propose(by=request.actor, year=year, board=board)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _year_page(request, year, problem)
    messages.success(request, _("已提请“%(board)s”。请另一位发布员公示。") % {"board": edition.name_zh})
    return redirect("rankings:edition", park=park, edition_id=edition.pk)


def close(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """Close the year; refused with what is still open."""
    try:
        years_service.close(by=request.actor, year=year)
    except Problem as problem:
        if problem.status == 404:
            raise
        return _year_page(request, year, problem)
    messages.success(request, _("年度已结束。可在“年度”页开启下一年度，指标体系可沿用或换新版本。"))
    return redirect("rankings:year", park=park, year=year)


def edition(request: ParkRequest, park: str, edition_id: int) -> HttpResponse:
    """An edition with its list, proof, history and next steps; a countdown asks by htmx whether it is over."""
    releases.settle(request.park)
    row = edition_queries.get_edition(edition_id)
    if request.headers.get("HX-Request") and release_queries.waiting(row) is None:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return _edition_page(request, edition_id)


def put_on_notice(request: ParkRequest, park: str, edition_id: int) -> HttpResponse:
    """Form with the exact end; POST starts the notice at once."""
    row = edition_queries.get_edition(edition_id)
    contact = f"{request.park.contact_office} {request.park.contact_phone}".strip()
    form = NoticeForm(request.POST or None, initial={"contact": contact})
    context: dict[str, Any] = {
        "edition": row,
        "form": form,
        "window": notices.window(),
        "ends": moment(notices.window().ends_at),
    }
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/office_notice.html", context, status=422 if form.is_bound else 200)
    try:
        notices.put_on_notice(by=request.actor, edition=row, **form.cleaned_data)
    except Problem as problem:
        return render(
            request, "rankings/office_notice.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已确认公示，倒计时结束时向公众公开。"))
    return redirect("rankings:edition", park=park, edition_id=row.pk)


def publish(request: ParkRequest, park: str, edition_id: int) -> HttpResponse:
    try:
        publication.publish(by=request.actor, edition=edition_queries.get_edition(edition_id))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _edition_page(request, edition_id, problem=problem)
    messages.success(request, _("已确认发布，倒计时结束时正式生效。"))
    return redirect("rankings:edition", park=park, edition_id=edition_id)


def recall(request: ParkRequest, park: str, edition_id: int) -> HttpResponse:
    """Stop a confirmed step before its countdown is over."""
    try:
        releases.recall(by=request.actor, edition=edition_queries.get_edition(edition_id))
    except Problem as problem:
        if problem.status == 404:
            raise
        return _edition_page(request, edition_id, problem=problem)
    messages.success(request, _("已撤回这次确认，公众没有看到任何变化。"))
    return redirect("rankings:edition", park=park, edition_id=edition_id)


def withdraw(request: ParkRequest, park: str, edition_id: int) -> HttpResponse:
    """Confirmation with a reason; POST takes the edition back."""
    row = edition_queries.get_edition(edition_id)
    form = ReasonForm(request.POST or None)
    context: dict[str, Any] = {"edition": row, "form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/office_withdraw.html", context, status=422 if form.is_bound else 200)
    try:
        publication.withdraw(by=request.actor, edition=row, reason=form.cleaned_data["reason"])
    except Problem as problem:
        return render(
            request, "rankings/office_withdraw.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("已撤回。"))
    return redirect("rankings:edition", park=park, edition_id=row.pk)


def _edition_page(request: ParkRequest, edition_id: int, problem: Problem | None = None) -> HttpResponse:
    row = edition_queries.get_edition(edition_id)
    actor = request.actor
    breaks = edition_queries.proof_breaks(row)
    waiting = release_queries.waiting(row)
    stands = waiting is None
    publisher = actor.role == "publisher"
    context = {
        "edition": row,
        "lines": edition_queries.lines_of(row),
        "breaks": breaks,
        "checklist": readiness.for_edition(row, actor, breaks),
        "objections": row.objections.order_by("-pk"),
        "open_objections": edition_queries.open_objections(row),
        "ends": moment(row.notice_ends_at) if row.notice_ends_at else "",
        "published": public.of_edition(row.pk),
        "waiting": waiting,
        "minutes_left": -(-release_queries.time_left(waiting) // dt.timedelta(minutes=1)) if waiting else 0,
        "releases": release_queries.of_edition(row),
        "next_step": readiness.next_step(row, actor) if stands else "",
        "can_recall": waiting is not None and actor.role in ("publisher", "score_officer"),
        "can_withdraw": stands
        and (
            (row.state == EditionState.PROPOSED and actor.role in ("publisher", "score_officer"))
            or (publisher and row.state in (EditionState.ON_NOTICE, EditionState.FINAL))
        ),
        "can_answer": actor.role in ("publisher", "park_admin", "park_auditor"),
        "problem": problem,
    }
    return render(request, "rankings/office_edition.html", context, status=problem.status if problem else 200)

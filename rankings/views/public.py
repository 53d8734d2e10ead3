"""Pages without sign-in. No park is entered here: whatever is not published cannot be read."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from innovscore.core.problems import Gone, Problem
from parks.listing import export_rows

from ..forms import ObjectionForm
from ..models import PublishedBoard
from ..queries import public
from ..services import objections

COLUMNS = ("place", "tied", "name", "uscc", "stage", "score")


def boards(request: HttpRequest, park: str) -> HttpResponse:
    """Years and the boards that are on notice or published."""
    zone = public.zone(park)
    years = [(year, [(row, public.title_of(row)) for row in rows]) for year, rows in public.years(zone)]
    return render(request, "rankings/public_boards.html", {"zone": zone, "park": zone, "years": years})


def board(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """The board in force; `?export=csv` downloads it."""
    return _board(request, public.shown(public.zone(park), year, board))


def edition(request: HttpRequest, park: str, year: int, board: str, number: int) -> HttpResponse:
    """A certain edition, with a banner when it is not the one in force."""
    return _board(request, public.edition(public.zone(park), year, board, number))


def _board(request: HttpRequest, published: PublishedBoard) -> HttpResponse:
    if request.GET.get("export") in ("csv", "xlsx"):
        return _export(request, published)
    zone = published.park
    return render(
        request,
        "rankings/public_board.html",
        {"zone": zone, "park": zone, "page": public.board_page(published)},
    )


def _export(request: HttpRequest, published: PublishedBoard) -> HttpResponse:
    rows = [
        {
            "place": one.line.place, "tied": _("并列") if one.line.tied else "", "name": one.line.name, "uscc": one.line.uscc,
            "stage": one.stage, "score": Decimal(one.line.score),
        }
        for one in public.lines_of(published)
    ]  # fmt: skip
    name = f"{published.park.code}-{published.year}-{published.board}-{published.number}"
    return export_rows(rows, columns=COLUMNS, filename=name, kind=request.GET["export"])


def board_json(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """The board in force for programs, with all hashes."""
    try:
        published = public.shown(public.zone(park), year, board)
    except Problem as problem:
        return JsonResponse({"code": problem.code, "detail": str(problem.message)}, status=problem.status)
    return JsonResponse(public.as_json(published), json_dumps_params={"ensure_ascii": False})


def notices(request: HttpRequest, park: str) -> HttpResponse:
    zone = public.zone(park)
    return render(
        request, "rankings/public_notices.html", {"zone": zone, "park": zone, "notices": public.notices(zone)}
    )


def notice(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    zone = public.zone(park)
    return render(
        request,
        "rankings/public_notice.html",
        {"zone": zone, "park": zone, "notice": public.notice(zone, notice_id)},
    )


def file_objection(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    """The form for everybody; after the end it is gone."""
    zone = public.zone(park)
    page = public.notice(zone, notice_id)
    if not page.is_open:
        raise Gone(code="notice_over", message=_("公示期已满，逾期视为无异议。"))
    form = ObjectionForm(request.POST or None, firms=[(one.line.uscc, one.line.name) for one in page.lines])
    context = {"zone": zone, "park": zone, "notice": page, "form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/public_object.html", context, status=422 if form.is_bound else 200)
    try:
        row = objections.file_publicly(
            published=page.published,
            address=request.META.get("REMOTE_ADDR", ""),
            **form.cleaned_data,
        )
    except Problem as problem:
        if problem.status == 410:
            raise
        return render(
            request, "rankings/public_object.html", context | {"problem": problem}, status=problem.status
        )
    return render(request, "rankings/public_receipt.html", context | {"receipt": row.receipt}, status=201)


def method(request: HttpRequest, park: str, version: str) -> HttpResponse:
    """A published method in words; `?format=json` downloads the scheme itself."""
    zone = public.zone(park)
    row = public.method(zone, version)
    if request.GET.get("format") == "json":
        response = JsonResponse(row.body, json_dumps_params={"ensure_ascii": False, "indent": 1})
        response["Content-Disposition"] = f'attachment; filename="{row.code}-{row.digest[:12]}.json"'
        return response
    return render(
        request, "rankings/public_method.html", {"zone": zone, "park": zone, "page": public.method_page(row)}
    )

"""Pages without sign-in. No park is entered here: whatever is not published cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Gone, NotFound, Problem
from parks import papers
from parks.http import client_address
from parks.listing import export_rows
from parks.models import Park

from .. import cards
from ..caching import public_page
from ..forms import ObjectionForm, TrackForm
from ..models import PublishedBoard
from ..queries import awards as award_queries
from ..queries import certificates, history, profiles, public, statistics
from ..queries.wording import day_of
from ..services import lookups, objections
from .zones import zone_now

NOTICE = "rankings/documents/notice.html"
CARD_FIRMS = 4


@public_page
def home(request: HttpRequest, park: str) -> HttpResponse:
    """The zone's public home: boards of the newest year with their first three, notices that run, the ways in."""
    zone = zone_now(park)
    years = public.years(zone)
    newest = years[0] if years else None
    cards = [(row, public.title_of(row), public.lines_of(row)[:3]) for row in newest[1]] if newest else []
    running = [notice for notice in public.notices(zone) if notice.is_open]
    context = {
        "zone": zone, "park": zone, "year": newest[0] if newest else None, "cards": cards, "notices": running,
        "method": newest[1][0].scheme_version if newest else "",
        "figures": next((row for row in statistics.years(zone) if newest and row.year == newest[0]), None),
    }  # fmt: skip
    return render(request, "rankings/public_home.html", context)


@public_page
def boards(request: HttpRequest, park: str) -> HttpResponse:
    """Years and the boards that are on notice or published; `?q=` finds firms by name."""
    zone = zone_now(park)
    text = request.GET.get("q", "").strip()
    years = [(year, [(row, public.title_of(row)) for row in rows]) for year, rows in public.years(zone)]
    context = {
        "zone": zone, "park": zone, "years": [] if text else years, "q": text,
        "found": profiles.search(zone, text) if text else None,
    }  # fmt: skip
    return render(request, "rankings/public_boards.html", context)


@public_page
def board_history(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """All editions of a board and what each changed."""
    zone = zone_now(park)
    rows = history.versions(zone, year, board)
    if not rows:
        raise NotFound(code="no_such_board", message=_("这个榜单还没有公示或发布。"))
    steps = [history.between(before, after) for before, after in zip(rows, rows[1:], strict=False)]
    context = {
        "zone": zone, "park": zone, "rows": rows[::-1], "steps": steps[::-1], "year": year, "code": board,
        "name": public.title_of(rows[-1]),
    }  # fmt: skip
    return render(request, "rankings/public_history.html", context)


@public_page
def firm(request: HttpRequest, park: str, uscc: str) -> HttpResponse:
    """What a firm and the park agreed to show, and its places on final boards."""
    zone = zone_now(park)
    profile, name, places = profiles.shown(zone, uscc)
    context = {"zone": zone, "park": zone, "profile": profile, "name": name, "uscc": uscc, "places": places}
    return render(request, "rankings/public_firm.html", context)


@public_page
def years_page(request: HttpRequest, park: str) -> HttpResponse:
    """Boards over the years in figures; `?format=csv` as a file."""
    zone = zone_now(park)
    rows = statistics.years(zone)
    if request.GET.get("export") in ("csv", "xlsx"):
        heads = (_("年度"), _("榜单"), _("参评企业"), _("上榜企业"), _("首次上榜"))
        table = [
            dict(zip(heads, (row.year, name, eligible, row.firms, row.newcomers), strict=True))
            for row in rows
            for _code, name, eligible in row.boards
        ]
        return export_rows(table, columns=heads, filename=f"{zone.code}-years", kind=request.GET["export"])
    return render(request, "rankings/public_years.html", {"zone": zone, "park": zone, "rows": rows})


@public_page
def awards(request: HttpRequest, park: str) -> HttpResponse:
    """The special fund: plans on notice and approved."""
    zone = zone_now(park)
    context = {"zone": zone, "park": zone, "plans": award_queries.public_plans(zone)}
    return render(request, "rankings/public_awards.html", context)


@public_page
def feed(request: HttpRequest, park: str) -> HttpResponse:
    """RSS 2.0 of notices and publications."""
    zone = zone_now(park)
    rows = list(public.boards(zone).order_by("-seq")[:30])
    items = [
        (
            row, public.title_of(row), request.build_absolute_uri(_notice_url(zone, row)),
            row.published_at or row.notice_starts_at, public.state_words(row),
        )
        for row in rows
    ]  # fmt: skip
    context = {
        "zone": zone,
        "items": items,
        "link": request.build_absolute_uri(reverse("rankings:public_home", args=[park])),
    }
    return render(request, "rankings/feed.xml", context, content_type="application/rss+xml; charset=utf-8")


@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page of every zone."""
    pages: list[str] = []
    for zone in Park.objects.filter(kind=Park.Kind.ZONE).order_by("pk"):
        pages += [
            reverse(f"rankings:{name}", args=[zone.code])
            for name in ("public_home", "public_boards", "public_notices", "public_years", "public_awards")
        ]
        for row in public.boards(zone).order_by("seq"):
            pages.append(_notice_url(zone, row))
            if row.state in ("final", "on_notice"):
                pages.append(reverse("rankings:public_board", args=[zone.code, row.year, row.board]))
                pages.append(reverse("rankings:public_method", args=[zone.code, row.scheme_version]))
    urls = [request.build_absolute_uri(page) for page in dict.fromkeys(pages)]
    return render(
        request, "rankings/sitemap.xml", {"urls": urls}, content_type="application/xml; charset=utf-8"
    )


@public_page
def index_json(request: HttpRequest, park: str) -> HttpResponse:
    """All published boards of a zone for programs, without their lines; each names the address of its own JSON."""
    zone = zone_now(park)
    rows = [
        {
            "year": row.year, "board": row.board, "edition": row.number, "state": row.state, "name": row.name_zh,
            "content_hash": row.content_hash, "seq": row.seq, "chain": row.chain,
            "url": request.build_absolute_uri(reverse("rankings:public_board_json", args=[park, row.year, row.board])),
        }
        for row in public.boards(zone).order_by("-seq")
    ]  # fmt: skip
    return JsonResponse({"zone": zone.code, "boards": rows}, json_dumps_params={"ensure_ascii": False})


def _notice_url(zone: Park, row: PublishedBoard) -> str:
    return reverse("rankings:public_notice", args=[zone.code, row.pk])


@public_page
def board(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """The board in force; `?export=csv` downloads it."""
    return _board(request, public.shown(zone_now(park), year, board))


@public_page
def edition(request: HttpRequest, park: str, year: int, board: str, number: int) -> HttpResponse:
    """A certain edition, with a banner when it is not the one in force."""
    return _board(request, public.edition(zone_now(park), year, board, number))


@public_page
def board_place(request: HttpRequest, park: str, year: int, board: str, position: int) -> HttpResponse:
    """One place of the board in force: the page that a firm shares."""
    zone = zone_now(park)
    place = public.place(zone, year, board, position)
    return render(
        request,
        "rankings/public_place.html",
        {"zone": zone, "park": zone, "place": place, "card": _card_url(request, place.published, position)},
    )


@public_page
def board_card(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """The picture for a shared link to the board."""
    zone = zone_now(park)
    published = public.shown(zone, year, board)
    first = public.lines_of(published)[:CARD_FIRMS]
    return _picture(
        lambda: cards.board_card(
            zone=zone.display_name, title=_titled(published), state=public.state_words(published),
            firms=tuple((one.line.place, one.line.name) for one in first), foot=_foot(request, published),
        )
    )  # fmt: skip


@public_page
def place_card(request: HttpRequest, park: str, year: int, board: str, position: int) -> HttpResponse:
    """The picture for a shared link to a place."""
    zone = zone_now(park)
    place = public.place(zone, year, board, position)
    return _picture(
        lambda: cards.place_card(
            zone=zone.display_name, firm=place.line.name, title=_titled(place.published), place=place.words,
            state=public.state_words(place.published), foot=_foot(request, place.published),
        )
    )  # fmt: skip


def _titled(published: PublishedBoard) -> str:
    return _("%(year)s 年度%(board)s") % {"year": published.year, "board": public.title_of(published)}


def _foot(request: HttpRequest, published: PublishedBoard) -> str:
    """Where it can be checked, and the start of the content's hash."""
    return _("%(host)s · 内容摘要 %(hash)s") % {
        "host": request.get_host(),
        "hash": published.content_hash[:16],
    }


def _picture(draw: Callable[[], bytes]) -> HttpResponse:
    try:
        return HttpResponse(draw(), content_type="image/png")
    except cards.NoFont as missing:
        raise NotFound(code="no_card", message=_("本机没有中文字体，不能制作分享图。")) from missing


def _card_url(request: HttpRequest, published: PublishedBoard, position: int | None = None) -> str:
    """Absolute address of the picture; an edition of its own has an address of its own, so that phones do not keep an old one."""
    args = [published.park.code, published.year, published.board]
    path = (
        reverse("rankings:public_board_card", args=args)
        if position is None
        else reverse("rankings:public_place_card", args=[*args, position])
    )
    return request.build_absolute_uri(f"{path}?v={published.content_hash[:8]}{published.state[0]}")


def _board(request: HttpRequest, published: PublishedBoard) -> HttpResponse:
    if request.GET.get("export") in ("csv", "xlsx"):
        return _export(request, published)
    zone = published.park
    return render(
        request,
        "rankings/public_board.html",
        {
            "zone": zone,
            "park": zone,
            "page": public.board_page(published),
            "card": _card_url(request, published),
        },
    )


def _export(request: HttpRequest, published: PublishedBoard) -> HttpResponse:
    heads = (_("名次"), _("并列"), _("企业"), _("统一社会信用代码"), _("企业阶段"), _("榜单得分"))
    rows = [dict(zip(heads, _cells(one), strict=True)) for one in public.lines_of(published)]
    name = f"{published.park.code}-{published.year}-{published.board}-{published.number}"
    return export_rows(rows, columns=heads, filename=name, kind=request.GET["export"])


def _cells(one: public.ShownLine) -> tuple[object, ...]:
    line = one.line
    return line.place, _("并列") if line.tied else "", line.name, line.uscc, one.stage, line.score


@public_page
def board_json(request: HttpRequest, park: str, year: int, board: str) -> HttpResponse:
    """The board in force for programs, with all hashes."""
    try:
        published = public.shown(zone_now(park), year, board)
    except Problem as problem:
        return JsonResponse({"code": problem.code, "detail": str(problem.message)}, status=problem.status)
    return JsonResponse(public.as_json(published), json_dumps_params={"ensure_ascii": False})


@public_page
def notices(request: HttpRequest, park: str) -> HttpResponse:
    zone = zone_now(park)
    return render(
        request, "rankings/public_notices.html", {"zone": zone, "park": zone, "notices": public.notices(zone)}
    )


@public_page
def notice(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    zone = zone_now(park)
    page = public.notice(zone, notice_id)
    return render(
        request,
        "rankings/public_notice.html",
        {"zone": zone, "park": zone, "notice": page, "changes": history.changes_of(page.published)},
    )


@public_page
def notice_print(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    """The notice as a document that the browser prints."""
    context = _notice_document(request, park, notice_id)
    pdf_url = reverse("rankings:public_notice_pdf", args=[park, notice_id])
    return papers.page(request, NOTICE, context, pdf_url=pdf_url)


@public_page
def notice_pdf(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    """The notice as a PDF in the red-head style."""
    context = _notice_document(request, park, notice_id)
    page_url = reverse("rankings:public_notice_print", args=[park, notice_id])
    return papers.file(request, NOTICE, context, filename=f"notice-{park}-{notice_id}", page_url=page_url)


def _notice_document(request: HttpRequest, park: str, notice_id: int) -> dict[str, Any]:
    zone = zone_now(park)
    page = public.notice(zone, notice_id)
    path = reverse("rankings:public_notice", args=[park, notice_id])
    url = request.build_absolute_uri(path)
    return {
        "zone": zone, "notice": page, "changes": history.changes_of(page.published), "back_url": path, "check_url": url,
        "qr": papers.qr(url), "dated": day_of(page.published.notice_starts_at),
        "year": page.published.notice_starts_at.year,
        "witness": certificates.witnesses(zone).filter(at__lte=page.published.notice_starts_at).first(),
    }  # fmt: skip


def track(request: HttpRequest, park: str) -> HttpResponse:
    """Where an objection stands, for whoever has its receipt and the contact that was left."""
    zone = zone_now(park)
    form = TrackForm(request.POST or None)
    context: dict[str, Any] = {"zone": zone, "park": zone, "form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/public_track.html", context, status=422 if form.is_bound else 200)
    address = client_address(request)
    try:
        lookups.check(address)
        found = objections.tracked(zone=zone, **form.cleaned_data)
    except Problem as problem:
        if problem.status == 404:
            lookups.miss(address)
        return render(
            request, "rankings/public_track.html", context | {"problem": problem}, status=problem.status
        )
    return render(request, "rankings/public_track.html", context | {"found": found})


def file_objection(request: HttpRequest, park: str, notice_id: int) -> HttpResponse:
    """The form for everybody; after the end it is gone."""
    zone = zone_now(park)
    page = public.notice(zone, notice_id)
    if not page.is_open:
        raise Gone(
            code="notice_over",
            message=_("公示期已满，逾期视为无异议。"),
            remedy=_("公示截止 %(end)s。仍要反映情况的，请联系 %(contact)s。")
            % {"end": page.ends, "contact": page.published.notice_contact},
        )
    form = ObjectionForm(request.POST or None, request.FILES or None, firms=public.open_to_objection(page))
    context = {"zone": zone, "park": zone, "notice": page, "form": form}
    if request.method == "GET" or not form.is_valid():
        return render(request, "rankings/public_object.html", context, status=422 if form.is_bound else 200)
    try:
        row = objections.file_publicly(
            published=page.published,
            address=client_address(request),
            **form.cleaned_data,
        )
    except Problem as problem:
        if problem.status == 410:
            raise
        return render(
            request, "rankings/public_object.html", context | {"problem": problem}, status=problem.status
        )
    return render(request, "rankings/public_receipt.html", context | {"receipt": row.receipt}, status=201)


@public_page
def method(request: HttpRequest, park: str, version: str) -> HttpResponse:
    """A published method in words; `?format=json` downloads the scheme itself."""
    zone = zone_now(park)
    row = public.method(zone, version)
    if request.GET.get("format") == "json":
        response = JsonResponse(row.body, json_dumps_params={"ensure_ascii": False, "indent": 1})
        response["Content-Disposition"] = f'attachment; filename="{row.code}-{row.digest[:12]}.json"'
        return response
    return render(
        request, "rankings/public_method.html", {"zone": zone, "park": zone, "page": public.method_page(row)}
    )

"""The hall screen 数据大屏: released figures of scores, boards, awards and loans on one picture, and as JSON.

The address is all a screen has (scoring.queries.screens); what is shown comes from what each room has released.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from finance.queries import released
from parks.clock import db_now
from parks.http import whole
from parks.models import Park
from parks.scope import park_scope
from rankings.queries import awards, public
from rankings.states import EditionState
from scoring.queries import screens

SECONDS = 20
CACHE_SECONDS = 60
NAMES = 12  # of a board, as many as the picture holds
WAN = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Board:
    """A published board: its lines as the public page has them."""

    code: str
    name: str
    year: int
    lines: list[public.ShownLine]


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is released in a zone today."""

    zone: Park
    scores: screens.Screen | None
    boards: list[Board]
    loans: released.Loans | None
    paid: Decimal

    @property
    def figures(self) -> list[tuple[str, str, str]]:
        """(label, figure, unit), only what there is."""
        found: list[tuple[str, str, str]] = []
        if self.scores is not None:
            coverage = self.scores.coverage
            found += [
                (_("计入企业"), f"{coverage.scored:,}", _("家")),
                (_("申报覆盖率"), f"{coverage.share:.1f}", "%"),
                (_("数据齐全"), f"{coverage.complete:,}", _("家")),
            ]
        if self.boards:
            firms = {one.line.uscc for board in self.boards for one in board.lines}
            found.append((_("上榜企业"), f"{len(firms):,}", _("家")))
        if self.loans is not None:
            found += [
                (_("获贷企业"), f"{self.loans.enterprises:,}", _("家")),
                (_("累计放款"), f"{self.loans.amount / WAN:,.0f}", _("万元")),
            ]
        if self.paid:
            found.append((_("专项资金已兑付"), f"{self.paid / WAN:,.0f}", _("万元")))
        return found


def picture(zone: Park) -> Picture:
    """The picture of a park that was entered."""
    newest = next(iter(public.years(zone)), (0, []))[1]
    final = [row for row in newest if row.state == EditionState.FINAL]
    plans = awards.public_plans(zone)
    return Picture(
        zone=zone,
        scores=screens.released(),
        boards=[Board(row.board, public.title_of(row), row.year, public.lines_of(row)) for row in final],
        loans=released.loans(),
        paid=sum((one.amount for plan in plans for one in plan.shown if one.state == "paid"), Decimal(0)),  # type: ignore[attr-defined]
    )


def screen(request: HttpRequest, token: str) -> HttpResponse:
    """One picture with a board that changes by itself unless it is paused. Works without script."""
    link = screens.link_of(token)
    with park_scope(link.park.pk):
        found = picture(link.park)
        turns = max(len(found.boards), 1)
        number = (whole(request.GET.get("slide", "")) or 0) % turns
        spreads = found.scores.spreads if found.scores else []
        context = {
            "picture": found,
            "zone": link.park,
            "token": token,
            "board": found.boards[number] if found.boards else None,
            "names": NAMES,
            "spread": spreads[number % len(spreads)] if spreads else None,
            "tiles": next((spread.rows for spread in spreads if spread.kind == "sub_park"), []),
            "number": number,
            "next": (number + 1) % turns,
            "before": (number - 1) % turns,
            "count": turns,
            "paused": "pause" in request.GET,
            "seconds": SECONDS,
            "now": db_now(),
        }
        return render(request, "innovscore/screen.html", context)


def data(request: HttpRequest, token: str) -> HttpResponse:
    """The same for a screen of somebody else's: figures as text where digits count."""
    link = screens.link_of(token)
    with park_scope(link.park.pk):
        answer = JsonResponse(as_json(picture(link.park)), json_dumps_params={"ensure_ascii": False})
    answer["Cache-Control"] = f"private, max-age={CACHE_SECONDS}"
    return answer


def as_json(found: Picture) -> dict[str, Any]:
    """Released figures for programs; keys are stable, what was not released is null or an empty list."""
    scores = found.scores
    return {
        "zone": found.zone.code,
        "name": found.zone.display_name,
        "as_of": db_now().isoformat(),
        "scores": scores
        and {
            "year": scores.run.cycle.year,
            "run_hash": scores.run.run_hash,
            "released_at": scores.run.official_at.isoformat() if scores.run.official_at else None,
            "scored": scores.coverage.scored,
            "ranked": scores.coverage.ranked,
            "complete": scores.coverage.complete,
            "coverage_percent": f"{scores.coverage.share:.2f}",
            "distribution": {"edges": scores.charts.edges, "counts": scores.charts.counts},
            "groups": [
                {"kind": spread.kind, "name": name, "ranked": n, "quartiles": five}
                for spread in scores.spreads
                for name, n, five in zip(spread.labels, spread.counts, spread.summaries, strict=True)
            ],
            "method": scores.run.scheme_version.version,
            "years": [{"year": year, "typical_total": f"{total:.2f}"} for year, total in scores.years],
        },
        "boards": [
            {
                "code": board.code,
                "name": board.name,
                "year": board.year,
                "entries": [
                    {"place": one.line.place, "name": one.line.name, "score": f"{one.score:.4f}"}
                    for one in board.lines
                ],
            }
            for board in found.boards
        ],
        "loans": found.loans
        and {"enterprises": found.loans.enterprises, "amount": f"{found.loans.amount:.2f}"},
        "awards_paid": f"{found.paid:.2f}",
    }

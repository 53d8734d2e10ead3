from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from parks.http import ParkRequest

from ..models import ScoreResult
from ..queries import cycles, explain, standing


def own_years(request: ParkRequest, park: str) -> HttpResponse:
    """The enterprise's years: scored, waiting, or not taking part."""
    organisation = request.actor.organisation_id
    years = standing.standings_of_organisation(organisation)
    scored = {item.cycle_year for item in years}
    waiting = [line for line in cycles.overview() if line.cycle.year not in scored]
    return render(request, "scoring/own_years.html", {"years": years[::-1], "waiting": waiting})


def own(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The score page of the enterprise that acts."""
    return _page(
        request,
        explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id),
        is_own=True,
    )


def own_item(request: ParkRequest, park: str, year: int, code: str) -> HttpResponse:
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    return _item(request, row, code, is_own=True)


def office(request: ParkRequest, park: str, enterprise_id: int, year: int) -> HttpResponse:
    """The same page for the park's office."""
    return _page(request, explain.result_of(year=year, enterprise_id=enterprise_id), is_own=False)


def office_item(request: ParkRequest, park: str, enterprise_id: int, year: int, code: str) -> HttpResponse:
    return _item(request, explain.result_of(year=year, enterprise_id=enterprise_id), code, is_own=False)


def _page(request: ParkRequest, row: ScoreResult, *, is_own: bool) -> HttpResponse:
    score = explain.score_page(row)
    years = [item.cycle_year for item in score.history]
    totals = [float(item.total) for item in score.history]
    context = {
        "score": score,
        "is_own": is_own,
        "stage_source": _("同阶段有名次的企业：%(n)s 家") % {"n": score.standing.stage_ranked},
        "heads_dimensions": [_("维度"), _("得分"), _("可得分"), _("同阶段中位数")],
        "dimension_rows": [
            (item.name, item.points, item.reachable, f"{item.median:.2f}") for item in score.dimensions
        ],
        "radar_labels": [item.name for item in score.dimensions],
        "radar_values": [item.percent for item in score.dimensions],
        "radar_medians": [item.median_percent for item in score.dimensions],
        "heads_trend": [_("评价年度"), _("总分"), _("总名次")],
        "trend_rows": [(item.cycle_year, item.total, item.place or "—") for item in score.history],
        "trend_years": years,
        "trend_totals": totals,
        "no_strengths": _("没有明显的优势项。"),
        "no_gaps": _("没有明显的短板。"),
    }
    return render(request, "scoring/score.html", context)


def _item(request: ParkRequest, row: ScoreResult, code: str, *, is_own: bool) -> HttpResponse:
    item = explain.item_page(row, code)
    context = {
        "item": item,
        "score": item.page,
        "is_own": is_own,
        "heads_curve": [_("数值"), _("赋分")],
        "curve_x": float(item.line.x) if item.line.x else None,
        "curve_y": float(item.line.s) if item.line.x else None,
    }
    return render(request, "scoring/item.html", context)

from __future__ import annotations

from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from parks import papers
from parks.http import ParkRequest

from .. import rules
from ..models import ScoreResult
from ..queries import cycles, explain, fair, standing
from ..queries import portrait as portraits

MOVERS = 9  # indicators in the picture of the change; the table has all
OPENERS = ("park_admin", "park_reviewer", "park_auditor")  # may open evidence, as the route's policy says


def own_years(request: ParkRequest, park: str) -> HttpResponse:
    """The enterprise's years: scored, waiting, or not taking part."""
    organisation = request.actor.organisation_id
    years = fair.years(standing.standings_of_organisation(organisation))
    scored = {item.standing.cycle_year for item in years.years}
    waiting = [line for line in cycles.overview() if line.cycle.year not in scored]
    return render(request, "scoring/own_years.html", {"years": years, "waiting": waiting})


def own(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The score page of the enterprise that acts."""
    return _page(
        request,
        explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id),
        is_own=True,
    )


def own_report(request: ParkRequest, park: str, year: int) -> HttpResponse:
    """The score on paper, for the enterprise that acts."""
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    return _report(request, row, reverse("scoring:own_score", args=[park, year]))


def own_item(request: ParkRequest, park: str, year: int, code: str) -> HttpResponse:
    row = explain.result_of(year=year, enterprise__organisation_id=request.actor.organisation_id)
    return _item(request, row, code, is_own=True)


def office(request: ParkRequest, park: str, enterprise_id: int, year: int) -> HttpResponse:
    """The same page for the park's office."""
    return _page(request, explain.result_of(year=year, enterprise_id=enterprise_id), is_own=False)


def office_report(request: ParkRequest, park: str, enterprise_id: int, year: int) -> HttpResponse:
    """The same on paper for the park's office."""
    row = explain.result_of(year=year, enterprise_id=enterprise_id)
    return _report(request, row, reverse("scoring:score", args=[park, enterprise_id, year]))


def office_item(request: ParkRequest, park: str, enterprise_id: int, year: int, code: str) -> HttpResponse:
    return _item(request, explain.result_of(year=year, enterprise_id=enterprise_id), code, is_own=False)


def _page(request: ParkRequest, row: ScoreResult, *, is_own: bool) -> HttpResponse:
    score = explain.score_page(row)
    around = portraits.portrait(score)
    context = {
        "is_own": is_own,
        "sections": [(item, item.strips(f"{request.path}item/")) for item in score.dimensions],
        "wishes": rules.WISHED_POINTS,
    }
    return render(request, "scoring/score.html", context | _figures(score, around) | _change(around))


def _report(request: ParkRequest, row: ScoreResult, back_url: str) -> HttpResponse:
    """A page that prints; `?export=pdf` the file."""
    score = explain.score_page(row)
    sources = explain.sources_of(score)
    context = _figures(score, portraits.portrait(score)) | {
        "zone": request.park,
        "back_url": back_url,
        "sections": [
            (item, [(line, sources[line.code]) for line in item.indicators]) for item in score.dimensions
        ],
    }
    template = "scoring/documents/report.html"
    if request.GET.get("export") == "pdf":
        filename = f"score-{row.uscc}-{row.run.cycle.year}"
        return papers.file(request, template, context, filename=filename, page_url=request.path)
    return papers.page(request, template, context, pdf_url=f"{request.path}?export=pdf")


def _figures(score: explain.ScorePage, around: portraits.Portrait) -> dict[str, object]:
    return {
        "score": score,
        "around": around,
        "trend": around.trend,
        "stage_source": _("同阶段有名次的企业：%(n)s 家") % {"n": score.standing.stage_ranked},
        "heads_dimensions": [_("维度"), _("得分"), _("可得分"), _("同阶段中位数")],
        "dimension_rows": [
            (item.name, item.points, item.reachable, f"{item.median:.2f}") for item in score.dimensions
        ],
        "radar_labels": [item.name for item in score.dimensions],
        "radar_values": [item.percent for item in score.dimensions],
        "radar_medians": [item.median_percent for item in score.dimensions],
    }


def _change(around: portraits.Portrait) -> dict[str, object]:
    """Parts of the change as a chart: method, stage, deductions, and every indicator that moved."""
    change = around.change
    if change is None:
        return {}
    parts = [
        (_("评价办法变更"), change.method),
        (
            _("阶段变化：%(before)s → %(after)s")
            % {"before": change.stage_before, "after": change.stage_after},
            change.stage,
        ),
        (_("扣分变化"), change.deductions),
    ]
    shown = [(label, value) for label, value in parts if value] + [
        (mover.name, mover.change) for mover in change.shown[:MOVERS]
    ]
    rest = change.shown[MOVERS:]
    if rest:
        shown.append(
            (_("其余 %(n)s 项合计") % {"n": len(rest)}, sum((mover.change for mover in rest), Decimal(0)))
        )
    return {
        "change_labels": [label for label, _value in shown],
        "change_values": [float(value) for _label, value in shown],
        "heads_change": [_("原因"), _("上年数值"), _("本年数值"), _("分数变动")],
        "change_rows": [(label, "", "", f"{value:+.2f}") for label, value in parts if value]
        + [
            (
                mover.name,
                f"{mover.x_before or '—'} {mover.unit}",
                f"{mover.x_after or '—'} {mover.unit}",
                f"{mover.change:+.2f}",
            )
            for mover in change.shown
        ],
    }


def _item(request: ParkRequest, row: ScoreResult, code: str, *, is_own: bool) -> HttpResponse:
    item = explain.item_page(row, code)
    context = {
        "item": item,
        "score": item.page,
        "is_own": is_own,
        "may_open": is_own or request.actor.role in OPENERS,
        "heads_curve": [_("数值"), _("赋分")],
        "heads_strip": [_("本企业"), _("四分之一"), _("中位数"), _("四分之三")],
        "strip": [item.strip],
        "strip_rows": [(item.line.s, item.line.low, item.line.median, item.line.high)],
        "stage_source": _("同阶段有名次的企业：%(n)s 家") % {"n": item.page.standing.stage_ranked},
        "curve_x": float(item.line.x) if item.line.x else None,
        "curve_y": float(item.line.s) if item.line.x else None,
    }
    return render(request, "scoring/item.html", context)

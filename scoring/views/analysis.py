from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import NotFound
from parks.http import ParkRequest
from parks.showing import loads_again

from ..models import ScoreRun
from ..queries import analysis as queries
from ..queries import charts, method, results
from ..queries import dry_run as trying
from ..queries.schemes import names_of, scheme_of
from ..services import dry_runs, reviews

DOTS_LISTED = 200  # in the table behind the scatter
ASKERS = ("park_admin", "score_officer")
KINDS = {
    "stage": gettext_lazy("发展阶段"),
    "industry": gettext_lazy("行业"),
    "sub_park": gettext_lazy("园区"),
}


def _computed(run_id: int) -> ScoreRun:
    run = results.get_run(run_id)
    if run.state != ScoreRun.State.COMPUTED:
        raise NotFound(code="not_computed", message=_("这次运行还没有结果。"))
    return run


def _chosen(request: HttpRequest, name: str, choices: dict[str, str], default: str) -> str:
    value = request.GET.get(name, "")
    return value if value in choices else default


def analysis(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """Spread by stage, industry and sub-park; two indicators against each other; leaders."""
    run = _computed(run_id)
    scheme = scheme_of(run.scheme_version)
    indicators = names_of(scheme.indicators)
    measure = _chosen(request, "of", indicators, queries.TOTAL)
    heavy = queries.heaviest(scheme)
    first, second = (
        _chosen(request, "x", indicators, heavy[0]),
        _chosen(request, "y", indicators, heavy[1 % len(heavy)]),
    )
    review = queries.review_of(run)
    dots = queries.pairs(run, first, second)
    points = [(dot.x, dot.y) for dot in dots]
    leaders = queries.leaders(run, scheme, measure)
    context = {
        "run": run,
        "review": review,
        "charts": charts.of_run(run, scheme),
        "indicators": indicators.items(),
        "measure": measure,
        "measure_name": indicators.get(measure, _("总分")),
        "most": int(scheme.most_points),
        "top": int(scheme.most_points) if measure == queries.TOTAL else 1,
        "spreads": [
            (KINDS[item.kind], item, _members(park, run, item))
            for item in queries.spreads(run, scheme, review, measure)
        ],
        "years": queries.years(review),
        "heads_box": [_("组"), _("有名次"), _("最低"), _("四分之一"), _("中位数"), _("四分之三"), _("最高")],
        "heads_histogram": [_("分数段"), _("家数")],
        "x": first,
        "y": second,
        "x_name": indicators[first],
        "y_name": indicators[second],
        "points": points,
        "heads_points": [_("企业"), indicators[first], indicators[second]],
        "dots": [(dot.name, f"{dot.x:.4f}", f"{dot.y:.4f}") for dot in dots[:DOTS_LISTED]],
        "correlation": queries.correlation(points),
        "heads_leaders": [_("企业"), _("阶段"), indicators.get(measure, _("总分"))],
        "leaders": [(one.name, one.stage, one.value) for one in leaders],
        "leader_names": [f"{number}. {one.name}" for number, one in enumerate(leaders, start=1)],
        "leader_values": [float(one.value) for one in leaders],
        "leader_urls": [
            reverse("scoring:score", args=[park, one.enterprise_id, run.cycle.year]) for one in leaders
        ],
    }
    return render(request, "scoring/analysis.html", context)


def _members(park: str, run: ScoreRun, spread: queries.Spread) -> list[str]:
    """Addresses of the run's list with the firms of each group."""
    page = reverse("scoring:run", args=[park, run.pk])
    return [f"{page}?{urlencode({spread.kind: key})}" for key in spread.keys]


def lab(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """How firm the places are: around the last place of each board, and by leaving each indicator out."""
    run = _computed(run_id)
    if request.method == "POST":
        reviews.request_review(by=request.actor, run=run)
        return redirect("scoring:lab", park=park, run_id=run.pk)
    review = queries.review_of(run)
    context: dict[str, Any] = {"run": run, "review": review, "can_ask": request.actor.role in ASKERS}
    if review is not None and review.finished_at is not None:
        scheme = scheme_of(run.scheme_version)
        names = names_of(scheme.indicators)
        moves = sorted(review.sensitivity.get("left_out_moves", {}).items(), key=lambda item: -item[1][0])
        context |= {
            "settings": review.sensitivity,
            "method": method.of_review(review, scheme),
            "weights_percent": round(100 * review.sensitivity.get("weights", 0)),
            "boards": [
                (
                    name,
                    rows,
                    top,
                    [(row.label, row.place, row.low, row.high, f"{row.percent:.0f}%") for row in rows],
                )
                for name, rows, top in queries.around_the_cuts(run, scheme, review)
            ],
            "size": scheme.board_rules.size,
            "heads_board": [_("企业"), _("名次"), _("区间低"), _("区间高"), _("留在榜上的比例")],
            "heads_moves": [_("去掉的指标"), _("名次平均变动"), _("最大变动")],
            "moves_rows": [(names.get(code, code), mean, most) for code, (mean, most) in moves],
            "moves_labels": [names.get(code, code) for code, _pair in moves],
            "moves_values": [pair[0] for _code, pair in moves],
        }
    return loads_again(render(request, "scoring/lab.html", context), review.job if review else None)


def dry_run(request: ParkRequest, park: str, version_id: int) -> HttpResponse:
    """What a scheme version, also a draft, would do to the last snapshot; large zones ask a job (POST)."""
    tried = trying.subject(version_id)
    if request.method == "POST":
        dry_runs.request(by=request.actor, version_id=version_id)
        return redirect("scoring:dry_run", park=park, version_id=version_id)
    job = trying.job_of(tried) if tried.is_large else None
    if tried.is_large and (job is None or job.state != "succeeded"):
        return _dry_run_waiting(request, tried, job)
    found = trying.told(tried, job.result if job else trying.computed(tried))
    context: dict[str, Any] = {
        "dry": found,
        "heads_histogram": [_("分数段"), _("现行"), _("此版本")],
        "heads_top": [_("企业"), _("现行名次"), _("此版本名次")],
        "top_names": [name for name, _old, _new in found.top],
        "top_before": [old for _name, old, _new in found.top],
        "top_after": [new for _name, _old, new in found.top],
        "heads_box": [_("阶段"), _("最低"), _("四分之一"), _("中位数"), _("四分之三"), _("最高")],
        "box_labels": [
            label
            for name, *_fives in found.stages
            for label in (name + _("（现行）"), name + _("（此版本）"))
        ],
        "box_values": [five for _label, old, new in found.stages for five in (old, new)],
    }
    context["box_rows"] = [
        (label, *five) for label, five in zip(context["box_labels"], context["box_values"], strict=True)
    ]
    return render(request, "scoring/dry_run.html", context)


def _dry_run_waiting(request: ParkRequest, tried: trying.Subject, job: Any) -> HttpResponse:
    context = {"tried": tried, "job": job, "can_ask": request.actor.role in ASKERS}
    return loads_again(render(request, "scoring/dry_run_waiting.html", context), job)

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import access
from parks.http import ParkRequest, whole
from parks.listing import export_rows, listing
from parks.showing import loads_again

from ..filters import AnomalyFilter, MoverFilter, ResultFilter
from ..models import ScoreRun
from ..queries import anomalies, charts, results, run_diff
from ..queries.schemes import name_of, scheme_of
from ..queries.wording import MOVED_BY
from ..services import anomalies as anomaly_services
from ..services import runs as services

DIFF_COLUMNS = ("uscc", "name", "before", "after", "place_before", "place_after", "method", "data", "reason")
ANOMALY_COLUMNS = (
    "enterprise__uscc", "enterprise__name", "rule", "detail", "note", "cleared_by_name", "cleared_at",
)  # fmt: skip
SORTABLE = ("place", "stage_place", "total", "completeness", "uscc", "enterprise__name")
COLUMNS = (
    "place", "stage_place", "uscc", "enterprise__name", "enterprise__sub_park__name", "enterprise__industry", "stage",
    "total", "completeness", "deductions",
)  # fmt: skip


def run(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """A run: progress while it is computed; then its sheet, distribution and the list of enterprises."""
    row = results.get_run(run_id)
    if row.state != ScoreRun.State.COMPUTED:
        return _waiting(request, row)
    scheme = scheme_of(row.scheme_version)
    page = listing(
        request,
        results.of_run(row),
        filterset=cast(Any, partial(ResultFilter, run=row, choices=results.filter_choices(row, scheme))),
        columns=COLUMNS,
        filename=f"scores-{row}",
        sortable=SORTABLE,
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "run": row,
        "page": page,
        "lines": [results.line(result, row, scheme) for result in page],
        "dimensions": [name_of(item) for item in scheme.dimensions],
        "is_current": results.current_run_id(row.cycle_id) == row.pk,
        "charts": charts.of_run(row, scheme),
        "anomalies": anomalies.counts(row),
        "coverage": results.coverage(row),
        "heads_histogram": [_("分数段"), _("家数")],
        "heads_strips": [
            _("阶段"),
            _("企业数"),
            _("有名次"),
            _("最低"),
            _("四分之一"),
            _("中位数"),
            _("四分之三"),
            _("最高"),
        ],
    }
    return render(request, "scoring/run.html", context)


def cancel(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """Stop a computation that waits or runs; it can be asked for again."""
    services.cancel_run(by=request.actor, run=results.get_run(run_id))
    messages.success(request, _("已要求停止。"))
    return redirect("scoring:run", park=park, run_id=run_id)


def diff(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """Who moved between two runs, and why."""
    after = results.get_run(run_id)
    others = run_diff.others(after)
    chosen = request.GET.get("before", "")
    before = next((run for run in others if str(run.pk) == chosen), others[0] if others else None)
    if before is None or after.state != ScoreRun.State.COMPUTED:
        return render(request, "scoring/run_diff.html", {"run": after})
    found = run_diff.between(before, after)
    page = listing(
        request,
        cast(Any, found.moved),
        filterset=cast(Any, partial(MoverFilter, others=others)),
    )
    export = request.GET.get("export")
    if export in ("csv", "xlsx"):  # whole: they are at hand
        movers = page.filterset.qs  # type: ignore[union-attr]
        return export_rows(movers, columns=DIFF_COLUMNS, filename=f"diff-{before}-{after}", kind=export)
    context = {
        "run": after,
        "diff": found,
        "page": page,
        "labels": MOVED_BY,
        "counts": [(MOVED_BY[reason], n) for reason, n in found.counts.items()],
    }
    return render(request, "scoring/run_diff.html", context)


def anomaly_list(request: ParkRequest, park: str, run_id: int) -> HttpResponse:
    """Anomalies of a run; the office clears those it has looked at, with a note."""
    row = results.get_run(run_id)
    problem, status = None, 200
    ids = [number for text in request.POST.getlist("ids") if (number := whole(text)) is not None]
    if request.method == "POST":
        try:
            cleared = anomaly_services.clear(
                by=request.actor, run=row, ids=ids, note=request.POST.get("note", "")
            )
        except Problem as refused:
            problem, status = refused, refused.status
        else:
            messages.success(request, _("已销号 %(n)s 条异常。") % {"n": cleared})
            return redirect("scoring:anomalies", park=park, run_id=row.pk)
    page = listing(
        request,
        anomalies.of_run(row),
        filterset=AnomalyFilter,
        columns=ANOMALY_COLUMNS,
        filename=f"anomalies-{row}",
        sortable=("rule", "enterprise__name"),
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "run": row,
        "page": page,
        "lines": [(item, anomalies.sentence(item, row)) for item in page],
        "counts": anomalies.counts(row),
        "can_clear": access.may(request.actor.role, "scoring:anomalies", "POST")
        and results.current_run_id(row.cycle_id) == row.pk,
        "problem": problem,
        "chosen": ids,
        "note": request.POST.get("note", ""),
    }
    return render(request, "scoring/anomalies.html", context, status=status)


def _waiting(request: ParkRequest, row: ScoreRun) -> HttpResponse:
    """Progress; the page loads itself again until the result is there, with or without script."""
    context = {
        "run": row,
        "job": row.job,
        "can_change": access.may(request.actor.role, "scoring:cancel_run", "POST"),
    }
    return loads_again(render(request, "scoring/run_waiting.html", context), row.job)

from __future__ import annotations

from functools import partial
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from parks.http import ParkRequest
from parks.listing import listing

from ..filters import ResultFilter
from ..models import ScoreRun
from ..queries import charts, results
from ..queries.schemes import name_of, scheme_of

REFRESH_SECONDS = 3
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


def _waiting(request: ParkRequest, row: ScoreRun) -> HttpResponse:
    """Progress; the page loads itself again until the result is there, with or without script."""
    response = render(request, "scoring/run_waiting.html", {"run": row, "job": row.job})
    if row.job is not None and not row.job.is_over:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response

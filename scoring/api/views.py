from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from innovscore.core.problems import NotFound, Refused
from parks.api.authentication import actor_of
from parks.api.pagination import Pages

from ..filters import ResultFilter
from ..queries import explain, results, standing
from ..queries.schemes import scheme_of
from .serializers import IndicatorSerializer, ResultSerializer, ScoreSerializer, StandingSerializer


class OwnScores(APIView):
    """Standings of the enterprise that the caller acts for, newest year first."""

    @extend_schema(responses=StandingSerializer(many=True))
    def get(self, request: Request, park: str) -> Response:
        rows = standing.standings_of_organisation(actor_of(request).organisation_id)[::-1]
        pages = Pages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(StandingSerializer(page, many=True).data)


class OwnScore(APIView):
    """The score of one year with every indicator."""

    @extend_schema(responses=ScoreSerializer)
    def get(self, request: Request, park: str, year: int) -> Response:
        page = explain.score_page(
            explain.result_of(year=year, enterprise__organisation_id=actor_of(request).organisation_id)
        )
        lines = [line for dimension in page.dimensions for line in dimension.indicators]
        return Response(
            {
                "standing": StandingSerializer(page.standing).data,
                "indicators": IndicatorSerializer(lines, many=True).data,
            }
        )


class Results(APIView):
    """Results of the current run of a year, by place; the filters of the page work here too."""

    @extend_schema(responses=ResultSerializer(many=True))
    def get(self, request: Request, park: str, year: int) -> Response:
        run = standing.current_run_of_year(year)
        if run is None:
            raise NotFound(code="no_run", message=_("%(year)s 年度还没有计算结果。") % {"year": year})
        choices = results.filter_choices(run, scheme_of(run.scheme_version))
        filtered = ResultFilter(request.query_params, queryset=results.of_run(run), run=run, choices=choices)
        if not filtered.is_valid():
            raise Refused(
                code="bad_filter", message=str(_first(filtered.errors)), field=next(iter(filtered.errors))
            )
        pages = Pages()
        page: list[Any] | None = pages.paginate_queryset(filtered.qs, request, view=self)
        return pages.get_paginated_response(ResultSerializer(page, many=True).data)


def _first(errors: Any) -> str:
    return str(next(iter(errors.values()))[0])

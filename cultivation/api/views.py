"""What firms may claim, for reading; the filters of the page work here too."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from enterprises.queries import enterprises
from parks.api.authentication import actor_of
from parks.api.pagination import Pages

from ..filters import MatchFilter
from ..models import Match
from ..queries import matching
from .serializers import MatchSerializer, OfferSerializer


class OwnPolicies(APIView):
    """Every policy in force for the enterprise that the caller acts for, what it may claim first."""

    @extend_schema(responses=OfferSerializer(many=True))
    def get(self, request: Request, park: str) -> Response:
        found = matching.overview(enterprises.own_or_404(actor_of(request)).pk)
        pages = Pages()
        rows = [*found.eligible, *found.near, *found.unknown, *found.others]
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(OfferSerializer(page, many=True).data)


class PolicyMatches(ListAPIView):
    """What the last run over all firms of the park found. Filters: name, eligible, policy."""

    serializer_class = MatchSerializer
    filterset_class = MatchFilter

    def get_queryset(self) -> QuerySet[Match]:
        if getattr(self, "swagger_fake_view", False):
            return Match.everywhere.none()
        return matching.matches(matching.current())

"""Enterprises and declarations for reading; the filters of the pages work here too."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from innovscore.core.problems import Refused
from parks.api.authentication import actor_of
from parks.api.pagination import Pages

from ..filters import DeclarationFilter, EnterpriseFilter
from ..models import Declaration
from ..queries import declarations, enterprises
from .serializers import (
    DeclarationSerializer,
    EnterpriseSerializer,
    FullDeclarationSerializer,
    ValueSerializer,
)


def _page(
    view: APIView, request: Request, rows: QuerySet[Any], filterset: type[FilterSet], serializer: type[Any]
) -> Response:
    filtered = filterset(request.query_params, queryset=rows, request=request)
    if not filtered.is_valid():
        field = next(iter(filtered.errors))
        raise Refused(code="bad_filter", field=field, message=str(filtered.errors[field][0]))
    pages = Pages()
    return pages.get_paginated_response(
        serializer(pages.paginate_queryset(filtered.qs, request, view=view), many=True).data
    )


def _full(found: Declaration) -> Response:
    items = [item for section in declarations.sections(found) for item in section.items]
    return Response(
        {"declaration": DeclarationSerializer(found).data, "values": ValueSerializer(items, many=True).data}
    )


class Enterprises(APIView):
    """Enterprises of the park, by name. Filters: q (name or beginning of the code), certification_state, sub_park."""

    @extend_schema(responses=EnterpriseSerializer(many=True))
    def get(self, request: Request, park: str) -> Response:
        return _page(
            self,
            request,
            enterprises.members().order_by("name", "pk"),
            EnterpriseFilter,
            EnterpriseSerializer,
        )


class Enterprise(APIView):
    """One enterprise of the park."""

    @extend_schema(responses=EnterpriseSerializer)
    def get(self, request: Request, park: str, enterprise_id: int) -> Response:
        return Response(EnterpriseSerializer(enterprises.get(enterprise_id)).data)


class Declarations(APIView):
    """Declarations of the park. Filters: q, state, year, sub_park."""

    @extend_schema(responses=DeclarationSerializer(many=True))
    def get(self, request: Request, park: str) -> Response:
        return _page(self, request, declarations.queue(), DeclarationFilter, DeclarationSerializer)


class OneDeclaration(APIView):
    """One declaration of the park with all its values."""

    @extend_schema(responses=FullDeclarationSerializer)
    def get(self, request: Request, park: str, declaration_id: int) -> Response:
        return _full(declarations.get(declaration_id))


class OwnEnterprise(APIView):
    """The enterprise that the caller acts for."""

    @extend_schema(responses=EnterpriseSerializer)
    def get(self, request: Request, park: str) -> Response:
        return Response(EnterpriseSerializer(enterprises.own_or_404(actor_of(request))).data)


class OwnDeclaration(APIView):
    """The caller's declaration of a year with all its values."""

    @extend_schema(responses=FullDeclarationSerializer)
    def get(self, request: Request, park: str, year: int) -> Response:
        return _full(declarations.of_year(enterprise=enterprises.own_or_404(actor_of(request)), year=year))

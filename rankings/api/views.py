from __future__ import annotations

import django_filters
from django.db.models import Prefetch, QuerySet
from rest_framework.generics import ListAPIView

from ..models import PublishedBoard, PublishedEntry
from .serializers import BoardSerializer


class BoardFilter(django_filters.FilterSet):
    """Boards by year, code and state."""

    year = django_filters.NumberFilter()
    board = django_filters.CharFilter()
    state = django_filters.CharFilter()


class Boards(ListAPIView):
    """Boards of the park that are on notice or were published, newest first."""

    serializer_class = BoardSerializer
    filterset_class = BoardFilter

    def get_queryset(self) -> QuerySet[PublishedBoard]:
        if getattr(self, "swagger_fake_view", False):
            return PublishedBoard.everywhere.none()
        entries = PublishedEntry.objects.order_by("position")
        return PublishedBoard.objects.order_by("-seq").prefetch_related(Prefetch("entries", entries))

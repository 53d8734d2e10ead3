from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import AuditEvent


class AuditFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("人员、动作或对象"), method="search")
    after = django_filters.DateFilter(label=_("自"), field_name="at", lookup_expr="date__gte")
    before = django_filters.DateFilter(label=_("至"), field_name="at", lookup_expr="date__lte")

    class Meta:
        model = AuditEvent
        fields = ["q", "after", "before"]

    def search(self, queryset: QuerySet[AuditEvent], name: str, value: str) -> QuerySet[AuditEvent]:
        return queryset.filter(
            Q(action__icontains=value)
            | Q(person_name__icontains=value)
            | Q(object_id=value)
            | Q(object_type__icontains=value)
        )

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import AuditEvent, Notification


class YesNoFilter(django_filters.TypedChoiceFilter):
    """全部, 是 or 否; the method or field gets True or False."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        choices = [("", _("全部")), ("true", _("是")), ("false", _("否"))]
        super().__init__(*args, choices=choices, coerce=lambda text: text == "true", **kwargs)


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


class InboxFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(label=_("类别"), choices=Notification.Kind.choices)
    unread = django_filters.ChoiceFilter(
        label=_("阅读状态"), choices=[("1", _("未读")), ("0", _("已读"))], method="by_read"
    )

    class Meta:
        model = Notification
        fields = ["kind", "unread"]

    def by_read(self, queryset: QuerySet[Notification], name: str, value: str) -> QuerySet[Notification]:
        marked: Any = queryset  # the inbox marks each message with is_read
        return marked.filter(is_read=value == "0")

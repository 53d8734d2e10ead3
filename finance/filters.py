from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from .models import Application, ConsentAccess
from .states import ApplicationState


class ApplicationFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(
        label=_("状态"), choices=ApplicationState.choices, empty_label=_("全部")
    )

    class Meta:
        model = Application
        fields = ["status"]


class AccessFilter(django_filters.FilterSet):
    since = django_filters.DateFilter(label=_("自（日期）"), field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label=_("至（日期）"), field_name="at", lookup_expr="date__lte")

    class Meta:
        model = ConsentAccess
        fields = ["since", "until"]

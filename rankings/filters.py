from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from .states import CertificateState, ObjectionState


class ObjectionFilter(django_filters.FilterSet):
    """Objections by state and receipt."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=ObjectionState.choices)
    receipt = django_filters.CharFilter(label=_("回执号"), lookup_expr="iexact")


class CertificateFilter(django_filters.FilterSet):
    """Certificates by year, state, number and firm."""

    year = django_filters.NumberFilter(label=_("年度"), field_name="published__year")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=CertificateState.choices)
    name = django_filters.CharFilter(label=_("企业"), lookup_expr="icontains")
    number = django_filters.CharFilter(label=_("证书编号"), lookup_expr="icontains")

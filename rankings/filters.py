from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from .states import ObjectionState


class ObjectionFilter(django_filters.FilterSet):
    """Objections by state and receipt."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=ObjectionState.choices)
    receipt = django_filters.CharFilter(label=_("回执号"), lookup_expr="iexact")

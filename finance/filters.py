from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from .models import Application, ConsentAccess, CreditLine, WebhookDelivery
from .states import EVENTS, ApplicationState, LineState


class ApplicationFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(
        label=_("状态"), choices=ApplicationState.choices, empty_label=_("全部")
    )

    class Meta:
        model = Application
        fields = ["status"]


class LineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("状态"), choices=LineState.choices, empty_label=_("全部"))

    class Meta:
        model = CreditLine
        fields = ["state"]


class AccessFilter(django_filters.FilterSet):
    since = django_filters.DateFilter(label=_("自（日期）"), field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label=_("至（日期）"), field_name="at", lookup_expr="date__lte")

    class Meta:
        model = ConsentAccess
        fields = ["since", "until"]


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=WebhookDelivery.State.choices, empty_label=_("全部")
    )
    event = django_filters.ChoiceFilter(label=_("事件"), choices=list(EVENTS.items()), empty_label=_("全部"))

    class Meta:
        model = WebhookDelivery
        fields = ["state", "event"]

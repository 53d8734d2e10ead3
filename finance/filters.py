from __future__ import annotations

import re
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Application, Consent, ConsentAccess, CreditLine, Quote, WebhookDelivery
from .queries.consents import in_state
from .states import CONSENT_STATES, EVENTS, ApplicationState, LineState


def day_filter(label: Any, **kwargs: Any) -> django_filters.DateFilter:
    return django_filters.DateFilter(label=label, widget=forms.DateInput(attrs={"type": "date"}), **kwargs)


class ApplicationFilter(django_filters.FilterSet):
    """Of `applications.with_parts`. Names are found where they are `told` only, so that a search tells nothing more."""

    told = Q(has_contract=True)
    q = django_filters.CharFilter(label=_("编号或企业"), method="search", max_length=120)
    status = django_filters.ChoiceFilter(
        label=_("状态"), choices=ApplicationState.choices, empty_label=_("全部")
    )

    class Meta:
        model = Application
        fields = ["q", "status"]

    def search(self, queryset: QuerySet[Application], name: str, value: str) -> QuerySet[Application]:
        number = re.fullmatch(r"[Aa]?0*(\d{1,9})", value)
        return queryset.filter(
            Q(pk=number[1] if number else None) | self.told & Q(enterprise__name__icontains=value)
        )


class QueueFilter(ApplicationFilter):
    """Of a bank, which holds the consent itself."""

    told = Q(consent_holds=True)


class TrialFilter(django_filters.FilterSet):
    """Of `trial.under`: of enterprises whose consent holds."""

    q = django_filters.CharFilter(label=_("企业"), method="search", max_length=120)
    change = django_filters.ChoiceFilter(
        label=_("变化"), method="changed", choices=[("gt", _("额度增加")), ("lt", _("额度减少")), ("exact", _("额度不变"))], empty_label=_("全部")
    )  # fmt: skip

    class Meta:
        model = Quote
        fields = ["q", "change"]

    def search(self, queryset: QuerySet[Quote], name: str, value: str) -> QuerySet[Quote]:
        return queryset.filter(enterprise__name__icontains=value)

    def changed(self, queryset: QuerySet[Quote], name: str, value: str) -> QuerySet[Quote]:
        return queryset.filter(**{f"difference__{value}": 0})


class LineFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(label=_("状态"), choices=LineState.choices, empty_label=_("全部"))

    class Meta:
        model = CreditLine
        fields = ["state"]


class AccessFilter(django_filters.FilterSet):
    since = day_filter(_("自（日期）"), field_name="at", lookup_expr="date__gte")
    until = day_filter(_("至（日期）"), field_name="at", lookup_expr="date__lte")

    class Meta:
        model = ConsentAccess
        fields = ["since", "until"]


class ConsentFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=list(CONSENT_STATES.items()), empty_label=_("全部"), method="in_state"
    )
    since = day_filter(_("签署自（日期）"), field_name="granted_at", lookup_expr="date__gte")
    until = day_filter(_("签署至（日期）"), field_name="granted_at", lookup_expr="date__lte")

    class Meta:
        model = Consent
        fields = ["state", "since", "until"]

    def in_state(self, queryset: QuerySet[Consent], name: str, value: str) -> QuerySet[Consent]:
        return in_state(queryset, value)


class DeliveryFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=WebhookDelivery.State.choices, empty_label=_("全部")
    )
    event = django_filters.ChoiceFilter(label=_("事件"), choices=list(EVENTS.items()), empty_label=_("全部"))

    class Meta:
        model = WebhookDelivery
        fields = ["state", "event"]

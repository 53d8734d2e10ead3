from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .models import Anomaly, ScoreResult, ScoreRun
from .queries.results import called
from .queries.run_diff import DOWN, LEVEL, UP, Movers
from .queries.wording import MOVED_BY

PLACED = "placed"
UNPLACED = "unplaced"


class ResultFilter(django_filters.FilterSet):
    """Filter of the results of one run; `run` is given by the view (choices come from the run's own lists)."""

    q = django_filters.CharFilter(label=_("企业名称或信用代码"), method="search")
    stage = django_filters.ChoiceFilter(label=_("发展阶段"), field_name="stage", empty_label=_("全部"))
    sub_park = django_filters.ChoiceFilter(
        label=_("园区"), field_name="enterprise__sub_park_id", empty_label=_("全部")
    )
    industry = django_filters.ChoiceFilter(
        label=_("行业"), field_name="enterprise__industry", empty_label=_("全部")
    )
    flag = django_filters.ChoiceFilter(label=_("标记"), method="with_flag", empty_label=_("全部"))
    placed = django_filters.ChoiceFilter(
        label=_("名次"),
        method="with_place",
        empty_label=_("全部"),
        choices=[(PLACED, _("有名次")), (UNPLACED, _("无名次"))],
    )

    class Meta:
        model = ScoreResult
        fields = ["q", "stage", "sub_park", "industry", "flag", "placed"]

    def __init__(
        self, *args: Any, run: ScoreRun, choices: dict[str, list[tuple[str, str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.run = run
        for name, values in choices.items():
            self.filters[name].extra["choices"] = values

    def search(self, queryset: QuerySet[ScoreResult], name: str, value: str) -> QuerySet[ScoreResult]:
        return queryset.filter(called(value))

    def with_flag(self, queryset: QuerySet[ScoreResult], name: str, value: str) -> QuerySet[ScoreResult]:
        bit = 1 << self.run.flag_codes.index(value)
        return queryset.annotate(marked=F("flags").bitand(bit)).filter(marked=bit)

    def with_place(self, queryset: QuerySet[ScoreResult], name: str, value: str) -> QuerySet[ScoreResult]:
        return queryset.filter(place__isnull=value == UNPLACED)


class AnomalyFilter(django_filters.FilterSet):
    """Filter of the anomalies of a run."""

    q = django_filters.CharFilter(label=_("企业名称或信用代码"), method="search")
    rule = django_filters.ChoiceFilter(label=_("规则"), choices=Anomaly.Rule.choices, empty_label=_("全部"))
    state = django_filters.ChoiceFilter(
        label=_("状态"),
        method="in_state",
        empty_label=_("全部"),
        choices=[("open", _("待核查")), ("cleared", _("已销号"))],
    )

    class Meta:
        model = Anomaly
        fields = ["q", "rule", "state"]

    def search(self, queryset: QuerySet[Anomaly], name: str, value: str) -> QuerySet[Anomaly]:
        return queryset.filter(
            Q(enterprise__name__icontains=value) | Q(enterprise__uscc__startswith=value.upper())
        )

    def in_state(self, queryset: QuerySet[Anomaly], name: str, value: str) -> QuerySet[Anomaly]:
        return queryset.filter(cleared_at__isnull=value == "open")


class MoverForm(forms.Form):
    """Which runs are compared, and whom to show."""

    before = forms.ChoiceField(label=_("与哪次运行比较"), required=False)
    q = forms.CharField(label=_("企业名称或信用代码"), required=False)
    places = forms.ChoiceField(
        label=_("名次"),
        required=False,
        choices=[("", _("全部")), (UP, _("上升")), (DOWN, _("下降")), (LEVEL, _("未变或无名次"))],
    )
    reason = forms.ChoiceField(label=_("原因"), required=False, choices=[("", _("全部")), *MOVED_BY.items()])

    def __init__(self, *args: Any, others: Sequence[ScoreRun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["before"]
        field.choices = [(str(run.pk), f"{run.cycle.year} · {run.scheme_version} · {run}") for run in others]


class MoverFilter:
    """For a list of movers, which are arrays, what a FilterSet is for a queryset."""

    def __init__(
        self, data: Any, *, queryset: Movers, others: Sequence[ScoreRun], request: Any = None
    ) -> None:
        self.form = MoverForm(data, others=others)
        asked = self.form.cleaned_data if self.form.is_valid() else {}
        self.qs = queryset.narrowed(**{name: value for name, value in asked.items() if name != "before"})

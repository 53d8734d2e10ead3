from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from .queries import ladder
from .queries.claims import waiting_for
from .states import ClaimState, PlatformState, PolicyState, PoolStage, RuleKind


def _rungs() -> list[tuple[int, str]]:
    return [(one.pk, one.title) for one in ladder.rungs()]


# policies and claims
class LibraryFilter(django_filters.FilterSet):
    """Released policies by words and tag."""

    title = django_filters.CharFilter(label=_("名称"), lookup_expr="icontains", max_length=60)
    tag = django_filters.CharFilter(label=_("标签"), method="with_tag", max_length=32)

    def with_tag(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(tags__contains=[value.strip()])


class VersionFilter(LibraryFilter):
    """Versions of rules by words, kind, state and tag."""

    kind = django_filters.ChoiceFilter(label=_("种类"), choices=RuleKind.choices, empty_label=_("全部"))
    state = django_filters.ChoiceFilter(label=_("状态"), choices=PolicyState.choices, empty_label=_("全部"))


class MatchFilter(django_filters.FilterSet):
    """What the last run found, by firm, policy and whether it is eligible or nearly there."""

    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    eligible = django_filters.ChoiceFilter(
        label=_("结果"),
        field_name="is_eligible",
        choices=[("True", _("符合")), ("False", _("差一项"))],
        empty_label=_("全部"),
    )
    policy = django_filters.NumberFilter(label=_("政策编号"), field_name="version_id")


class RungFilter(django_filters.FilterSet):
    """Firms by rung and how they stand to it."""

    rung = django_filters.ChoiceFilter(
        label=_("层级"), field_name="version_id", choices=_rungs, empty_label=_("全部")
    )
    standing = django_filters.ChoiceFilter(
        label=_("情况"), method="with_standing", empty_label=_("全部"),
        choices=[("held", _("已获得")), ("ready", _("可申报")), ("near", _("只差一项"))],
    )  # fmt: skip
    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )

    def with_standing(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return (
            rows.filter(is_held=True)
            if value == "held"
            else rows.filter(is_held=False, is_eligible=value == "ready")
        )


class PlatformFilter(django_filters.FilterSet):
    """Platforms by state, words, type, level, sub-park and industry."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=PlatformState.choices, empty_label=_("全部"))
    name = django_filters.CharFilter(label=_("名称或企业"), method="with_words", max_length=60)
    type = django_filters.CharFilter(label=_("类型"), field_name="type__title", max_length=60)
    level = django_filters.CharFilter(label=_("级别"), field_name="level__title", max_length=60)
    sub_park = django_filters.CharFilter(
        label=_("园区"), field_name="enterprise__sub_park__name", max_length=80
    )
    industry = django_filters.CharFilter(label=_("行业"), field_name="enterprise__industry", max_length=40)

    def with_words(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(name__icontains=value) | Q(enterprise__name__icontains=value) | Q(approval_number=value)
        )


class PoolFilter(django_filters.FilterSet):
    """Firms in the pools by name, rung, stage and coach."""

    stage = django_filters.ChoiceFilter(label=_("阶段"), choices=PoolStage.choices, empty_label=_("全部"))
    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    rung = django_filters.NumberFilter(label=_("层级编号"), field_name="rung_id")
    coach = django_filters.CharFilter(label=_("辅导员"), field_name="coach_name", max_length=80)


class ClaimFilter(django_filters.FilterSet):
    """Claims by firm, state, policy and whose turn it is."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=ClaimState.choices, empty_label=_("全部"))
    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    uscc = django_filters.CharFilter(
        label=_("统一社会信用代码"), field_name="enterprise__uscc", lookup_expr="istartswith", max_length=18
    )
    title = django_filters.CharFilter(
        label=_("政策"), field_name="version__title", lookup_expr="icontains", max_length=60
    )
    automatic = django_filters.BooleanFilter(label=_("免申即享"), field_name="is_automatic")
    mine = django_filters.BooleanFilter(label=_("待我办理"), method="for_me")

    def for_me(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(pk__in=waiting_for(self.request.actor).values("pk")) if value else rows

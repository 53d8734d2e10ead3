from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from parks.clock import db_today
from parks.filters import YesNoFilter
from parks.models import SubPark
from scoring.queries import standing

from .forms.fields import DatedInput
from .formula import STATED
from .queries import ladder, needs, platforms, visits
from .queries.claims import waiting_for
from .states import (
    AppealCategory,
    AppealState,
    ClaimState,
    EventKind,
    EventState,
    FactState,
    NeedClosing,
    PlatformState,
    PolicyState,
    PoolStage,
    RuleKind,
    SeatState,
    TechField,
    VisitPurpose,
)
from .wording import language


def _rungs() -> list[tuple[int, str]]:
    return [(one.pk, one.title) for one in ladder.rungs()]


def _stages() -> list[tuple[str, str]]:
    return [(name, name) for name in standing.published_stages().values()]


def stated_names() -> list[tuple[str, str]]:
    return [(code, fact.label(language())) for code, fact in STATED.items()]


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


# technical needs
class PublicNeedFilter(django_filters.FilterSet):
    """Needs by words and field."""

    words = django_filters.CharFilter(label=_("内容"), method="with_words", max_length=60)
    field = django_filters.ChoiceFilter(
        label=_("技术领域"), choices=TechField.choices, empty_label=_("全部"), method="in_field"
    )

    def with_words(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return needs.with_words(rows, value)

    def in_field(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(fields__contains=[value])


class NeedFilter(PublicNeedFilter):
    """Needs of the park also by firm, whether they are open, and whether nobody was introduced yet."""

    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    closing = django_filters.ChoiceFilter(
        label=_("状态"), choices=[("open", _("征集中")), *NeedClosing.choices], empty_label=_("全部"), method="by_closing"
    )  # fmt: skip
    waiting = YesNoFilter(label=_("待对接"), method="are_waiting")

    def by_closing(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(closing="" if value == "open" else value)

    def are_waiting(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(pk__in=needs.unanswered().order_by().values("pk")) if value else rows


class ExpertFilter(django_filters.FilterSet):
    """Experts by name, institute and field."""

    name = django_filters.CharFilter(label=_("姓名"), lookup_expr="icontains", max_length=60)
    institute = django_filters.CharFilter(label=_("工作单位"), lookup_expr="icontains", max_length=60)
    field = django_filters.ChoiceFilter(
        label=_("技术领域"), choices=TechField.choices, empty_label=_("全部"), method="in_field"
    )
    is_active = YesNoFilter(label=_("可对接"))

    def in_field(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(fields__contains=[value])


class MatchFilter(django_filters.FilterSet):
    """What the last run found, by firm, policy and whether it is eligible or nearly there."""

    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    OUTCOMES = (("True", _("符合")), ("False", _("只差一项")))
    eligible = django_filters.ChoiceFilter(
        label=_("结果"), field_name="is_eligible", choices=OUTCOMES, empty_label=_("全部")
    )
    policy = django_filters.NumberFilter(label=_("政策编号"), field_name="version_id")


class ForecastFilter(django_filters.FilterSet):
    """Firms that a version not released yet would pay, or nearly."""

    name = django_filters.CharFilter(label=_("企业"), lookup_expr="icontains", max_length=60)
    eligible = django_filters.ChoiceFilter(
        label=_("结果"), field_name="is_eligible", choices=MatchFilter.OUTCOMES, empty_label=_("全部")
    )
    stage = django_filters.ChoiceFilter(label=_("发展阶段"), choices=_stages, empty_label=_("全部"))


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
    unreported = YesNoFilter(label=_("未交最近年度的报告"), method="without_report")

    def without_report(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return platforms.without_report(rows, value)

    def with_words(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(name__icontains=value) | Q(enterprise__name__icontains=value) | Q(approval_number=value)
        )


class FactFilter(django_filters.FilterSet):
    """What firms stated, by firm, figure, state, and whether it counts today."""

    state = django_filters.ChoiceFilter(label=_("状态"), choices=FactState.choices, empty_label=_("全部"))
    name = django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )
    code = django_filters.ChoiceFilter(label=_("数据"), choices=stated_names, empty_label=_("全部"))
    is_over = YesNoFilter(label=_("已过有效期"), method="are_over")

    def are_over(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(until__lt=db_today()) if value else rows.filter(until__gte=db_today())


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
    automatic = YesNoFilter(label=_("免申即享"), field_name="is_automatic")
    mine = YesNoFilter(label=_("待我办理"), method="for_me")

    def for_me(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(pk__in=waiting_for(self.request.actor).values("pk")) if value else rows


# visits and appeals
def firm_name() -> django_filters.CharFilter:
    return django_filters.CharFilter(
        label=_("企业"), field_name="enterprise__name", lookup_expr="icontains", max_length=60
    )


def sub_park(field: str) -> django_filters.ModelChoiceFilter:
    return django_filters.ModelChoiceFilter(
        label=_("所在园区"), field_name=field, queryset=lambda _request: SubPark.objects.order_by("name"), empty_label=_("全部")
    )  # fmt: skip


class VisitFilter(django_filters.FilterSet):
    """Visits by firm, purpose, days, who went and where."""

    name = firm_name()
    purpose = django_filters.ChoiceFilter(
        label=_("目的"), choices=VisitPurpose.choices, empty_label=_("全部")
    )
    visitor = django_filters.CharFilter(
        label=_("走访人员"), field_name="visitors", lookup_expr="icontains", max_length=60
    )
    since = django_filters.DateFilter(
        label=_("自"), field_name="visited_on", lookup_expr="gte", widget=DatedInput()
    )
    until = django_filters.DateFilter(
        label=_("至"), field_name="visited_on", lookup_expr="lte", widget=DatedInput()
    )
    sub_park = sub_park("enterprise__sub_park")


class CoverageFilter(django_filters.FilterSet):
    """Firms by when they were last visited."""

    name = django_filters.CharFilter(
        label=_("企业"), field_name="name", lookup_expr="icontains", max_length=60
    )
    visited = django_filters.ChoiceFilter(
        label=_("今年"), method="this_year", choices=[("no", _("未走访")), ("yes", _("已走访"))], empty_label=_("全部")
    )  # fmt: skip
    sub_park = sub_park("sub_park")

    def this_year(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        seen = Q(last_visit__gte=db_today().replace(month=1, day=1))
        return rows.filter(seen if value == "yes" else ~seen | Q(last_visit__isnull=True))


class AppealFilter(django_filters.FilterSet):
    """Appeals by firm, state, category, words, whose turn it is and whether they are late."""

    name = firm_name()
    state = django_filters.ChoiceFilter(label=_("状态"), choices=AppealState.choices, empty_label=_("全部"))
    category = django_filters.ChoiceFilter(
        label=_("类别"), choices=AppealCategory.choices, empty_label=_("全部")
    )
    text = django_filters.CharFilter(label=_("内容"), lookup_expr="icontains", max_length=60)
    mine = YesNoFilter(label=_("待我办理"), method="for_me")
    late = YesNoFilter(label=_("已超期"), method="are_late")

    def for_me(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return (
            rows.filter(pk__in=visits.waiting_for(self.request.actor).order_by().values("pk"))
            if value
            else rows
        )

    def are_late(self, rows: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        return rows.filter(pk__in=visits.overdue().order_by().values("pk")) if value else rows


# events
class GatheringFilter(django_filters.FilterSet):
    """Events by words, kind, state and days."""

    title = django_filters.CharFilter(label=_("活动名称"), lookup_expr="icontains", max_length=60)
    kind = django_filters.ChoiceFilter(label=_("类型"), choices=EventKind.choices, empty_label=_("全部"))
    state = django_filters.ChoiceFilter(label=_("状态"), choices=EventState.choices, empty_label=_("全部"))
    since = django_filters.DateFilter(
        label=_("自"), field_name="starts_at__date", lookup_expr="gte", widget=DatedInput()
    )
    until = django_filters.DateFilter(
        label=_("至"), field_name="starts_at__date", lookup_expr="lte", widget=DatedInput()
    )


class SignUpFilter(django_filters.FilterSet):
    """Sign-ups of an event by firm, state and who has not been counted yet."""

    name = firm_name()
    state = django_filters.ChoiceFilter(label=_("状态"), choices=SeatState.choices[:2], empty_label=_("全部"))
    uncounted = django_filters.TypedChoiceFilter(
        label=_("签到"), field_name="attended", lookup_expr="isnull", coerce="True".__eq__,
        choices=[("", _("全部")), ("True", _("未签到")), ("False", _("已签到"))],
    )  # fmt: skip


# notices
class BroadcastFilter(django_filters.FilterSet):
    """Notices by words and day."""

    title = django_filters.CharFilter(label=_("标题"), lookup_expr="icontains", max_length=60)
    since = django_filters.DateFilter(
        label=_("自"), field_name="sent_at__date", lookup_expr="gte", widget=DatedInput()
    )


class BroadcastFirmFilter(django_filters.FilterSet):
    """Firms of a notice by name and whether they opened it."""

    name = firm_name()
    unread = django_filters.TypedChoiceFilter(
        label=_("已读"), field_name="read_at", lookup_expr="isnull", coerce="True".__eq__,
        choices=[("", _("全部")), ("True", _("未读")), ("False", _("已读"))],
    )  # fmt: skip

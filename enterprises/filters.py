from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from indicators.queries.schemes import name_of, scheme_of
from parks.models import EvidenceFile, SubPark

from .models import Certification, Cycle, Declaration, DepartmentBatch, Enterprise, ReviewClaim
from .queries import coverage, cycles, declarations, reviews
from .states import BatchState, CertificationState, DeclarationState


def sub_parks(request: object) -> QuerySet[SubPark]:
    return SubPark.objects.order_by("pk") if request is not None else SubPark.everywhere.none()


class EnterpriseFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称或信用代码"), method="search")
    certification_state = django_filters.ChoiceFilter(label=_("认证状态"), choices=CertificationState.choices)
    sub_park = django_filters.ModelChoiceFilter(label=_("所在园区"), queryset=sub_parks)

    class Meta:
        model = Enterprise
        fields = ["q", "certification_state", "sub_park"]

    def search(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(Q(name__icontains=value) | Q(uscc__istartswith=value))


class CertificationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称或信用代码"), method="search")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=CertificationState.choices)

    class Meta:
        model = Certification
        fields = ["q", "state"]

    def search(self, queryset: QuerySet[Certification], name: str, value: str) -> QuerySet[Certification]:
        return queryset.filter(Q(enterprise__name__icontains=value) | Q(enterprise__uscc__istartswith=value))


CLAIMED = [("mine", _("我的")), ("pool", _("未领取、未分配")), ("others", _("他人的"))]
"""Whose cases; beside these each reviewer by name."""


class DeclarationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称或信用代码"), method="search")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=DeclarationState.choices)
    topic = django_filters.ChoiceFilter(label=_("待核定主题"), method="by_topic")
    assigned = django_filters.ChoiceFilter(
        label=_("经办审核员"),
        method="by_claim",
        choices=CLAIMED,
    )
    talk = django_filters.ChoiceFilter(
        label=_("留言"), method="by_talk", choices=[("unanswered", _("企业留言待回复"))]
    )
    year = django_filters.NumberFilter(label=_("年度"), field_name="cycle__year")
    sub_park = django_filters.ModelChoiceFilter(
        label=_("所在园区"), field_name="enterprise__sub_park", queryset=sub_parks
    )

    class Meta:
        model = Declaration
        fields = ["q", "state", "topic", "assigned", "talk", "year", "sub_park"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cycle = cycles.all_cycles().first() if self.request is not None else None
        if self.cycle is not None:
            self.filters["topic"].extra["choices"] = declarations.topic_names_of(self.cycle)
        if self.request is not None:
            people = reviews.reviewers().values_list("account__person_id", "account__person__name")
            self.filters["assigned"].extra["choices"] = [*CLAIMED, *((str(pk), name) for pk, name in people)]

    def search(self, queryset: QuerySet[Declaration], name: str, value: str) -> QuerySet[Declaration]:
        return queryset.filter(Q(enterprise__name__icontains=value) | Q(enterprise__uscc__istartswith=value))

    def by_topic(self, queryset: QuerySet[Declaration], name: str, value: str) -> QuerySet[Declaration]:
        return declarations.with_open_topic(queryset, self.cycle, value) if self.cycle else queryset

    def by_talk(self, queryset: QuerySet[Declaration], name: str, value: str) -> QuerySet[Declaration]:
        return reviews.unanswered(queryset)

    def by_claim(self, queryset: QuerySet[Declaration], name: str, value: str) -> QuerySet[Declaration]:
        claims = ReviewClaim.objects.filter(declaration=OuterRef("pk"))
        mine = claims.filter(person_ref=self.request.actor.person_id)
        if value == "mine":
            return queryset.filter(Exists(mine))
        if value == "pool":
            return queryset.filter(~Exists(claims), state=DeclarationState.SUBMITTED)
        if value.isdigit():
            return queryset.filter(Exists(claims.filter(person_ref=int(value))))
        return queryset.filter(Exists(claims), ~Exists(mine))


class CoverageFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称或信用代码"), method="search")
    sub_park = django_filters.ModelChoiceFilter(label=_("所在园区"), queryset=sub_parks)
    industry = django_filters.ChoiceFilter(label=_("行业"))
    qualification = django_filters.ChoiceFilter(label=_("资质"), method="holding")
    standing = django_filters.ChoiceFilter(
        label=_("情况"),
        choices=[("out", _("全部不在评价内的")), *coverage.Standing.choices],
        method="standing_at",
    )

    class Meta:
        model = Enterprise
        fields = ["q", "sub_park", "industry", "qualification", "standing"]

    def __init__(self, *args: Any, cycle: Cycle | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if cycle is not None:
            self.filters["industry"].extra["choices"] = coverage.industries()
            self.filters["qualification"].extra["choices"] = coverage.qualification_names(cycle)

    def holding(self, queryset: Any, name: str, value: str) -> QuerySet[Enterprise]:
        found: QuerySet[Enterprise] = queryset.filter(qualifications__contains=[value])
        return found

    def standing_at(self, queryset: Any, name: str, value: str) -> QuerySet[Enterprise]:
        is_in = Q(standing=coverage.Standing.IN)
        found: QuerySet[Enterprise] = queryset.filter(~is_in if value == "out" else Q(standing=value))
        return found

    def search(self, queryset: QuerySet[Enterprise], name: str, value: str) -> QuerySet[Enterprise]:
        return queryset.filter(Q(name__icontains=value) | Q(uscc__istartswith=value))


class BatchFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("文件名"), field_name="filename", lookup_expr="icontains")
    year = django_filters.NumberFilter(label=_("年度"))
    state = django_filters.ChoiceFilter(label=_("状态"), choices=BatchState.choices)

    class Meta:
        model = DepartmentBatch
        fields = ["q", "year", "state"]


def input_choices() -> list[tuple[str, str]]:
    """Inputs of the newest year's scheme, when a park was entered."""
    cycle = cycles.all_cycles().first()
    return [(i.code, name_of(i)) for i in scheme_of(cycle.scheme_version).inputs] if cycle else []


class LibraryFilter(django_filters.FilterSet):
    """The firm's documents by words, by what they prove, by kind."""

    q = django_filters.CharFilter(label=_("文件名或名称"), method="search")
    kind = django_filters.ChoiceFilter(
        label=_("类型"), field_name="content_type",
        choices=[("application/pdf", "PDF"), ("image/png", "PNG"), ("image/jpeg", "JPEG")],
    )  # fmt: skip
    item = django_filters.ChoiceFilter(label=_("证明哪些数据项"), method="proving", choices=input_choices)

    class Meta:
        model = EvidenceFile
        fields = ["q", "kind", "item"]

    def search(self, queryset: QuerySet[EvidenceFile], name: str, value: str) -> QuerySet[EvidenceFile]:
        return queryset.filter(Q(filename__icontains=value) | Q(notes__title__icontains=value))

    def proving(self, queryset: QuerySet[EvidenceFile], name: str, value: str) -> QuerySet[EvidenceFile]:
        return queryset.filter(notes__proves__contains=[value])

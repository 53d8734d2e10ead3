from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from indicators.queries.schemes import name_of, scheme_of
from parks.models import EvidenceFile, SubPark

from .models import Certification, Declaration, DepartmentBatch, Enterprise
from .queries import cycles
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


class DeclarationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("名称或信用代码"), method="search")
    state = django_filters.ChoiceFilter(label=_("状态"), choices=DeclarationState.choices)
    year = django_filters.NumberFilter(label=_("年度"), field_name="cycle__year")
    sub_park = django_filters.ModelChoiceFilter(
        label=_("所在园区"), field_name="enterprise__sub_park", queryset=sub_parks
    )

    class Meta:
        model = Declaration
        fields = ["q", "state", "year", "sub_park"]

    def search(self, queryset: QuerySet[Declaration], name: str, value: str) -> QuerySet[Declaration]:
        return queryset.filter(Q(enterprise__name__icontains=value) | Q(enterprise__uscc__istartswith=value))


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

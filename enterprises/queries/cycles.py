"""Reading cycles and how far their declarations are."""

from __future__ import annotations

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound

from ..models import Cycle, Declaration, Enterprise
from ..states import CertificationState, CycleState


def all_cycles() -> QuerySet[Cycle]:
    return Cycle.objects.select_related("scheme_version").order_by("-year")


def get(cycle_id: int) -> Cycle:
    """A cycle of the park by id; raises NotFound."""
    cycle = all_cycles().filter(pk=cycle_id).first()
    if cycle is None:
        raise NotFound(code="not_found", message=_("没有这个年度。"))
    return cycle


def of_year(year: int) -> Cycle:
    """The cycle of an evaluation year; raises NotFound."""
    cycle = all_cycles().filter(year=year).first()
    if cycle is None:
        raise NotFound(code="not_found", message=_("没有这个年度。"))
    return cycle


def open_cycle() -> Cycle | None:
    """The newest cycle that takes declarations."""
    return all_cycles().filter(state=CycleState.OPEN).first()


def counts(cycle: Cycle) -> dict[str, int]:
    """Declarations of a cycle by state."""
    return dict(Declaration.objects.filter(cycle=cycle).values_list("state").annotate(n=Count("pk")))


def without_declaration(cycle: Cycle) -> list[int]:
    """Certified enterprises that have no declaration in the cycle yet."""
    have = Declaration.objects.filter(cycle=cycle).values("enterprise_id")
    certified = Enterprise.objects.filter(
        certification_state=CertificationState.CERTIFIED, member_to__isnull=True
    )
    return list(certified.exclude(pk__in=have).order_by("pk").values_list("pk", flat=True))


def enterprises(ids: list[int]) -> list[Enterprise]:
    return list(Enterprise.objects.filter(pk__in=ids).order_by("pk"))

"""Reading subsidies 贴息: programmes, projects of batches, what an enterprise may apply for."""

from __future__ import annotations

import datetime as dt

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Min, Q, QuerySet, Sum
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.roles import Role

from ..models import Subsidy, SubsidyProgramme, SubsidyProject
from ..states import VersionState
from .acting import organisation_of


def programmes(*, only_active: bool = False) -> QuerySet[SubsidyProgramme]:
    rows = SubsidyProgramme.objects.select_related("organisation").order_by("-pk")
    return rows.filter(state=VersionState.ACTIVE) if only_active else rows


def programme(code: str) -> SubsidyProgramme:
    """A programme in force by its code; raises NotFound."""
    found = programmes(only_active=True).filter(code=code).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这个贴息项目，或尚未启用。"))
    return found


def _with_parts() -> QuerySet[Subsidy]:
    return Subsidy.objects.select_related(
        "programme", "application__product_version__product", "enterprise", "project"
    )


def of_enterprise(enterprise_id: int) -> QuerySet[Subsidy]:
    return _with_parts().filter(enterprise_id=enterprise_id).order_by("-pk")


def standing(application_id: int) -> QuerySet[Subsidy]:
    """Subsidies of a loan that were not refused or taken back."""
    return Subsidy.objects.filter(application_id=application_id).exclude(state__in=["refused", "clawed_back"])


def first_day(application_id: int, programme: SubsidyProgramme) -> dt.date | None:
    """From which day on the programme was asked to pay for the loan."""
    rows = standing(application_id).filter(programme=programme).exclude(state="computed")
    return rows.aggregate(first=Min(Lower("period")))["first"]


def rivals(programme: SubsidyProgramme) -> QuerySet[SubsidyProgramme]:
    """Programmes that do not go together with this one, whoever names the other."""
    named = Q(code__in=programme.exclusive_with) | Q(exclusive_with__contains=[programme.code])
    return SubsidyProgramme.objects.filter(named).exclude(pk=programme.pk)


def excluding(application_id: int, programme: SubsidyProgramme) -> SubsidyProgramme | None:
    """A programme that pays for the loan already and does not go together with this one."""
    return rivals(programme).filter(pk__in=standing(application_id).values("programme_id")).first()


def in_the_way(application_id: int, programme: SubsidyProgramme, period: DateRange) -> QuerySet[Subsidy]:
    """Computations of the loan that nobody applied for and that do not go together with this one."""
    rows = standing(application_id).filter(state="computed")
    return rows.filter(Q(period__overlap=period) | Q(programme__in=rivals(programme)))


def for_desk(actor: Actor) -> QuerySet[Subsidy]:
    """What a bank's operations have to confirm, or a fund has to check and pay; newest first."""
    rows = _with_parts().exclude(state="computed").order_by("-pk")
    if actor.role == Role.FUND_MANAGER:
        return rows.filter(programme__organisation_id=organisation_of(actor))
    return rows.filter(application__organisation_id=organisation_of(actor))


def projects_of(enterprise_id: int) -> QuerySet[SubsidyProject]:
    return (
        SubsidyProject.objects.filter(enterprise_id=enterprise_id).select_related("programme").order_by("-pk")
    )


def projects_for(actor: Actor) -> QuerySet[SubsidyProject]:
    """Projects of the acting fund's programmes, by batch."""
    rows = SubsidyProject.objects.filter(programme__organisation_id=organisation_of(actor))
    return rows.select_related("programme", "enterprise").order_by("-batch", "pk")


def batch(actor: Actor, number: int) -> QuerySet[SubsidyProject]:
    """A batch of the acting fund with what it was subsidised: yuan × days of principal, yuan of subsidy."""
    counted = ~Q(subsidies__state__in=["computed", "refused", "clawed_back"])
    return projects_for(actor).filter(batch=number).annotate(
        principal_days=Sum("subsidies__principal_days", filter=counted), subsidy=Sum("subsidies__amount", filter=counted)
    )  # fmt: skip

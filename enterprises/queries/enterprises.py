"""Reading enterprises of the park that was entered."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound, Refused
from parks.actors import Actor
from parks.roles import ENTERPRISE

from ..models import Certification, Enterprise, SubParkStay

Rows = TypeVar("Rows", bound=Model)


def members() -> QuerySet[Enterprise]:
    """Enterprises that belong to the park now."""
    return Enterprise.objects.filter(member_to__isnull=True).select_related("sub_park")


def own(actor: Actor) -> Enterprise | None:
    """The enterprise that the actor's organisation is in this park, or None."""
    return members().filter(organisation_id=actor.organisation_id).first() if actor.organisation_id else None


def seen_by(rows: QuerySet[Rows], actor: Actor) -> QuerySet[Rows]:
    """Of rows that belong to an `enterprise`: people of a firm see their own firm's, the office sees all."""
    if actor.role not in ENTERPRISE:
        return rows
    found = own(actor)
    return rows.filter(enterprise_id=found.pk if found else 0)


def own_or_404(actor: Actor) -> Enterprise:
    enterprise = own(actor)
    if enterprise is None:
        raise NotFound(code="no_enterprise", message=_("您的单位还没有在本园区登记企业。"))
    return enterprise


def own_or_last(actor: Actor) -> Enterprise:
    """The actor's enterprise, also when it was rejected or has left, to read why. Raises NotFound."""
    last = Enterprise.objects.filter(organisation_id=actor.organisation_id or 0).select_related("sub_park")
    return own(actor) or last.order_by("-pk").first() or own_or_404(actor)


def get(enterprise_id: int) -> Enterprise:
    """An enterprise of the park; raises NotFound for absent and foreign alike."""
    enterprise = (
        Enterprise.objects.select_related("sub_park", "organisation").filter(pk=enterprise_id).first()
    )
    if enterprise is None:
        raise NotFound(code="not_found", message=_("没有找到这家企业。"))
    return enterprise


def by_uscc(code: str) -> Enterprise:
    """A member of the park by its code; raises Refused at the field."""
    found = members().filter(uscc=code.strip().upper()).first()
    if found is None:
        raise Refused(code="no_enterprise", field="uscc", message=_("本园区没有这个信用代码的企业，请检查。"))
    return found


def by_name_or_code(text: str) -> Enterprise:
    """The one member whose code or whole name this is, or whose name alone contains it; raises Refused at the field."""
    wanted = text.strip()
    found = list(members().filter(Q(uscc=wanted.upper()) | Q(name=wanted))[:2])
    found = found or list(members().filter(name__icontains=wanted).order_by("name")[:6]) if wanted else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(
            code="no_enterprise",
            field="firm",
            message=_("园区名录中没有这家企业，请检查名称或统一社会信用代码。"),
        )
    raise Refused(
        code="several_enterprises",
        field="firm",
        message=_("有多家企业符合，请写全名称或信用代码，例如：%(names)s。")
        % {"names": "、".join(one.name for one in found[:5])},
    )


def certifications() -> QuerySet[Certification]:
    return Certification.objects.select_related("enterprise__sub_park")


def certification_of(enterprise: Enterprise) -> Certification | None:
    """The latest application of an enterprise."""
    return certifications().filter(enterprise=enterprise).order_by("-pk").first()


def stays(enterprise: Enterprise) -> list[SubParkStay]:
    """Where a firm was in the zone, newest first."""
    return list(
        SubParkStay.objects.filter(enterprise=enterprise)
        .select_related("sub_park")
        .order_by("-starts_on", "-pk")
    )

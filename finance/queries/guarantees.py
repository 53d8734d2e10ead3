"""Reading guarantees: the guarantor's cases, the one that holds for an application."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import Application, Guarantee
from ..states import GuaranteeOutcome
from .acting import organisation_of
from .applications import with_parts


def granted(application_id: int) -> Guarantee | None:
    """The guarantee that holds for an application, if two people of the guarantor granted it."""
    return Guarantee.objects.filter(
        application_id=application_id, live=True, outcome=GuaranteeOutcome.GRANTED
    ).first()


def live(application_id: int) -> Guarantee | None:
    return Guarantee.objects.filter(application_id=application_id, live=True).first()


def cases(actor: Actor) -> QuerySet[Application]:
    """Applications for products of the acting guarantor that reached it, newest first."""
    rows = with_parts().filter(product_version__guarantor_id=organisation_of(actor))
    return rows.exclude(status__in=["draft", "submitted", "declined_auto"]).order_by("-pk")


def case(actor: Actor, application_id: int) -> Application:
    """A case of the acting guarantor; raises NotFound for others'."""
    found = cases(actor).filter(pk=application_id).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这笔申请。"))
    return found

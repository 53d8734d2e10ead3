"""Reading the programs of a bank."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Now, TruncDate
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.models import Membership
from parks.queries import memberships
from parks.roles import Role

from ..models import BankClient
from .acting import organisation_of


def own(actor: Actor) -> QuerySet[BankClient]:
    """Programs of the acting bank, in this park and others, newest first."""
    rows = BankClient.objects.filter(organisation_id=organisation_of(actor))
    return rows.select_related("application").order_by("-pk")


def of_bank(actor: Actor, client_id: int) -> BankClient:
    """A program of the acting bank; raises NotFound for others'."""
    return _found(own(actor).filter(pk=client_id).first())


def locked(actor: Actor, client_id: int) -> BankClient:
    return _found(own(actor).select_for_update(of=("self",)).filter(pk=client_id).first())


def active(client_id: str) -> BankClient | None:
    """The program with this OAuth2 client id, if it has not been disabled."""
    rows = BankClient.objects.filter(application__client_id=client_id, disabled_at__isnull=True)
    return rows.select_related("application").first()


def here() -> set[int]:
    """Accounts of programs that may work in the park entered."""
    today = TruncDate(Now())
    rows = Membership.objects.filter(role=Role.BANK_SYSTEM, starts_on__lte=today)
    return set(
        rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today)).values_list("account_id", flat=True)
    )


def works_here(client: BankClient) -> bool:
    return client.application.user_id in here()


def person_in_role(*, login: str, organisation_id: int, role: str) -> Membership | None:
    """A person of a bank who has a role in the park entered today, by login."""
    rows = memberships.of_organisation(organisation_id).filter(account__login=login, role=role)
    return rows.select_related("account__person", "organisation", "park").first()


def _found(client: BankClient | None) -> BankClient:
    if client is None:
        raise NotFound(code="not_found", message=_("没有这个程序。"))
    return client

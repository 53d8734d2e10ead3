"""Reading who may act as what."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now, TruncDate
from django.http import HttpRequest
from oauth2_provider.models import AccessToken

from ..actors import Actor
from ..models import Account, ApiToken, Membership, Park
from ..roles import MACHINES
from ..scope import set_local

SESSION_KEY = "membership_id"


def in_force(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """Those of them that somebody may act by today."""
    today = TruncDate(Now())
    return rows.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=today), starts_on__lte=today, account__is_active=True
    )


def _live(account_id: int) -> QuerySet[Membership]:
    rows = in_force(Membership.everywhere.filter(account_id=account_id))
    return rows.select_related("account__person", "organisation", "park")


def of_account(*, account_id: int, park_id: int | None = None) -> list[Membership]:
    """What an account may act as today, in every park or in one."""
    with transaction.atomic():
        set_local("app.account_id", str(account_id))
        rows = _live(account_id).order_by("park__name", "organisation__name", "role")
        return list(rows if park_id is None else rows.filter(park_id=park_id))


def has_ended(*, account_id: int, park_id: int) -> bool:
    """Did the account act for somebody in the park before?"""
    with transaction.atomic():
        set_local("app.account_id", str(account_id))
        return Membership.everywhere.filter(account_id=account_id, park_id=park_id).exists()


def one(*, account_id: int, membership_id: int) -> Membership | None:
    """A membership of the account that is in force, or None."""
    with transaction.atomic():
        set_local("app.account_id", str(account_id))
        return _live(account_id).filter(pk=membership_id).first()


def of_organisation(organisation_id: int) -> QuerySet[Membership]:
    """Memberships of an organisation that are in force in the park that was entered."""
    rows = in_force(Membership.objects.filter(organisation_id=organisation_id))
    return rows.select_related("account__person").order_by("account__person__name", "pk")


def acting(request: HttpRequest) -> Membership | None:
    """The membership this request acts as: the token's, else the one chosen in the session.

    A bearer token acts in the park of the address, if its client may work there.
    """
    if not hasattr(request, "_acting"):
        request._acting = _acting(request)  # type: ignore[attr-defined]
    return cast("Membership | None", request._acting)  # type: ignore[attr-defined]


def _acting(request: HttpRequest) -> Membership | None:
    account = request.user
    if not isinstance(account, Account):
        return None
    if getattr(request, "bearer", None) is not None:
        return _of_machine(account.pk, request)
    token: ApiToken | None = getattr(request, "api_token", None)
    if token is not None:
        return one(account_id=account.pk, membership_id=token.membership_id)
    chosen = request.session.get(SESSION_KEY)
    return one(account_id=account.pk, membership_id=chosen) if chosen else None


def _of_machine(account_id: int, request: HttpRequest) -> Membership | None:
    code = request.resolver_match.kwargs.get("park") if request.resolver_match else None
    with transaction.atomic():
        set_local("app.account_id", str(account_id))
        return _live(account_id).filter(park__code=code, role__in=MACHINES).first()


def actor_of(request: HttpRequest, membership: Membership) -> Actor:
    return Actor.of(membership, request_id=request_id(request))


def visitor(request: HttpRequest, park: Park) -> Actor:
    """A signed-in person who does not belong to the park yet, e.g. on the registration page."""
    account = cast(Account, request.user)
    return Actor(
        account.pk, account.person_id, account.person.name, None, "signed_in", None, "", park.pk, park.code,
        request_id(request),
    )  # fmt: skip


def request_id(request: HttpRequest) -> str:
    """The id that the logs carry too."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]


def is_verified(request: HttpRequest) -> bool:
    """Has a second factor been given (session), or does the request come with a token (made with one)?"""
    user: Any = request.user
    by_key = getattr(request, "api_token", None) is not None or getattr(request, "bearer", None) is not None
    return by_key or user.is_verified()


def by_token(clear: str) -> ApiToken | None:
    """The live token with this clear text."""
    return (
        ApiToken.objects.select_related("account__person")
        .filter(
            digest=ApiToken.digest_of(clear),
            revoked_at__isnull=True,
            expires_at__gt=Now(),
            account__is_active=True,
        )
        .annotate(person_name=F("account__person__name"))
        .first()
    )


def by_bearer(clear: str) -> AccessToken | None:
    """The live OAuth2 token with this clear text, of a client whose account is active."""
    found: AccessToken | None = (
        AccessToken.objects.select_related("application__user__person")
        .filter(
            token_checksum=hashlib.sha256(clear.encode()).hexdigest(),
            expires__gt=Now(),
            application__user__is_active=True,
        )
        .first()
    )
    return found

"""Reading caps of guarantors and pools: what is committed, paid, free."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet, Sum

from enterprises.queries import enterprises
from parks.actors import Actor
from parks.models import Organisation

from ..models import Entry, ProductVersion, RiskCounter, RiskTerms
from ..states import RiskKind, RiskScope, VersionState
from .acting import organisation_of


def left_for(version: ProductVersion, enterprise_id: int) -> dict[str, Decimal | None]:
    """How much (yuan of loan) the guarantor's client cap and the pool still allow; None where the product has none."""
    return {
        "guarantor_client": _loan(
            _left(version.guarantor_id, RiskKind.GUARANTOR, enterprise_id), version.cover_high
        ),
        "pool": _loan(_left(version.pool_id, RiskKind.POOL, enterprise_id), version.pool_share),
    }


def _loan(left: Decimal | None, share: Decimal) -> Decimal | None:
    return None if left is None or not share else (left / share).quantize(Decimal("0.01"))


def _left(organisation_id: int | None, kind: str, enterprise_id: int) -> Decimal | None:
    if organisation_id is None:
        return None
    terms = active_terms(organisation_id, kind)
    if terms is None:
        return Decimal(0)
    counters = RiskCounter.objects.filter(organisation_id=organisation_id, kind=kind)
    total = counters.filter(scope=RiskScope.TOTAL).first()
    client = counters.filter(scope=RiskScope.CLIENT, key=str(enterprise_id)).first()
    free = [total.cap - total.committed if total else Decimal(0)]
    free.append(client.cap - client.committed if client else terms.client_cap)
    return min(free)


def active_terms(organisation_id: int, kind: str) -> RiskTerms | None:
    return RiskTerms.objects.filter(
        organisation_id=organisation_id, kind=kind, state=VersionState.ACTIVE
    ).first()


def terms_of(actor: Actor) -> QuerySet[RiskTerms]:
    """All terms of the acting guarantor or fund, newest first."""
    return RiskTerms.objects.filter(organisation_id=organisation_of(actor)).order_by("-number")


def total_of(organisation_id: int) -> RiskCounter | None:
    return RiskCounter.objects.filter(organisation_id=organisation_id, scope=RiskScope.TOTAL).first()


def counters_of(actor: Actor) -> QuerySet[RiskCounter]:
    """The counters of the acting organisation: total first, then groups and clients by what they hold."""
    rows = RiskCounter.objects.filter(organisation_id=organisation_of(actor))
    return rows.order_by("scope", "-committed", "pk")


def partners_with_terms(kind: str) -> list[Organisation]:
    """Guarantors or funds of the park whose terms are in force."""
    ids = RiskTerms.objects.filter(kind=kind, state=VersionState.ACTIVE).values_list(
        "organisation_id", flat=True
    )
    return list(Organisation.objects.filter(pk__in=ids).order_by("name"))


def moved(party: str, actor: Actor) -> dict[str, Decimal]:
    """What the acting pool or guarantor paid, got back and lost (yuan), from the ledger."""
    house = "guarantor_id" if party == "guarantor" else "pool_id"
    rows = Entry.objects.filter(
        account__code__in=[f"cash:{party}", f"loss:{party}"],
        **{f"account__application__product_version__{house}": organisation_of(actor)},
    )
    sums = {
        (row["account__code"], row["side"]): row["total"]
        for row in rows.values("account__code", "side").annotate(total=Sum("amount"))
    }
    zero = Decimal(0)
    return {
        "paid": sums.get((f"cash:{party}", "C"), zero),
        "back": sums.get((f"cash:{party}", "D"), zero),
        "lost": sums.get((f"loss:{party}", "D"), zero),
    }


def client_names(counters: Iterable[RiskCounter]) -> dict[str, str]:
    """Names of the clients of counters: key -> name."""
    keys = [int(one.key) for one in counters if one.scope == RiskScope.CLIENT]
    return {str(one.pk): one.name for one in enterprises.members().filter(pk__in=keys)}

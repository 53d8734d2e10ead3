"""Reading consents and who looked; one function decides whether a bank may see."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, F, Max, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor

from ..models import AccessQuestion, Consent, ConsentAccess
from .acting import organisation_of

ACTIVE = Q(revoked_at__isnull=True, period__startswith__lte=Now(), period__endswith__gt=Now())


def active() -> QuerySet[Consent]:
    """Consents that hold now, by the database's clock."""
    return Consent.objects.filter(ACTIVE)


def active_for(enterprise_id: int, product_id: int) -> Consent | None:
    """The enterprise's consent to the bank of a product, if one holds now."""
    bank = F("product__organisation_id")
    return active().filter(enterprise_id=enterprise_id, product_id=product_id, organisation_id=bank).first()


def others_of(consent: Consent) -> QuerySet[Consent]:
    """Consents that were given with a bank's: those of the product's guarantor."""
    with_it = active().filter(enterprise_id=consent.enterprise_id, product_id=consent.product_id)
    return with_it.exclude(organisation_id=consent.organisation_id)


def held_by(actor: Actor, *, enterprise_id: int, product_id: int) -> Consent | None:
    """The consent that the acting organisation holds now of an enterprise for a product."""
    return granted_to(actor).filter(enterprise_id=enterprise_id, product_id=product_id).first()


def granted_to(actor: Actor) -> QuerySet[Consent]:
    """Consents the acting bank holds now."""
    return active().filter(organisation_id=organisation_of(actor))


def given_to(actor: Actor) -> QuerySet[Consent]:
    """All consents given to the acting bank, those that are over too."""
    rows = Consent.objects.filter(organisation_id=organisation_of(actor))
    return rows.select_related("product", "enterprise")


def of_bank(actor: Actor, consent_id: int) -> Consent:
    """A consent given to the acting bank, over or not; raises NotFound for others'."""
    consent = given_to(actor).filter(pk=consent_id).first()
    if consent is None:
        raise NotFound(code="not_found", message=_("没有这份授权。"))
    return consent


def state_of(consent: Consent, now: dt.datetime) -> str:
    """active, revoked or expired."""
    if consent.revoked_at is not None:
        return "revoked"
    return "active" if consent.period.lower <= now < consent.period.upper else "expired"


def ledger(enterprise_id: int) -> QuerySet[Consent]:
    """All consents of an enterprise with how often and when they were last used, newest first."""
    consents = Consent.objects.filter(enterprise_id=enterprise_id).select_related("organisation", "product")
    return consents.annotate(reads_count=Count("reads"), last_read=Max("reads__at")).order_by("-pk")


def own(enterprise_id: int, consent_id: int) -> Consent:
    """A consent of the enterprise; raises NotFound for others'."""
    consent = ledger(enterprise_id).filter(pk=consent_id).first()
    if consent is None:
        raise NotFound(code="not_found", message=_("没有这份授权。"))
    return consent


def reads_of(enterprise_id: int) -> QuerySet[ConsentAccess]:
    """Every time a bank looked, newest first."""
    reads = ConsentAccess.objects.filter(enterprise_id=enterprise_id)
    rows = reads.select_related("organisation", "consent__product").prefetch_related("questions")
    return rows.order_by("-at", "-pk")


def read_of(enterprise_id: int, access_id: int) -> ConsentAccess:
    """One read of the enterprise's data; raises NotFound for others'."""
    found = reads_of(enterprise_id).filter(pk=access_id).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这条访问记录。"))
    return found


def questions_to(actor: Actor) -> QuerySet[AccessQuestion]:
    """Questions about reads of the acting organisation, open ones first."""
    rows = AccessQuestion.objects.filter(organisation_id=organisation_of(actor)).select_related("access")
    return rows.order_by(F("answered_at").asc(nulls_first=True), "-pk")

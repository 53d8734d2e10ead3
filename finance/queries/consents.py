"""Reading consents and who looked; one function decides whether a bank may see."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.problems import NotFound
from parks.actors import Actor
from parks.clock import ParkNow

from ..models import AccessQuestion, Application, Consent, ConsentAccess
from ..rules import RENEW_DAYS
from .acting import organisation_of

ACTIVE = Q(revoked_at__isnull=True, period__startswith__lte=ParkNow(), period__endswith__gt=ParkNow())

STATES = {
    "active": ACTIVE,
    "expired": Q(period__endswith__lte=ParkNow()),
    "upcoming": Q(period__startswith__gt=ParkNow()),
}
UNENDED = Q(revoked_at__isnull=True, period__endswith__gt=ParkNow())


def active() -> QuerySet[Consent]:
    """Consents that hold now, by the database's clock."""
    return Consent.objects.filter(ACTIVE)


def active_for(enterprise_id: int, product_id: int) -> Consent | None:
    """The enterprise's consent to the bank of a product, if one holds now."""
    bank = F("product__organisation_id")
    rows = with_replaced(with_following(active()))
    return rows.filter(enterprise_id=enterprise_id, product_id=product_id, organisation_id=bank).first()


def given_together(consent: Consent) -> QuerySet[Consent]:
    """What ends with a consent: it, its renewals, and with a bank's those given to the product's guarantor."""
    unended = Consent.objects.filter(UNENDED, enterprise_id=consent.enterprise_id)
    if consent.organisation_id == consent.product.organisation_id:
        return unended.filter(product_id=consent.product_id)
    return unended.filter(root_id=consent.root_id)


def with_renewal(consent: Consent) -> QuerySet[Consent]:
    """A consent in force and the renewal that was signed, in their order."""
    return chain_of(consent.pk).filter(UNENDED).order_by("period")


def chain_of(consent_id: int | OuterRef) -> QuerySet[Consent]:
    """A consent together with those that renew it or that it renews."""
    return Consent.objects.filter(root_id__in=Consent.objects.filter(pk=consent_id).values("root_id"))


def holds(consent_id: int) -> bool:
    """Does the consent, or one that renews it, hold now?"""
    return chain_of(consent_id).filter(ACTIVE).exists()


def taken_over() -> Exists:
    """Has a wider consent taken the place of this one?"""
    in_its_place = Q(period__startswith=OuterRef("revoked_at")) | Q(
        period=OuterRef("period"), pk__gt=OuterRef("pk")
    )
    return Exists(Consent.objects.filter(in_its_place, root_id=OuterRef("root_id")))


def with_replaced(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    """Consents with whether a wider one took their place."""
    return rows.annotate(replaced=taken_over())


def with_following(rows: QuerySet[Consent]) -> QuerySet[Consent]:
    """Consents with their product and whether a renewal follows them."""
    next_ones = Consent.objects.filter(
        root_id=OuterRef("root_id"), period__startswith=OuterRef("period__endswith")
    )
    return rows.select_related("organisation", "product").annotate(followed=Exists(next_ones))


def may_renew(consent: Consent, now: dt.datetime) -> bool:
    """In the last RENEW_DAYS of a bank's consent (of `with_following`) that nothing follows yet."""
    begins = consent.period.upper - dt.timedelta(days=RENEW_DAYS)
    return (
        consent.revoked_at is None
        and consent.organisation_id == consent.product.organisation_id
        and begins <= now < consent.period.upper
        and not consent.followed  # type: ignore[attr-defined]  # annotated
    )


def may_widen(consent: Consent, now: dt.datetime) -> bool:
    """A bank's consent in force."""
    return consent.organisation_id == consent.product.organisation_id and state_of(consent, now) == "active"


def held_by(actor: Actor, *, enterprise_id: int, product_id: int) -> Consent | None:
    """The consent that the acting organisation holds now of an enterprise for a product."""
    return granted_to(actor).filter(enterprise_id=enterprise_id, product_id=product_id).first()


def held_now(actor: Actor, consent_id: int) -> Consent | None:
    """Of a consent given to the acting bank the one that holds now: itself, or one that renews it."""
    return granted_to(actor).filter(root_id__in=chain_of(consent_id).values("root_id")).first()


def granted_to(actor: Actor) -> QuerySet[Consent]:
    """Consents the acting bank holds now."""
    return active().filter(organisation_id=organisation_of(actor))


def given_to(actor: Actor) -> QuerySet[Consent]:
    """All consents given to the acting bank, those that are over too."""
    rows = with_replaced(Consent.objects.filter(organisation_id=organisation_of(actor)))
    return rows.select_related("product", "enterprise")


def of_bank(actor: Actor, consent_id: int) -> Consent:
    """A consent given to the acting bank, over or not; raises NotFound for others'."""
    consent = given_to(actor).filter(pk=consent_id).first()
    if consent is None:
        raise NotFound(code="not_found", message=_("没有这份授权。"))
    return consent


def state_of(consent: Consent, now: dt.datetime) -> str:
    """One of CONSENT_STATES, of a consent with `replaced`; upcoming is a renewal that has not begun."""
    if consent.revoked_at is not None:
        return "replaced" if consent.replaced else "revoked"  # type: ignore[attr-defined]  # annotated
    if now < consent.period.lower:
        return "upcoming"
    return "active" if now < consent.period.upper else "expired"


def ledger(enterprise_id: int) -> QuerySet[Consent]:
    """All consents of an enterprise with how often and when they were last used, newest first."""
    consents = with_replaced(with_following(Consent.objects.filter(enterprise_id=enterprise_id)))
    return consents.annotate(reads_count=Count("reads"), last_read=Max("reads__at")).order_by("-pk")


def report(actor: Actor) -> QuerySet[Consent]:
    """All consents given to the acting bank or guarantor, with how often and when it read on each, newest first."""
    rows = given_to(actor).annotate(reads_count=Count("reads"), last_read=Max("reads__at"))
    return rows.order_by("-pk")


def in_state(rows: QuerySet[Consent], state: str) -> QuerySet[Consent]:
    """Those of them that are in one of CONSENT_STATES now."""
    if state in ("revoked", "replaced"):
        wider = taken_over()
        return rows.filter(wider if state == "replaced" else ~wider, revoked_at__isnull=False)
    return rows.filter(STATES[state], revoked_at__isnull=True)


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


def reads_behind(application: Application, until: dt.datetime) -> QuerySet[ConsentAccess]:
    """What people and programs of the bank had read of an applicant up to a moment, names in lists aside, oldest first."""
    reads = ConsentAccess.objects.filter(consent__root_id=application.consent.root_id, at__lte=until)
    return reads.exclude(groups=["id"]).order_by("at", "pk")


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

"""Who shares the risk of a loan and how much of it may be taken on: terms, counters, what applications hold of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import GuaranteeOutcome, RiskKind, RiskScope, VersionState
from .applications import Application
from .people import SECOND, TwoPersons


class RiskTerms(TwoPersons):
    """How much a guarantor or a risk pool 风险补偿资金池 takes on, in yuan; put in force by two people, never changed.

    `capital` is a guarantor's net assets or the money paid into a pool; `leverage` times it is what may be committed.
    """

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=RiskKind.choices)
    number = models.PositiveIntegerField()
    capital = models.DecimalField(max_digits=18, decimal_places=2)
    leverage = models.DecimalField(max_digits=9, decimal_places=4, default=1)
    client_cap = models.DecimalField(max_digits=18, decimal_places=2)
    group_cap = models.DecimalField(max_digits=18, decimal_places=2)
    state = models.CharField(max_length=16, choices=VersionState.choices, default=VersionState.DRAFT)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "organisation", "kind", "number"], name="risk_terms_number"
            ),
            models.UniqueConstraint(
                fields=["park", "organisation", "kind"],
                condition=Q(state="active"),
                name="risk_terms_one_active",
            ),
            models.CheckConstraint(
                condition=Q(capital__gt=0, leverage__gt=0, client_cap__gt=0, group_cap__gte=F("client_cap")),
                name="risk_terms_amounts",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "state")


class RiskCounter(ParkModel):
    """How much is committed and paid of one cap (yuan). Moved only by triggers; `touched_at` exists to be locked by."""

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=RiskKind.choices)
    scope = models.CharField(max_length=16, choices=RiskScope.choices)
    key = models.CharField(max_length=120, blank=True)
    cap = models.DecimalField(max_digits=18, decimal_places=2)
    paid_cap = models.DecimalField(max_digits=18, decimal_places=2)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    touched_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "organisation", "kind", "scope", "key"], name="risk_counter_one"
            ),
            models.CheckConstraint(
                condition=Q(paid__gte=0, committed__gte=F("paid"), committed__lte=F("cap")),
                name="risk_counter_cap",
            ),
            models.CheckConstraint(condition=Q(paid__lte=F("paid_cap")), name="risk_counter_paid"),
        ]

    class Tenancy:
        grants = "select"
        updates = ("touched_at",)

    @property
    def free(self) -> object:
        """Yuan that may still be committed."""
        return self.cap - self.committed


class RiskHold(ParkModel):
    """What an application holds of a counter, in yuan; written by triggers only."""

    counter = ParkForeignKey(RiskCounter, related_name="holds")
    application = ParkForeignKey(Application, related_name="holds")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "counter", "application"], name="risk_hold_one"),
            models.CheckConstraint(condition=Q(paid__gte=0, amount__gte=F("paid")), name="risk_hold_amount"),
        ]

    class Tenancy:
        grants = "select"


class Guarantee(TwoPersons):
    """A guarantor's decision: proposed by one, decided by another. `cover_ratio` is its share of a loss (0-1)."""

    application = ParkForeignKey(Application, related_name="guarantees")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    cover_ratio = models.DecimalField(max_digits=9, decimal_places=6)
    fee_rate = models.DecimalField(max_digits=9, decimal_places=6)
    group_name = models.CharField(max_length=120, blank=True)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    outcome = models.CharField(max_length=16, blank=True, choices=GuaranteeOutcome.choices)
    reason = models.CharField(max_length=32, blank=True)
    note = models.CharField(max_length=500, blank=True)
    live = models.BooleanField(default=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "application"], condition=Q(live=True), name="guarantee_one_live"
            ),
            models.CheckConstraint(
                condition=Q(outcome="", checker_person__isnull=True)
                | (~Q(outcome="") & Q(checker_person__isnull=False)),
                name="guarantee_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(cover_ratio__gt=0, cover_ratio__lt=1, fee_rate__gte=0, fee_rate__lt=1),
                name="guarantee_ratios",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "outcome", "reason", "note", "live")

    @property
    def cover_percent(self) -> str:
        return f"{(self.cover_ratio * 100).normalize():f}"

"""The loan after approval: contract, money out, money back, default, claim, recovery. Documents never change; steps of
the application (with `source_id`) give them their effect."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import ClaimState, DayCount, Party, RepaymentMethod
from .applications import Application
from .people import SECOND, TwoPersons


class Contract(ParkModel):
    """Recorded by the bank's operations, signed by the enterprise; amount in yuan, rate a fraction a year."""

    application = ParkForeignKey(Application, related_name="contracts")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    rate = models.DecimalField(max_digits=9, decimal_places=6)
    starts_on = models.DateField()
    ends_on = models.DateField()
    method = models.CharField(max_length=16, choices=RepaymentMethod.choices)
    day_count = models.PositiveSmallIntegerField(choices=DayCount.choices, default=DayCount.ACT_360)
    recorded_by_ref = models.BigIntegerField()
    recorded_by_name = models.CharField(max_length=80)
    recorded_at = models.DateTimeField(db_default=Now())
    signed_by_ref = models.BigIntegerField(null=True)
    signed_by_name = models.CharField(max_length=80, blank=True)
    signed_at = models.DateTimeField(null=True)
    live = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "application"], condition=Q(live=True), name="contract_one_live"
            ),
            models.UniqueConstraint(
                fields=["park", "organisation", "number"], condition=Q(live=True), name="contract_number"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, rate__gt=0, rate__lt=1, ends_on__gt=F("starts_on")),
                name="contract_terms",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("signed_by_ref", "signed_by_name", "signed_at", "live")

    @property
    def rate_percent(self) -> str:
        return f"{(self.rate * 100).normalize():f}"


class Disbursement(TwoPersons):
    """Money paid out, in yuan: recorded by one, confirmed by another."""

    application = ParkForeignKey(Application, related_name="disbursements")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    value_date = models.DateField()
    bank_ref = models.CharField(max_length=64)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "organisation", "bank_ref"], name="disbursement_bank_ref"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="disbursement_amount"),
        ]

    class Tenancy:
        grants = "select, insert, delete"
        updates = SECOND


class ScheduleItem(ParkModel):
    """What is due when, in yuan; made when a disbursement is confirmed."""

    application = ParkForeignKey(Application, related_name="schedule")
    disbursement = ParkForeignKey(Disbursement, related_name="schedule")
    seq = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    principal = models.DecimalField(max_digits=18, decimal_places=2)
    interest = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "disbursement", "seq"], name="schedule_item_seq"),
            models.CheckConstraint(
                condition=Q(principal__gte=0, interest__gte=0), name="schedule_item_amount"
            ),
        ]

    class Tenancy:
        append_only = True


class Repayment(TwoPersons):
    """Money that came back, split as the bank booked it. A reversal has the same amounts, another reference, two people."""

    application = ParkForeignKey(Application, related_name="repayments")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    principal = models.DecimalField(max_digits=18, decimal_places=2)
    interest = models.DecimalField(max_digits=18, decimal_places=2)
    penalty = models.DecimalField(max_digits=18, decimal_places=2)
    fee = models.DecimalField(max_digits=18, decimal_places=2)
    value_date = models.DateField()
    bank_ref = models.CharField(max_length=64)
    reversal_of = ParkForeignKey("self", null=True, related_name="reversals")
    reason = models.CharField(max_length=200, blank=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["park", "organisation", "bank_ref"], name="repayment_bank_ref"),
            models.UniqueConstraint(
                fields=["park", "reversal_of"],
                condition=Q(reversal_of__isnull=False),
                name="repayment_reversed_once",
            ),
            models.CheckConstraint(
                condition=Q(principal__gte=0, interest__gte=0, penalty__gte=0, fee__gte=0, amount__gt=0)
                & Q(amount=F("principal") + F("interest") + F("penalty") + F("fee")),
                name="repayment_parts",
            ),
        ]

    class Tenancy:
        grants = "select, insert, delete"
        updates = SECOND


class DefaultNotice(TwoPersons):
    """One person proposes that a loan is in default or is written off, another confirms."""

    application = ParkForeignKey(Application, related_name="notices")
    kind = models.CharField(max_length=16, choices=[("default", "default"), ("write_off", "write_off")])
    reason = models.CharField(max_length=500)
    live = models.BooleanField(default=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "application", "kind"], condition=Q(live=True), name="default_notice_one"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "live")


class Claim(TwoPersons):
    """代偿申请: `loss` is the principal outstanding, `amount` what the bank claims of guarantor and pool (yuan).

    Filed by the bank; the paying side's maker and checker accept or refuse it.
    """

    application = ParkForeignKey(Application, related_name="claims")
    loss = models.DecimalField(max_digits=18, decimal_places=2)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    note = models.CharField(max_length=500, blank=True)
    filed_by_ref = models.BigIntegerField()
    filed_by_name = models.CharField(max_length=80)
    state = models.CharField(max_length=16, choices=ClaimState.choices, default=ClaimState.FILED)
    maker_person = models.BigIntegerField(null=True)  # type: ignore[assignment]  # nobody has reviewed it yet
    maker_name = models.CharField(max_length=80, blank=True)
    opinion = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "application"], condition=~Q(state="refused"), name="claim_one_open"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, loss__gte=F("amount")), name="claim_within_loss"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "maker_person", "maker_name", "opinion", "reason")


class ClaimShare(TwoPersons):
    """The part of a loss that one party bears (yuan, to the cent). Paid by two persons of the party; the bank's is not paid."""

    claim = ParkForeignKey(Claim, related_name="shares")
    party = models.CharField(max_length=16, choices=Party.choices)
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    share = models.DecimalField(max_digits=9, decimal_places=6)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    bank_ref = models.CharField(max_length=64, blank=True)
    value_date = models.DateField(null=True)
    maker_person = models.BigIntegerField(null=True)  # type: ignore[assignment]  # nobody has reviewed it yet
    maker_name = models.CharField(max_length=80, blank=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["park", "claim", "party"], name="claim_share_party"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, share__gte=0, share__lte=1), name="claim_share_amount"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "maker_person", "maker_name", "bank_ref", "value_date")


class Recovery(TwoPersons):
    """Money got back after a claim was paid; its parts flow back in the shares in which the loss was borne (yuan)."""

    application = ParkForeignKey(Application, related_name="recoveries")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    bank_part = models.DecimalField(max_digits=18, decimal_places=2)
    guarantor_part = models.DecimalField(max_digits=18, decimal_places=2)
    pool_part = models.DecimalField(max_digits=18, decimal_places=2)
    value_date = models.DateField()
    bank_ref = models.CharField(max_length=64)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["park", "organisation", "bank_ref"], name="recovery_bank_ref"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, bank_part__gte=0, guarantor_part__gte=0, pool_part__gte=0)
                & Q(amount=F("bank_part") + F("guarantor_part") + F("pool_part")),
                name="recovery_parts",
            ),
        ]

    class Tenancy:
        grants = "select, insert, delete"
        updates = SECOND

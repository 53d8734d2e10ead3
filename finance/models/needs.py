"""金融需求: an enterprise posts what it needs; banks, guarantors, funds and credit bureaus of the park answer within three working days."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import GuaranteeWish, NeedState


class Need(ParkModel):
    """Amount in yuan, term in months. Partners of the park see it with the enterprise's name, and nothing else of it."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=500)
    guarantee_wish = models.CharField(max_length=16, choices=GuaranteeWish.choices)
    collateral = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=16, choices=NeedState.choices, default=NeedState.OPEN)
    posted_by_ref = models.BigIntegerField()
    posted_by_name = models.CharField(max_length=80)
    posted_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0, term_months__gt=0), name="need_amount")
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "closed_at")

    @property
    def number(self) -> str:
        return f"X{self.pk:06d}"


class NeedAnswer(ParkModel):
    """One answer an organisation and need: an offer in words (with amount and rate, if any), or a polite no."""

    need = ParkForeignKey(Need, related_name="answers")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    offers = models.BooleanField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    rate = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    text = models.CharField(max_length=500)
    answered_by_ref = models.BigIntegerField()
    answered_by_name = models.CharField(max_length=80)
    answered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "need", "organisation"], name="need_answer_once"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="need_answer_amount"
            ),
        ]

    class Tenancy:
        append_only = True

    @property
    def rate_percent(self) -> str:
        return "" if self.rate is None else f"{(self.rate * 100).normalize():f}"

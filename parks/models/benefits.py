from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkModel
from .people import Organisation


class Benefit(ParkModel):
    """Public money that an organisation holds for one thing (yuan): an award, a subsidy or a policy claim.

    The rooms that give it write it, so that none pays twice for a thing; `ended_at` = refused, withdrawn or taken back.
    """

    class Scheme(models.TextChoices):
        BOARD_AWARD = "board_award", _("榜单奖励")
        INTEREST_SUBSIDY = "interest_subsidy", _("贴息")
        POLICY_CLAIM = "policy_claim", _("政策兑现")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    scheme = models.CharField(max_length=24, choices=Scheme.choices)
    subject = models.CharField(max_length=200)
    label = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    held_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "organisation", "subject"],
                condition=Q(ended_at__isnull=True),
                name="benefit_once_for_a_thing",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="benefit_amount"),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("amount", "ended_at")

"""Notices 通知 of the office to chosen firms; each firm has it in its inbox."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel


class Broadcast(ParkModel):
    """What was sent to whom; it cannot be taken back or rewritten. Empty choices mean all firms."""

    title = models.CharField(max_length=120)
    text = models.CharField(max_length=3000)
    stages = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    qualifications = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    sub_park = ParkForeignKey("parks.SubPark", null=True, related_name="+")
    sent_by_name = models.CharField(max_length=80)
    sent_at = models.DateTimeField(db_default=Now())

    class Tenancy:
        append_only = True

    def __str__(self) -> str:
        return self.title


class BroadcastFirm(ParkModel):
    """A firm that a notice went to; read when somebody of the firm first opened it."""

    broadcast = ParkForeignKey(Broadcast, related_name="firms")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    read_at = models.DateTimeField(null=True)
    read_by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "broadcast", "enterprise"], name="broadcast_once_a_firm")
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("read_at", "read_by_name")

from __future__ import annotations

from django.db import models

from ..tenancy import ParkModel
from .people import Account


class IdempotencyRecord(ParkModel):
    """One effect per key: the answer of a money form or API call, written with its effect."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=64)
    body_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    response = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "account", "route", "key"], name="idempotency_once")
        ]

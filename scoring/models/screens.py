"""Addresses of the hall screen 数据大屏."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from parks.tenancy import ParkModel


class ScreenLink(ParkModel):
    """A secret address that shows released figures without sign-in; only the digest of the secret is kept.

    Rows that were not revoked may be read outside a park's scope: the address is all a hall screen has.
    """

    token_digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=60)
    created_by_ref = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Tenancy:
        grants = "select, insert"
        updates = ("revoked_at",)
        visible = "revoked_at IS NULL"

from __future__ import annotations

from django.db import models

from ..tenancy import ParkModel
from .people import Organisation


class EvidenceFile(ParkModel):
    """A stored document, addressed by the SHA-256 of its bytes; what it proves is kept in other rooms."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "organisation", "sha256"], name="evidence_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="evidence_not_empty"),
        ]

    class Tenancy:
        grants = "select, insert"

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkModel
from .people import Organisation


class EvidenceFile(ParkModel):
    """A stored document, addressed by the SHA-256 of its bytes; what it proves is kept in other rooms."""

    class Scan(models.TextChoices):
        NOT_SCANNED = "not_scanned", _("未查毒")
        CLEAN = "clean", _("已查毒")
        INFECTED = "infected", _("已隔离")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=80)
    size = models.BigIntegerField()
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    scan = models.CharField(max_length=16, choices=Scan.choices, default=Scan.NOT_SCANNED)
    scanned_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "organisation", "sha256"], name="evidence_once"),
            models.CheckConstraint(condition=models.Q(size__gt=0), name="evidence_not_empty"),
        ]
        indexes = [models.Index(fields=["park", "sha256"], name="evidence_content")]

    class Tenancy:
        grants = "select, insert"
        updates = ("scan", "scanned_at")

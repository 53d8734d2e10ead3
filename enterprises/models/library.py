"""What a firm says about a document in its library 材料库."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel


class EvidenceNote(ParkModel):
    """Title, what it proves (input codes of the scheme) and until when; the file itself never changes."""

    file = ParkForeignKey("parks.EvidenceFile", related_name="notes")
    title = models.CharField(max_length=120, blank=True)
    proves = models.JSONField(default=list)
    valid_until = models.DateField(null=True, blank=True)
    updated_by_name = models.CharField(max_length=80, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "file"], name="evidence_note_once")]

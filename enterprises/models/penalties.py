from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from .enterprises import Enterprise


class PenaltyRecord(ParkModel):
    """A veto or deduction on public record; `code` is one of the scheme's penalties, period half-open."""

    enterprise = ParkForeignKey(Enterprise, related_name="penalties")
    code = models.CharField(max_length=64)
    source = models.CharField(max_length=32)
    reference = models.CharField(max_length=120, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Tenancy:
        grants = "select, insert"
        updates = ("ends_on",)

"""What only a firm knows of itself: stated with a paper, checked by another person, valid for a time."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import get_language

from parks.tenancy import ParkForeignKey, ParkModel

from ..formula import STATED, figure
from ..states import FactState


class StatedFact(ParkModel):
    """A figure `code` of the vocabulary (万元, per cent as 12.5, flags 0 or 1) as of a day, and what the office said of it.

    It counts from its acceptance to the day `until`. A row is never rewritten; a new figure is a new row.
    """

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    code = models.CharField(max_length=63)
    value = models.DecimalField(max_digits=18, decimal_places=4)
    as_of = models.DateField()
    until = models.DateField()
    evidence = ParkForeignKey("parks.EvidenceFile", related_name="+")
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=16, choices=FactState.choices, default=FactState.STATED)
    stated_by_ref = models.BigIntegerField()
    stated_by_name = models.CharField(max_length=80)
    stated_at = models.DateTimeField(db_default=Now())
    checked_by_ref = models.BigIntegerField(null=True)
    checked_by_name = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "code"], condition=Q(state="stated"), name="fact_one_waiting"
            ),
            models.CheckConstraint(
                condition=Q(state="stated") | Q(checked_by_ref__isnull=False) & ~Q(checked_by_ref=F("stated_by_ref")),
                name="fact_two_persons",
            ),
            models.CheckConstraint(condition=~Q(state="returned") | ~Q(reason=""), name="fact_return_reason"),
            models.CheckConstraint(condition=Q(until__gt=F("as_of")), name="fact_validity"),
        ]  # fmt: skip
        indexes = [models.Index(fields=["park", "state", "enterprise", "code"], name="fact_list")]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "checked_by_ref", "checked_by_name", "checked_at", "reason")

    @property
    def label(self) -> str:
        return STATED[self.code].label(get_language() or "zh")

    @property
    def shown(self) -> str:
        """The figure with its unit."""
        return figure(self.value, STATED[self.code].unit, get_language() or "zh")

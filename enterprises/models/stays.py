"""Where a firm is: its sub-parks over time."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func

from parks.tenancy import ParkForeignKey, ParkModel

from .enterprises import Enterprise


class SubParkStay(ParkModel):
    """A firm was in a sub-park in [starts_on, ends_on); its stays never overlap."""

    enterprise = ParkForeignKey(Enterprise, related_name="stays")
    sub_park = ParkForeignKey("parks.SubPark", null=True, blank=True, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    decided_by_name = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=F("starts_on")),
                name="sub_park_stay_period",
            ),
            ExclusionConstraint(
                name="sub_park_stay_one_at_a_time",
                expressions=[
                    ("park", RangeOperators.EQUAL),
                    ("enterprise", RangeOperators.EQUAL),
                    (Func(F("starts_on"), F("ends_on"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("ends_on", "sub_park")

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import CycleState


class Cycle(ParkModel):
    """The yearly round of a park. `year` is the evaluation year t; everything happens in t+1."""

    year = models.PositiveSmallIntegerField()
    scheme_version = ParkForeignKey("indicators.SchemeVersion", related_name="+")
    state = models.CharField(max_length=16, choices=CycleState.choices, default=CycleState.OPEN)
    declaration_deadline = models.DateTimeField()
    opened_by_ref = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    frozen_by_ref = models.BigIntegerField(null=True)
    frozen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "year"], name="cycle_year"),
            models.CheckConstraint(condition=models.Q(year__range=(2000, 2100)), name="cycle_year_sane"),
        ]

    def __str__(self) -> str:
        return str(self.year)

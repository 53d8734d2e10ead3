from __future__ import annotations

from django.db import models

from ..tenancy import ParkModel


class CalendarDay(ParkModel):
    """A day on which a park departs from the official working-day calendar."""

    day = models.DateField()
    is_working_day = models.BooleanField()
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "day"], name="calendar_day_once")]

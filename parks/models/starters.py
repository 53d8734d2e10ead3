from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ..tenancy import ParkForeignKey, ParkModel
from .people import Membership


class StarterTasks(ParkModel):
    """新手任务 of a person in a role: the codes of what was done, and since when the list is put away."""

    membership = ParkForeignKey(Membership, related_name="+")
    done = ArrayField(models.CharField(max_length=32), default=list)
    put_away_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "membership"], name="starter_tasks_once")]

    class Tenancy:
        grants = "select, insert"
        updates = ("done", "put_away_at")

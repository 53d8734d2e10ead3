"""Pools 培育库: firms on their way to a rung, with coach, tasks and milestones; every move stays."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import POOL_OVER, PoolStage
from .policies import Policy


class PoolPlace(ParkModel):
    """A firm in the pool of a rung; its moves alone change the stage."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    rung = ParkForeignKey(Policy, related_name="places")
    stage = models.CharField(max_length=16, choices=PoolStage.choices, default=PoolStage.WATCHED)
    coach_ref = models.BigIntegerField(null=True)
    coach_name = models.CharField(max_length=80, blank=True)
    entered_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "rung"],
                condition=~Q(stage__in=POOL_OVER),
                name="pool_place_once",
            )
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("coach_ref", "coach_name")


class PoolMove(ParkModel):
    """A step of a firm in a pool, who took it and why; a note is a move that stays where it is."""

    place = ParkForeignKey(PoolPlace, related_name="moves")
    from_stage = models.CharField(max_length=16, choices=PoolStage.choices, blank=True)
    to_stage = models.CharField(max_length=16, choices=PoolStage.choices)
    why = models.CharField(max_length=500)
    person_name = models.CharField(max_length=80)
    at = models.DateTimeField(db_default=Now())

    class Tenancy:
        append_only = True

    @property
    def is_note(self) -> bool:
        return self.from_stage == self.to_stage


class PoolTask(ParkModel):
    """What is to be done for a firm of a pool, or a milestone on its way."""

    place = ParkForeignKey(PoolPlace, related_name="tasks")
    title = models.CharField(max_length=200)
    is_milestone = models.BooleanField(default=False)
    due_on = models.DateField(null=True)
    done_on = models.DateField(null=True)
    done_by_name = models.CharField(max_length=80, blank=True)

    class Tenancy:
        grants = "select, insert"
        updates = ("done_on", "done_by_name")

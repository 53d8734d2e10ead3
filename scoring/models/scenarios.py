"""What-if 试一试: plans an enterprise keeps for itself, and how often it asked."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from .runs import ScoreRun


class Scenario(ParkModel):
    """A plan that was tried against a run; private to the enterprise.

    `changes` = {fact column: figure as text, money in the scheme's unit}; `outcome` = {"total", "change",
    "dimensions" {code: points}, "percentile" [low, high] or null} as text.
    """

    run = ParkForeignKey(ScoreRun, related_name="+")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    name = models.CharField(max_length=60)
    changes = models.JSONField()
    outcome = models.JSONField()
    created_by_ref = models.BigIntegerField(null=True)
    created_by_name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "run", "enterprise", "name"], name="scenario_name_once")
        ]


class WhatIfUse(ParkModel):
    """One question asked, so that rivals' figures cannot be probed by asking often."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    asked_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["park", "enterprise", "asked_at"], name="what_if_recent")]

    class Tenancy:
        append_only = True

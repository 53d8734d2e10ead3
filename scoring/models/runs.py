"""Score runs and their results; runs never overwrite, one pointer says which is current."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel

from .snapshots import Snapshot


class ScoreRun(ParkModel):
    """run_hash = f(snapshot root, scheme digest, engine version, result root); see docs/scheme.md."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("排队中")
        COMPUTED = "computed", _("已计算")

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    snapshot = ParkForeignKey(Snapshot, related_name="runs")
    scheme_version = ParkForeignKey("indicators.SchemeVersion", related_name="+")
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    job = ParkForeignKey("parks.Job", null=True, blank=True, related_name="+")
    engine_version = models.CharField(max_length=32, blank=True)
    result_root = models.CharField(max_length=64, blank=True)
    run_hash = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    requested_by_ref = models.BigIntegerField(null=True)
    requested_by_name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    computed_at = models.DateTimeField(null=True)


class ScoreResult(ParkModel):
    """One enterprise in one run, dense: arrays in the order of the scheme's indicators, dimensions, boards.

    `normalised` in 1e-4, `points` and `dimensions` in the engine's exact scale, `total` in points.
    """

    run = ParkForeignKey(ScoreRun, related_name="results")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    uscc = models.CharField(max_length=18)
    stage = models.CharField(max_length=32)
    normalised = ArrayField(models.IntegerField(null=True))
    weights = ArrayField(models.BigIntegerField())
    points = ArrayField(models.BigIntegerField())
    dimensions = ArrayField(models.BigIntegerField())
    deductions = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    total = models.DecimalField(max_digits=6, decimal_places=2)
    completeness = models.DecimalField(max_digits=7, decimal_places=4)
    flags = ArrayField(models.CharField(max_length=64), default=list)
    place = models.PositiveIntegerField(null=True)
    stage_place = models.PositiveIntegerField(null=True)
    board_scores = ArrayField(models.BigIntegerField(null=True))
    board_places = ArrayField(models.PositiveIntegerField(null=True))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "run", "enterprise"], name="score_result_once")]
        indexes = [models.Index(fields=["park", "run", "place"], name="score_result_place")]

    class Tenancy:
        grants = "select, insert, delete"


class CurrentRun(ParkModel):
    """Which run of a cycle counts; switched in one transaction."""

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    run = ParkForeignKey(ScoreRun, related_name="+")
    switched_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "cycle"], name="current_run_once")]

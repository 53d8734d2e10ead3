"""Score runs and their results; runs never overwrite, one pointer says which is current."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ManyRows, ParkForeignKey, ParkModel

from .snapshots import Snapshot


class ScoreRun(ParkModel):
    """One computation of a snapshot under a scheme version by an engine version; there is one row for each.

    run_hash = f(snapshot root, scheme digest, engine version, result root); see docs/scheme.md. The code lists
    say what the entries of the results' arrays are. `statistics` has per stage what the pages show (medians,
    quartiles, histogram), `report` what the engine says about the indicators before anything is published.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("计算中")
        COMPUTED = "computed", _("已计算")

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    snapshot = ParkForeignKey(Snapshot, related_name="runs")
    scheme_version = ParkForeignKey("indicators.SchemeVersion", related_name="+")
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    job = ParkForeignKey("parks.Job", null=True, blank=True, related_name="+")
    engine_version = models.CharField(max_length=32)
    snapshot_root = models.CharField(max_length=64)
    scheme_digest = models.CharField(max_length=64)
    result_root = models.CharField(max_length=64, blank=True)
    run_hash = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(default=0)
    stages = ArrayField(models.CharField(max_length=64), default=list)
    indicators = ArrayField(models.CharField(max_length=64), default=list)
    dimensions = ArrayField(models.CharField(max_length=64), default=list)
    boards = ArrayField(models.CharField(max_length=64), default=list)
    flag_codes = ArrayField(models.CharField(max_length=64), default=list)
    statistics = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    requested_by_ref = models.BigIntegerField(null=True)
    requested_by_name = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    computed_at = models.DateTimeField(null=True)
    official_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "snapshot", "scheme_version", "engine_version"], name="score_run_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="requested") | ~models.Q(run_hash=""),
                name="score_run_computed_has_hash",
            ),
        ]

    class Tenancy:
        grants = "select, insert, update"

    def __str__(self) -> str:
        return self.run_hash[:12] or str(self.pk)


class ScoreResult(ManyRows):
    """One enterprise in one run, dense: arrays in the order of the run's code lists.

    `normalised` in 1e-4 (-1: not applicable), `points` and `dimensions` in 1e-14 points, `stage_percentile` in
    1e-4 (midrank among the ranked of the stage), `flags` a word whose bit i means `run.flag_codes[i]`. Places are
    empty for those without a place. On a board equal scores share a place, `board_positions` is the total order;
    0 means not eligible, board scores count in 1e-4. Weights are not kept: they follow from scheme, stage and what
    does not apply, and the explanation recomputes them.
    """

    run = ParkForeignKey(ScoreRun, related_name="results", db_index=False)
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+", db_index=False)
    uscc = models.CharField(max_length=18)
    stage = models.CharField(max_length=64)
    normalised = ArrayField(models.SmallIntegerField())
    points = ArrayField(models.BigIntegerField())
    dimensions = ArrayField(models.BigIntegerField())
    deductions = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    total = models.DecimalField(max_digits=6, decimal_places=2)
    completeness = models.DecimalField(max_digits=7, decimal_places=4)
    flags = models.BigIntegerField(default=0)
    place = models.PositiveIntegerField(null=True)
    stage_place = models.PositiveIntegerField(null=True)
    stage_percentile = models.SmallIntegerField(null=True)
    board_scores = ArrayField(models.BigIntegerField())
    board_places = ArrayField(models.IntegerField())
    board_positions = ArrayField(models.IntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "run", "enterprise"], name="score_result_once")
        ]
        indexes = [models.Index(fields=["park", "run", "place"], name="score_result_place")]

    class Tenancy:
        append_only = True


class CurrentRun(ParkModel):
    """Which run of a cycle counts; switched in one transaction."""

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    run = ParkForeignKey(ScoreRun, related_name="+")
    switched_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "cycle"], name="current_run_once")]

"""What is asked about a run before boards are made from it: anomalies, place intervals, spread by kind of firm."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ManyRows, ParkForeignKey, ParkModel

from .runs import ScoreRun


class Anomaly(ParkModel):
    """A result that the office has to look at before it counts on a board.

    `detail` holds the figures of the rule as text (canonical JSON). A clearance is a person's word with a note; it is
    carried over to a later run of the same year only where enterprise, rule and figures are the same.
    """

    class Rule(models.TextChoices):
        TOTAL_JUMP = "total_jump", _("总分变动大")
        PLACE_JUMP = "place_jump", _("名次变动大")
        BOARD_CANDIDATE = "board_candidate", _("榜单候选")

    run = ParkForeignKey(ScoreRun, related_name="anomalies")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    rule = models.CharField(max_length=24, choices=Rule.choices)
    detail = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    cleared_by_ref = models.BigIntegerField(null=True)
    cleared_by_name = models.CharField(max_length=80, blank=True)
    cleared_at = models.DateTimeField(null=True)
    carried_from = ParkForeignKey("self", null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "run", "enterprise", "rule"], name="anomaly_once"),
            models.CheckConstraint(
                condition=models.Q(cleared_at__isnull=True) | ~models.Q(note=""),
                name="anomaly_cleared_has_note",
            ),
        ]
        indexes = [models.Index(fields=["park", "run", "cleared_at"], name="anomaly_open")]

    class Tenancy:
        grants = "select, insert"
        updates = ("note", "cleared_by_ref", "cleared_by_name", "cleared_at")

    @property
    def is_open(self) -> bool:
        return self.cleared_at is None


class RunReview(ParkModel):
    """Computed after a run by a job of its own: summaries by industry and sub-park, and how firm the places are.

    `groups` = {"industry" | "sub_park" | "year": {name: {"ranked", "total" [5], "indicators" {code: [5]}}}}, years all by
    the method of this run ("rescored" where theirs was another);
    `sensitivity` = what was varied, how often, with which seed, and how often the first places changed hands.
    """

    run = ParkForeignKey(ScoreRun, related_name="reviews")
    job = ParkForeignKey("parks.Job", null=True, blank=True, related_name="+")
    groups = models.JSONField(default=dict)
    sensitivity = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "run"], name="run_review_once")]

    class Tenancy:
        grants = "select, insert, update"


class PlaceInterval(ManyRows):
    """Places of an enterprise in 5 and in 95 of 100 variations of weights, normalisation and indicators."""

    run = ParkForeignKey(ScoreRun, related_name="+", db_index=False)
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+", db_index=False)
    low = models.PositiveIntegerField()
    high = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "run", "enterprise"], name="place_interval_once"),
            models.CheckConstraint(
                condition=models.Q(low__gte=1, high__gte=models.F("low")), name="place_interval_order"
            ),
        ]

    class Tenancy:
        append_only = True

"""Editions of a board: proposed by one person, put on notice and published by others."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import UNSEEN, EditionState

NOTICED = (EditionState.ON_NOTICE, EditionState.FINAL, EditionState.SUPERSEDED)


class AllowedTransition(models.Model):
    """Which state may follow which; triggers look here. Only the owner of the tables may change it."""

    aggregate = models.CharField(max_length=16)
    before = models.CharField(max_length=16)
    after = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["aggregate", "before", "after"], name="allowed_transition_once")
        ]


class BoardEdition(ParkModel):
    """One edition of one board of a year, copied from a run.

    `entries_root` is the Merkle root of the entries' leaves, `content_hash` the fingerprint of head and root.
    `rule` is the definition of a board of the park's own (empty for the scheme's boards), `members` who belonged to it
    where that may change later. `exclusions` lists enterprises that the run placed but that may not be shown, with the reason. Everything but
    state, notice and the persons who acted is fixed when the edition is proposed (rankings/sql/editions.sql).
    """

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    board = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    run = ParkForeignKey("scoring.ScoreRun", related_name="+")
    scheme_version = ParkForeignKey("indicators.SchemeVersion", related_name="+")
    supersedes = ParkForeignKey("self", null=True, blank=True, related_name="+")
    state = models.CharField(max_length=16, choices=EditionState.choices, default=EditionState.DRAFT)
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    eligible = models.PositiveIntegerField()
    size = models.PositiveSmallIntegerField()
    rule = models.JSONField(default=dict)
    members = models.JSONField(default=list)
    exclusions = models.JSONField(default=list)
    run_hash = models.CharField(max_length=64)
    entries_root = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    proposed_by_ref = models.BigIntegerField()
    proposed_by_name = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    noticed_by_ref = models.BigIntegerField(null=True)
    noticed_by_name = models.CharField(max_length=80, blank=True)
    notice_starts_at = models.DateTimeField(null=True)
    notice_ends_at = models.DateTimeField(null=True)
    notice_days = ArrayField(models.DateField(), default=list)
    notice_text = models.TextField(blank=True)
    notice_contact = models.CharField(max_length=200, blank=True)
    published_by_ref = models.BigIntegerField(null=True)
    published_by_name = models.CharField(max_length=80, blank=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_by_ref = models.BigIntegerField(null=True)
    withdrawn_by_name = models.CharField(max_length=80, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "cycle", "board", "number"], name="edition_number"),
            models.UniqueConstraint(
                fields=["park", "cycle", "board"], condition=Q(state__in=UNSEEN), name="edition_one_proposed"
            ),
            models.UniqueConstraint(
                fields=["park", "cycle", "board"],
                condition=Q(state=EditionState.ON_NOTICE),
                name="edition_one_on_notice",
            ),
            models.UniqueConstraint(
                fields=["park", "cycle", "board"],
                condition=Q(state=EditionState.FINAL),
                name="edition_one_final",
            ),
            models.CheckConstraint(
                condition=Q(noticed_by_ref__isnull=True) | ~Q(noticed_by_ref=F("proposed_by_ref")),
                name="edition_notice_by_another",
            ),
            models.CheckConstraint(
                condition=Q(published_by_ref__isnull=True) | ~Q(published_by_ref=F("proposed_by_ref")),
                name="edition_published_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=NOTICED)
                | Q(
                    noticed_by_ref__isnull=False, notice_starts_at__isnull=False, notice_ends_at__isnull=False
                ),
                name="edition_notice_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state=EditionState.FINAL)
                | Q(published_by_ref__isnull=False, published_at__isnull=False),
                name="edition_final_complete",
            ),
            models.CheckConstraint(
                condition=~Q(state=EditionState.WITHDRAWN)
                | (Q(withdrawn_by_ref__isnull=False) & ~Q(reason="")),
                name="edition_withdrawn_with_reason",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "withdrawn_by_ref", "withdrawn_by_name", "withdrawn_at", "reason")

    def __str__(self) -> str:
        return f"{self.name_zh} · {self.number}"


class BoardEntry(ParkModel):
    """One enterprise on an edition, copied from the run; `leaf` is the hash of what is shown (rules.leaf_of)."""

    edition = ParkForeignKey(BoardEdition, related_name="entries")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    position = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField()
    tied = models.BooleanField()
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    stage = models.CharField(max_length=64)
    score = models.DecimalField(max_digits=8, decimal_places=4)
    total = models.DecimalField(max_digits=6, decimal_places=2)
    leaf = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "edition", "position"], name="board_entry_position"),
            models.UniqueConstraint(fields=["park", "edition", "enterprise"], name="board_entry_once"),
        ]

    class Tenancy:
        append_only = True

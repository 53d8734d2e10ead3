"""What the public sees. Everybody may read these tables; only functions of their owner write them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import EditionState

STATES = [
    choice for choice in EditionState.choices if choice[0] not in (EditionState.DRAFT, EditionState.PROPOSED)
]


class PublishedBoard(ParkModel):
    """One edition as shown to the public, from its notice on.

    `chain` = SHA-256 over the chain value of the park's publication before it and `content_hash`, so that none can
    be taken out or changed unseen. `state`, dates and reasons are not part of the hashed content.
    """

    edition = ParkForeignKey("rankings.BoardEdition", related_name="+")
    year = models.PositiveSmallIntegerField()
    board = models.CharField(max_length=64)
    number = models.PositiveSmallIntegerField()
    name_zh = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=STATES)
    rule = models.JSONField(default=dict)
    eligible = models.PositiveIntegerField()
    size = models.PositiveSmallIntegerField()
    scheme_version = models.CharField(max_length=32)
    scheme_digest = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=32)
    snapshot_root = models.CharField(max_length=64)
    result_root = models.CharField(max_length=64)
    run_hash = models.CharField(max_length=64)
    entries_root = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    seq = models.PositiveIntegerField()
    prev = models.CharField(max_length=64)
    chain = models.CharField(max_length=64)
    notice_starts_at = models.DateTimeField()
    notice_ends_at = models.DateTimeField()
    notice_days = ArrayField(models.DateField(), default=list)
    notice_text = models.TextField(blank=True)
    notice_contact = models.CharField(max_length=200)
    published_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "edition"], name="published_board_once"),
            models.UniqueConstraint(fields=["park", "seq"], name="published_board_seq"),
        ]
        indexes = [models.Index(fields=["park", "year", "board"], name="published_board_year")]

    class Tenancy:
        grants = "select"
        visible = "true"

    def __str__(self) -> str:
        return self.name_zh


class PublishedEntry(ParkModel):
    """One enterprise on a published board. Nothing else of it is shown."""

    published = ParkForeignKey(PublishedBoard, related_name="entries")
    position = models.PositiveSmallIntegerField()
    place = models.PositiveSmallIntegerField()
    tied = models.BooleanField()
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    stage = models.CharField(max_length=64)
    score = models.DecimalField(max_digits=8, decimal_places=4)
    leaf = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "published", "position"], name="published_entry_position")
        ]
        indexes = [models.Index(fields=["park", "uscc"], name="published_entry_uscc")]

    class Tenancy:
        grants = "select"
        visible = "true"


class PublishedCurrent(ParkModel):
    """Which published edition of a board is in force; flipped in the transaction that publishes."""

    year = models.PositiveSmallIntegerField()
    board = models.CharField(max_length=64)
    published = ParkForeignKey(PublishedBoard, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "year", "board"], name="published_current_once")
        ]

    class Tenancy:
        grants = "select"
        visible = "true"


class PublishedMethod(ParkModel):
    """The scheme under which boards were published, as data; published with the first notice that uses it."""

    code = models.CharField(max_length=64)
    version = models.CharField(max_length=32)
    title = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    body = models.JSONField()
    published_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "digest"], name="published_method_once")]

    class Tenancy:
        grants = "select"
        visible = "true"

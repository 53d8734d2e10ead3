from __future__ import annotations

from django.db import models
from django.db.models import Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import OPEN_OBJECTIONS, ObjectionState
from .editions import BoardEdition


class Objection(ParkModel):
    """An objection 异议 against an edition on notice, by anyone with a name. The firm never sees who objected.

    `item` is the indicator it is about, empty for the place as a whole. `accept_due` and `answer_due` are the last days
    to take it up and to answer it. `origin` is a keyed digest of the address it came from, kept for the rate limit only.
    """

    edition = ParkForeignKey(BoardEdition, related_name="objections")
    about = ParkForeignKey("enterprises.Enterprise", null=True, blank=True, related_name="+")
    item = models.CharField(max_length=64, blank=True)
    receipt = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=16, choices=ObjectionState.choices, default=ObjectionState.FILED)
    objector_name = models.CharField(max_length=120)
    objector_contact = models.CharField(max_length=120)
    objector_organisation = models.ForeignKey(
        "parks.Organisation", on_delete=models.PROTECT, null=True, related_name="+"
    )
    statement = models.TextField()
    origin = models.CharField(max_length=64, blank=True)
    filed_at = models.DateTimeField()
    accept_due = models.DateField(null=True)
    answer_due = models.DateField(null=True)
    accepted_by_ref = models.BigIntegerField(null=True)
    accepted_by_name = models.CharField(max_length=80, blank=True)
    accepted_at = models.DateTimeField(null=True)
    investigated_by_ref = models.BigIntegerField(null=True)
    investigated_by_name = models.CharField(max_length=80, blank=True)
    investigated_at = models.DateTimeField(null=True)
    findings = models.TextField(blank=True)
    answered_by_ref = models.BigIntegerField(null=True)
    answered_by_name = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["park", "origin", "filed_at"], name="objection_origin")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=OPEN_OBJECTIONS) | (Q(answered_by_ref__isnull=False) & ~Q(answer="")),
                name="objection_answered_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=ObjectionState.INVESTIGATED) | ~Q(findings=""),
                name="objection_investigated_with_findings",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "accepted_by_ref", "accepted_by_name", "accepted_at", "investigated_by_ref", "investigated_by_name",
            "investigated_at", "findings", "answered_by_ref", "answered_by_name", "answered_at", "answer",
        )  # fmt: skip


class ObjectionFile(ParkModel):
    """A document or picture that came with an objection; the bytes lie in the evidence store under their hash."""

    objection = ParkForeignKey(Objection, related_name="files")
    sha256 = models.CharField(max_length=64)
    filename = models.CharField(max_length=200)
    content_type = models.CharField(max_length=80)
    size = models.BigIntegerField()

    class Tenancy:
        append_only = True


class CorrectionOrder(ParkModel):
    """A correction order 更正令 after an upheld objection: one person orders, another approves and carries it out.

    `amount` is the corrected figure of the input `code` (yuan or units), `entries` the corrected rows when it is a
    list. Carrying it out makes a snapshot that names the old one, and a run; the boards of that run are proposed and
    put on notice anew.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        APPROVED = "approved"
        CANCELLED = "cancelled"

    objection = ParkForeignKey(Objection, related_name="orders")
    number = models.PositiveIntegerField()
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    code = models.CharField(max_length=64)
    old_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    old_entries = models.JSONField(null=True)
    entries = models.JSONField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    proposed_by_ref = models.BigIntegerField()
    proposed_by_name = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    approved_by_ref = models.BigIntegerField(null=True)
    approved_by_name = models.CharField(max_length=80, blank=True)
    approved_at = models.DateTimeField(null=True)
    snapshot = ParkForeignKey("scoring.Snapshot", null=True, blank=True, related_name="+")
    run = ParkForeignKey("scoring.ScoreRun", null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "number"], name="correction_number"),
            models.UniqueConstraint(
                fields=["park", "objection", "code"],
                condition=Q(state="proposed"),
                name="correction_one_waits",
            ),
            models.CheckConstraint(
                condition=Q(approved_by_ref__isnull=True) | ~Q(approved_by_ref=models.F("proposed_by_ref")),
                name="correction_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(approved_by_ref__isnull=False, snapshot__isnull=False),
                name="correction_carried_out",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) ^ Q(entries__isnull=True), name="correction_figure_or_rows"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "approved_by_ref", "approved_by_name", "approved_at", "snapshot", "run")

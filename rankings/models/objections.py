from __future__ import annotations

from django.db import models
from django.db.models import Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import OPEN_OBJECTIONS, ObjectionState
from .editions import BoardEdition


class Objection(ParkModel):
    """An objection 异议 against an edition on notice, by anyone with a name. The firm never sees who objected.

    `origin` is a keyed digest of the address it came from, kept for the rate limit only.
    """

    edition = ParkForeignKey(BoardEdition, related_name="objections")
    about = ParkForeignKey("enterprises.Enterprise", null=True, blank=True, related_name="+")
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
    accepted_by_ref = models.BigIntegerField(null=True)
    accepted_by_name = models.CharField(max_length=80, blank=True)
    accepted_at = models.DateTimeField(null=True)
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
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "accepted_by_ref", "accepted_by_name", "accepted_at", "answered_by_ref", "answered_by_name",
            "answered_at", "answer",
        )  # fmt: skip

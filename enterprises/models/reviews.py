"""What happens around the verification of a declaration: claims, conflicts of interest, returns, talk."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import ReturnReason
from .declarations import Declaration, DeclaredValue
from .enterprises import Enterprise


class ReviewClaim(ParkModel):
    """A reviewer has taken a declaration, or one topic of it (a dimension of the scheme; "" is all of it).

    `assigned_by_name` names who of the office gave it; empty when the reviewer took it.
    """

    declaration = ParkForeignKey(Declaration, related_name="claims")
    topic = models.CharField(max_length=64, blank=True)
    person_ref = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    claimed_at = models.DateTimeField()
    assigned_by_name = models.CharField(max_length=80, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "declaration", "topic"], name="review_claim_once")
        ]


class ConflictOfInterest(ParkModel):
    """A person of the office has a stake in an enterprise and does not review it."""

    enterprise = ParkForeignKey(Enterprise, related_name="conflicts")
    person_ref = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    reason = models.TextField()
    declared_at = models.DateTimeField(auto_now_add=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by_name = models.CharField(max_length=80, blank=True)
    lifted_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "person_ref"],
                condition=models.Q(lifted_at__isnull=True),
                name="conflict_of_interest_once",
            )
        ]


class ReturnNotice(ParkModel):
    """One return 一次性告知 with all its items and the date until which the enterprise answers."""

    declaration = ParkForeignKey(Declaration, related_name="return_notices")
    number = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    sent_by_ref = models.BigIntegerField(null=True)
    sent_by_name = models.CharField(max_length=80)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "declaration", "number"], name="return_notice_once"),
            models.CheckConstraint(condition=models.Q(number__range=(1, 2)), name="return_notice_two"),
        ]


class ReturnItem(ParkModel):
    """An item marked for return; `notice` is empty until it is sent. The enterprise answers each."""

    value = ParkForeignKey(DeclaredValue, related_name="return_items")
    notice = ParkForeignKey(ReturnNotice, null=True, related_name="items")
    reason_code = models.CharField(max_length=32, choices=ReturnReason.choices)
    reason = models.TextField()
    bring = models.TextField(blank=True)
    state_before = models.CharField(max_length=20)
    shown_before = models.JSONField(null=True)
    answer = models.TextField(blank=True)
    answered_by_name = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "value"],
                condition=models.Q(notice__isnull=True),
                name="return_item_marked_once",
            )
        ]


class ItemMessage(ParkModel):
    """A message between enterprise and reviewers about one item; both sides read it."""

    value = ParkForeignKey(DeclaredValue, related_name="messages")
    from_office = models.BooleanField()
    text = models.TextField()
    author_ref = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=80)
    sent_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["park", "value", "sent_at"], name="item_message_thread")]

    class Tenancy:
        append_only = True


class InternalNote(ParkModel):
    """A note of the office about one item. The enterprise never reads it, hence a table of its own."""

    value = ParkForeignKey(DeclaredValue, related_name="internal_notes")
    text = models.TextField()
    author_ref = models.BigIntegerField(null=True)
    author_name = models.CharField(max_length=80)
    written_at = models.DateTimeField(auto_now_add=True)

    class Tenancy:
        append_only = True

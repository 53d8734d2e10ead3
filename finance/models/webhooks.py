"""Where a bank wants to be told, and every telling with its attempts."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel


class WebhookEndpoint(ParkModel):
    """An address of a bank. `secret` and `previous_secret` are sealed; the previous one signs too until `previous_until`.

    `last_sequence` counts what it was to be told; `failing_since` is the first of a row of failures.
    """

    class State(models.TextChoices):
        ACTIVE = "active", _("启用中")
        DISABLED = "disabled", _("已停用")

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    url = models.CharField(max_length=500)
    events = ArrayField(models.CharField(max_length=40))
    secret = models.TextField()
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    last_sequence = models.BigIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    created_by_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "organisation", "url"], name="webhook_endpoint_once")
        ]

    class Tenancy:
        worker_sees_all = True


class WebhookDelivery(ParkModel):
    """One event for one endpoint. `body` is what is signed and sent; it never changes, a replay sends it again.

    While it is being sent `next_attempt_at` is the end of the sender's lease. `due_since` starts the time after which it is given up.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("待送达")
        DELIVERED = "delivered", _("已送达")
        DEAD = "dead", _("未送达")

    endpoint = ParkForeignKey(WebhookEndpoint, related_name="deliveries")
    event_id = models.CharField(max_length=64)
    event = models.CharField(max_length=40)
    sequence = models.BigIntegerField()
    body = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    due_since = models.DateTimeField(db_default=Now())
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "endpoint", "sequence"], name="webhook_sequence"),
            models.UniqueConstraint(fields=["park", "endpoint", "event_id"], name="webhook_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="pending"), name="webhook_pending"
            )
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "attempts", "next_attempt_at", "due_since", "last_status", "last_error", "delivered_at",
        )  # fmt: skip
        worker_sees_all = True

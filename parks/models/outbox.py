from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkModel
from .people import Organisation


class OutboxMessage(ParkModel):
    """A fact that leaves the house (mail, webhook), written in the transaction that made it true."""

    class State(models.TextChoices):
        PENDING = "pending", _("待发送")
        DELIVERED = "delivered", _("已发送")
        DEAD = "dead", _("发送失败")

    topic = models.CharField(max_length=80)
    aggregate = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(auto_now_add=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "aggregate", "seq"], name="outbox_order")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="pending"), name="outbox_pending"
            )
        ]

    class Tenancy:
        worker_sees_all = True


class Notification(ParkModel):
    """A message in an organisation's inbox on the platform."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["park", "organisation", "-created_at"], name="notification_inbox")]

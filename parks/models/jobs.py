from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkModel
from .people import Account


class Job(ParkModel):
    """A piece of background work. PostgreSQL holds it; Celery and Redis only ring the bell.

    `lease_until` says how long a worker has it; `fence` grows with every take, and a worker whose fence is
    no longer the row's may not finish it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("运行中")
        SUCCEEDED = "succeeded", _("已完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    kind = models.CharField(max_length=80)
    dedupe_key = models.CharField(max_length=160)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    requested_by = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    actor = models.JSONField(default=dict)
    code_version = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "kind", "dedupe_key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="job_one_live",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["queued", "running", "succeeded", "failed", "cancelled"]),
                name="job_state",
            ),
        ]
        indexes = [models.Index(fields=["state", "lease_until"], name="job_queue")]

    class Tenancy:
        worker_sees_all = True

    @property
    def percent(self) -> int:
        """Progress in whole percent."""
        if self.state == self.State.SUCCEEDED:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def is_over(self) -> bool:
        return self.state in (self.State.SUCCEEDED, self.State.FAILED, self.State.CANCELLED)

    @property
    def state_tone(self) -> str:
        return {"succeeded": "ok", "failed": "error", "running": "info"}.get(self.state, "neutral")

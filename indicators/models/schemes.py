"""Versions of the indicator scheme 指标体系 of a park."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkModel

from ..states import SchemeState


class SchemeVersion(ParkModel):
    """A scheme file as data (format: docs/scheme.md). `digest` is the SHA-256 of its canonical form.

    Once active it never changes; a change is a new version.
    """

    code = models.SlugField(max_length=64)
    version = models.CharField(max_length=32)
    title = models.CharField(max_length=120)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=SchemeState.choices, default=SchemeState.DRAFT)
    created_by_ref = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    activated_by_ref = models.BigIntegerField(null=True)
    activated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "code", "version"], name="scheme_version_once"),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(activated_at__isnull=False),
                name="scheme_active_when",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "activated_by_ref", "activated_at")

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

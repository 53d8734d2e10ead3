"""Versions of the indicator scheme 指标体系 of a park."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import SchemeState


class SchemeVersion(ParkModel):
    """A scheme file as data (format: docs/scheme.md). `digest` is the SHA-256 of its canonical form.

    A draft is copied from a version or read from a file, edited freely and may be incomplete (`digest` is of what stands
    there). Its editor proposes it, another person activates it (sql/two_persons.sql); once active it never changes, and
    a change is a new version.
    """

    code = models.SlugField(max_length=64)
    version = models.CharField(max_length=32)
    title = models.CharField(max_length=120)
    body = models.JSONField()
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=SchemeState.choices, default=SchemeState.DRAFT)
    based_on = ParkForeignKey("self", null=True, blank=True, related_name="+")
    notes = models.TextField(blank=True)
    edited_by_ref = models.BigIntegerField(null=True)
    edited_by_name = models.CharField(max_length=80, blank=True)
    proposed_by_ref = models.BigIntegerField(null=True)
    proposed_by_name = models.CharField(max_length=80, blank=True)
    proposed_at = models.DateTimeField(null=True)
    activated_by_name = models.CharField(max_length=80, blank=True)
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
        grants = "select, insert, update, delete"  # sql/only_drafts_change.sql narrows it

    def __str__(self) -> str:
        return f"{self.title} {self.version}"

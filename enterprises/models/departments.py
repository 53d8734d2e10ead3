"""Data that departments already hold: batches and their values, kept as they came."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import BatchState


class DepartmentBatch(ParkModel):
    """One file of one department for one year."""

    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=32)
    as_of = models.DateField()
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    file = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    mapping = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=BatchState.choices, default=BatchState.UPLOADED)
    job = ParkForeignKey("parks.Job", null=True, blank=True, related_name="+")
    rows_read = models.PositiveIntegerField(default=0)
    rows_applied = models.PositiveIntegerField(default=0)
    rows_refused = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict)
    uploaded_by_ref = models.BigIntegerField(null=True)
    uploaded_by_name = models.CharField(max_length=80, blank=True)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)


class DepartmentValue(ParkModel):
    """A value as a department gave it; never overwritten, newer batches stand beside it."""

    batch = ParkForeignKey(DepartmentBatch, related_name="values")
    uscc = models.CharField(max_length=18)
    year = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=64)
    amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    entries = models.JSONField(null=True)
    source = models.CharField(max_length=32)
    as_of = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["park", "year", "uscc", "code"], name="department_value_key")]

    class Tenancy:
        append_only = True

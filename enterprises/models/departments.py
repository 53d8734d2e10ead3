"""Data that departments already hold: batches and their values, kept as they came."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import BatchState


class WriteMode(models.TextChoices):
    """What a batch with faults may write."""

    FILE = "file", _("全部通过才写入")
    ROW = "row", _("只写入没有错误的行")
    CELL = "cell", _("只写入通过的单元格")


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
    mode = models.CharField(max_length=8, choices=WriteMode.choices, default=WriteMode.FILE)
    saved_mapping = models.BooleanField(default=False)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=80, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["park", "sha256"], name="department_batch_file")]


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


class SourceMapping(ParkModel):
    """The columns of a department's files as somebody chose them last; offered with its next file."""

    source = models.CharField(max_length=32)
    mapping = models.JSONField()
    saved_by_name = models.CharField(max_length=80)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "source"], name="source_mapping_once")]


class RegisterRecord(ParkModel):
    """Particulars of a firm in an extract of the market-regulation register; the newest date counts."""

    batch = ParkForeignKey(DepartmentBatch, related_name="register_records")
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200, blank=True)
    legal_representative = models.CharField(max_length=80, blank=True)
    registered_address = models.CharField(max_length=300, blank=True)
    founded_on = models.DateField(null=True)
    status = models.CharField(max_length=40, blank=True)
    as_of = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["park", "uscc"], name="register_record_key")]

    class Tenancy:
        append_only = True

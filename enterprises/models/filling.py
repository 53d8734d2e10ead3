"""Filling a declaration together: delegated dimensions, receipts, workbooks."""

from __future__ import annotations

from django.db import models

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import WorkbookState
from .declarations import Declaration
from .people import AgentLetter


class Delegation(ParkModel):
    """A dimension of a declaration is in the hands of a colleague."""

    declaration = ParkForeignKey(Declaration, related_name="delegations")
    dimension = models.CharField(max_length=64)
    person_ref = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    note = models.CharField(max_length=300, blank=True)
    assigned_by_name = models.CharField(max_length=80)
    assigned_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "declaration", "dimension"], name="delegation_once")
        ]


class Receipt(ParkModel):
    """Proof of handing in 回执: number, time and SHA-256 of what was declared. Never changed.

    `letter` is the authority by which an agent signed; the legal representative needs none.
    """

    declaration = ParkForeignKey(Declaration, related_name="receipts")
    year = models.PositiveSmallIntegerField()
    seq = models.PositiveIntegerField()
    number = models.CharField(max_length=64)
    content_hash = models.CharField(max_length=64)
    content = models.TextField()
    signed_by_ref = models.BigIntegerField(null=True)
    signed_by_name = models.CharField(max_length=80, blank=True)
    capacity = models.CharField(max_length=32)
    letter = ParkForeignKey(AgentLetter, null=True, related_name="+")
    issued_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "year", "seq"], name="receipt_number"),
        ]

    class Tenancy:
        append_only = True


class WorkbookUpload(ParkModel):
    """A filled workbook of one's own declaration: its differences, written or not, and what undoing restores."""

    declaration = ParkForeignKey(Declaration, related_name="workbooks")
    filename = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=WorkbookState.choices, default=WorkbookState.CHECKED)
    differences = models.JSONField(default=list)
    faults = models.JSONField(default=list)
    before = models.JSONField(default=dict)
    content = models.BinaryField(null=True)
    uploaded_by_ref = models.BigIntegerField(null=True)
    uploaded_by_name = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True)

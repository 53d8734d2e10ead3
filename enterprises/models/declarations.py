"""Declarations of a year and their values with provenance."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import STATED, UNDECIDED, DeclarationState, ValueState
from .cycles import Cycle
from .enterprises import Enterprise


class Declaration(ParkModel):
    """What one enterprise states for one cycle."""

    cycle = ParkForeignKey(Cycle, related_name="declarations")
    enterprise = ParkForeignKey(Enterprise, related_name="declarations")
    state = models.CharField(max_length=16, choices=DeclarationState.choices, default=DeclarationState.OPEN)
    stage_override = models.CharField(max_length=32, blank=True)
    stage_override_reason = models.TextField(blank=True)
    returns = models.PositiveSmallIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True)
    submitted_by_ref = models.BigIntegerField(null=True)
    submitted_by_name = models.CharField(max_length=80, blank=True)
    submitted_at = models.DateTimeField(null=True)
    verified_by_ref = models.BigIntegerField(null=True)
    verified_by_name = models.CharField(max_length=80, blank=True)
    verified_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    extended_to = models.DateTimeField(null=True)
    deadline_notice_at = models.DateTimeField(null=True)
    closed_by_default_at = models.DateTimeField(null=True)
    return_due_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "cycle", "enterprise"], name="declaration_once"),
            models.CheckConstraint(condition=models.Q(returns__lte=2), name="declaration_two_returns"),
            models.CheckConstraint(
                condition=models.Q(verified_by_ref__isnull=True)
                | ~models.Q(verified_by_ref=F("submitted_by_ref")),
                name="declaration_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["park", "cycle", "state"], name="declaration_queue")]

    @property
    def deadline(self) -> dt.datetime:
        """Until when the enterprise may change it now: the return's date, its extension, or the cycle's deadline."""
        if self.state == DeclarationState.RETURNED and self.return_due_at:
            return self.return_due_at
        return self.extended_to or self.cycle.declaration_deadline


class DeclaredValue(ParkModel):
    """One raw input of a declaration. The department's value is never overwritten; a dispute stands beside it.

    Amounts are yuan for money, units for counts; entries are list items
    [{"level", "rank", "name", "number", "date"}] for list inputs. `draft` is what somebody is typing, as typed:
    {"text", "reason", "explanation", "page"} and "entries" for lists; it never counts.
    """

    declaration = ParkForeignKey(Declaration, on_delete=models.CASCADE, related_name="values")
    code = models.CharField(max_length=64)
    state = models.CharField(max_length=20, choices=ValueState.choices, default=ValueState.MISSING)
    prefilled_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    prefilled_entries = models.JSONField(null=True)
    source = models.CharField(max_length=32, blank=True)
    as_of = models.DateField(null=True)
    batch_ref = models.BigIntegerField(null=True)
    declared_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    declared_entries = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    explanation = models.TextField(blank=True)
    evidence = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    evidence_page = models.PositiveIntegerField(null=True, blank=True)
    draft = models.JSONField(null=True)
    changed_by_ref = models.BigIntegerField(null=True)
    changed_by_name = models.CharField(max_length=80, blank=True, db_default="")
    verified_amount = models.DecimalField(max_digits=20, decimal_places=4, null=True)
    verified_entries = models.JSONField(null=True)
    verified_by_ref = models.BigIntegerField(null=True)
    verified_by_name = models.CharField(max_length=80, blank=True)
    verified_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "declaration", "code"], name="declared_value_once")
        ]

    @property
    def amount(self) -> Decimal | None:
        """The figure that counts now: verified, else declared, else the department's."""
        for value in (self.verified_amount, self.declared_amount, self.prefilled_amount):
            if value is not None:
                return value
        return None

    @property
    def entries(self) -> list[dict[str, Any]] | None:
        """The list items that count now, in the same order."""
        for value in (self.verified_entries, self.declared_entries, self.prefilled_entries):
            if value is not None:
                return list(value)
        return None

    @property
    def is_undecided(self) -> bool:
        """Does a reviewer still have to decide about it?"""
        return self.state in UNDECIDED or (self.state in STATED and self.verified_by_ref is None)


class VerificationDecision(ParkModel):
    """What a reviewer decided about a value: who, when, before, after, why. Never changed."""

    value = ParkForeignKey(DeclaredValue, related_name="decisions")
    decision = models.CharField(max_length=16)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason_code = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)
    decided_by_ref = models.BigIntegerField()
    decided_by_name = models.CharField(max_length=80)
    decided_at = models.DateTimeField(auto_now_add=True)

    class Tenancy:
        append_only = True

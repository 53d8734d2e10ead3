"""The audit trail: append-only, one hash chain a park, built by the database (parks/sql/audit_chain.sql)."""

from __future__ import annotations

from django.db import models

from ..tenancy import ParkModel


class AuditEvent(ParkModel):
    """Who did what to what, when, before, after, why. No foreign keys: nothing may block or erase it.

    `seq`, `at`, `prev`, `hash` are set by the database; `before` and `after` are canonical JSON texts.
    """

    seq = models.BigIntegerField(editable=False)
    at = models.DateTimeField(editable=False)
    action = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=80)
    account_ref = models.BigIntegerField(null=True)
    person_ref = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=80)
    role = models.CharField(max_length=32)
    organisation_ref = models.BigIntegerField(null=True)
    before = models.TextField(default="{}")
    after = models.TextField(default="{}")
    reason = models.TextField(default="", blank=True)
    request_id = models.CharField(max_length=64, default="", blank=True)
    prev = models.CharField(max_length=64, editable=False)
    hash = models.CharField(max_length=64, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "seq"], name="audit_seq")]
        indexes = [models.Index(fields=["park", "object_type", "object_id"], name="audit_object")]

    class Tenancy:
        append_only = True


class AuditChain(ParkModel):
    """Head of a park's audit chain; written by the trigger alone."""

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park"], name="audit_chain_park")]

    class Tenancy:
        grants = "select"

"""What an enterprise lets a bank see, until when; and every time a bank looked."""

from __future__ import annotations

import re

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from parks.roles import Role
from parks.tenancy import ParkForeignKey, ParkModel

from ..states import group_labels

PURPOSE_CREDIT = "credit"


class Consent(ParkModel):
    """A signed consent. Only revoking changes it, once (column grants and a trigger); it never reopens.

    `period` is at most 366 days; `text` is what was signed, `digest` its SHA-256 together with the groups and the period.
    `root` is the first of a consent and those that renew it (itself, unless it renews one): to the bank they are one.
    """

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    product = ParkForeignKey("finance.Product", related_name="+")
    purpose = models.CharField(max_length=32, default=PURPOSE_CREDIT)
    root = ParkForeignKey("self", null=True, related_name="+")
    groups = ArrayField(models.CharField(max_length=16))
    period = DateTimeRangeField()
    text_version = models.CharField(max_length=32)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    granted_by_ref = models.BigIntegerField()
    granted_by_name = models.CharField(max_length=80)
    granted_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)
    revoked_by_ref = models.BigIntegerField(null=True)
    revoked_by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="consent_no_overlap",
                expressions=[
                    ("park", RangeOperators.EQUAL),
                    ("enterprise", RangeOperators.EQUAL),
                    ("organisation", RangeOperators.EQUAL),
                    ("product", RangeOperators.EQUAL),
                    ("purpose", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by_ref__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by_ref__isnull=False),
                name="consent_revoked_by_someone",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("revoked_at", "revoked_by_ref", "revoked_by_name")

    @property
    def group_labels(self) -> str:
        """The groups in words."""
        return group_labels(self.groups)


class ConsentAccess(ParkModel):
    """A bank read data of an enterprise: who, when, which groups, on which consent. A trigger refuses it without one."""

    consent = ParkForeignKey(Consent, related_name="reads")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    person_ref = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    role = models.CharField(max_length=32)
    groups = ArrayField(models.CharField(max_length=16))
    subject = models.CharField(max_length=120)
    """What it was for, in the language of the texts in the code, whoever read."""
    request_id = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["park", "enterprise", "-at"], name="consent_access_by_firm")]

    class Tenancy:
        append_only = True

    @property
    def group_labels(self) -> str:
        """The groups in words."""
        return group_labels(self.groups)

    @property
    def role_label(self) -> str:
        return str(Role(self.role).label)

    @property
    def subject_label(self) -> str:
        """What it was for, in the reader's language; the number of an application stays as it is."""
        words, *number = re.split(r"(A\d+)", self.subject, maxsplit=1)
        return gettext(f"{words}%(number)s{number[1]}") % {"number": number[0]} if number else gettext(words)


class AccessQuestion(ParkModel):
    """An enterprise asks a bank why it looked; the bank answers once."""

    access = ParkForeignKey(ConsentAccess, related_name="questions")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=500)
    asked_by_name = models.CharField(max_length=80)
    asked_at = models.DateTimeField(db_default=Now())
    answer = models.CharField(max_length=500, blank=True)
    answered_by_name = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "access"], name="access_question_once")]

    class Tenancy:
        grants = "select, insert"
        updates = ("answer", "answered_by_name", "answered_at")

"""Enterprises of a park and their certification 企业认证."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import CaseKind, CertificationState


class Enterprise(ParkModel):
    """A firm in a park. It belongs to one park at a time: periods [member_from, member_to) never overlap.

    `external_id` is the id in a foreign register for firms that were imported without a USCC; their `uscc` is then a
    made-up one of the area that no firm has.
    """

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    uscc = models.CharField(max_length=18)
    external_id = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200)
    sub_park = ParkForeignKey("parks.SubPark", null=True, blank=True, related_name="+")
    industry = models.CharField(max_length=40, blank=True)
    founded_on = models.DateField(null=True, blank=True)
    legal_representative = models.CharField(max_length=80, blank=True)
    registered_address = models.CharField(max_length=300, blank=True)
    operating_address = models.CharField(max_length=300, blank=True, db_default="")
    certification_state = models.CharField(
        max_length=16, choices=CertificationState.choices, default=CertificationState.DRAFT
    )
    uscc_override_reason = models.TextField(blank=True)
    publication_refused = models.BooleanField(default=False)
    member_from = models.DateField(db_default=Now())
    member_to = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"), name="enterprise_uscc_form"
            ),
            models.UniqueConstraint(
                fields=["park", "external_id"],
                condition=~models.Q(external_id=""),
                name="enterprise_external_id",
            ),
            ExclusionConstraint(
                name="enterprise_one_park_at_a_time",
                expressions=[
                    ("uscc", RangeOperators.EQUAL),
                    (Func(F("member_from"), F("member_to"), function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["park", "uscc"], name="enterprise_park_uscc")]

    def __str__(self) -> str:
        return self.name


class Certification(ParkModel):
    """One application of an enterprise to be certified, with its decision."""

    enterprise = ParkForeignKey(Enterprise, related_name="certifications")
    state = models.CharField(
        max_length=16, choices=CertificationState.choices, default=CertificationState.DRAFT
    )
    kind = models.CharField(max_length=8, choices=CaseKind.choices, default=CaseKind.FIRST)
    changes = models.JSONField(default=dict)
    """For a change: field -> [certified, asked for]; the enterprise keeps what was certified until it is decided."""
    licence = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    letter = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    submitted_by_ref = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by_ref = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise"],
                condition=models.Q(state__in=["draft", "submitted", "returned"]),
                name="certification_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by_ref__isnull=True)
                | ~models.Q(decided_by_ref=F("submitted_by_ref")),
                name="certification_two_persons",
            ),
        ]

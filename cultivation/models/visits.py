"""Visits 走访 and appeals 诉求: what the office saw and heard at a firm, who answers by when, and whether the firm is content."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import APPEAL_EVENTS, AppealCategory, AppealState, VisitPurpose


class Visit(ParkModel):
    """People of the office were at a firm on a day. What was written down stays; papers may be added."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    visited_on = models.DateField()
    visitors = models.CharField(max_length=200)
    met = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=16, choices=VisitPurpose.choices)
    note = models.CharField(max_length=2000, blank=True)
    recorded_by_ref = models.BigIntegerField()
    recorded_by_name = models.CharField(max_length=80)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["park", "enterprise", "-visited_on"], name="visit_of_firm")]

    class Tenancy:
        append_only = True


class VisitPaper(ParkModel):
    """A photo or paper of a visit; the file belongs to the office."""

    visit = ParkForeignKey(Visit, related_name="papers")
    evidence = ParkForeignKey("parks.EvidenceFile", related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "visit", "evidence"], name="visit_paper_once")]

    class Tenancy:
        append_only = True


class Appeal(ParkModel):
    """What a firm asks of the park, from a visit or sent in by the firm. Only a person of the firm closes it.

    `due_on` is counted in working days. Who answered does not confirm.
    """

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    visit = ParkForeignKey(Visit, null=True, related_name="appeals")
    category = models.CharField(max_length=16, choices=AppealCategory.choices)
    text = models.CharField(max_length=1000)
    state = models.CharField(max_length=16, choices=AppealState.choices, default=AppealState.OPEN)
    responsible_ref = models.BigIntegerField(null=True)
    responsible_name = models.CharField(max_length=80, blank=True)
    due_on = models.DateField()
    answer = models.CharField(max_length=2000, blank=True)
    answered_by_ref = models.BigIntegerField(null=True)
    answered_at = models.DateTimeField(null=True)
    confirmed_by_ref = models.BigIntegerField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    raised_by_name = models.CharField(max_length=80)
    raised_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | (~Q(answer="") & Q(answered_by_ref__isnull=False)),
                name="appeal_answered",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed")
                | (Q(confirmed_by_ref__isnull=False) & ~Q(confirmed_by_ref=F("answered_by_ref"))),
                name="appeal_confirmed_by_firm",
            ),
        ]
        indexes = [models.Index(fields=["park", "state", "due_on"], name="appeal_queue")]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "responsible_ref", "responsible_name", "due_on", "answer", "answered_by_ref", "answered_at",
            "confirmed_by_ref", "confirmed_at",
        )  # fmt: skip

    @property
    def number(self) -> str:
        return f"S{self.pk:06d}"


class AppealEvent(ParkModel):
    """What was done with an appeal, by whom."""

    appeal = ParkForeignKey(Appeal, related_name="events")
    event = models.CharField(max_length=16)
    person_name = models.CharField(max_length=80)
    note = models.CharField(max_length=2000, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Tenancy:
        append_only = True

    @property
    def label(self) -> str:
        return str(APPEAL_EVENTS.get(self.event, self.event))

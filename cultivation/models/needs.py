"""Technical needs 技术需求, the register of experts 专家, who was introduced to whom and what came of it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import MOST_FIELDS, NeedClosing, Outcome, TechField, labels_of


def tech_fields() -> ArrayField:
    return ArrayField(models.CharField(max_length=16, choices=TechField.choices))


def fields_named(name: str) -> models.CheckConstraint:
    """One to three fields."""
    return models.CheckConstraint(condition=Q(fields__len__gte=1, fields__len__lte=MOST_FIELDS), name=name)


class Expert(ParkModel):
    """Somebody of an institute whom the park may introduce. Name, institute, fields and availability, nothing more."""

    name = models.CharField(max_length=80)
    institute = models.CharField(max_length=200)
    fields = tech_fields()
    availability = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "name", "institute"], name="expert_once"),
            fields_named("expert_fields"),
        ]

    class Tenancy:
        grants = "select, insert, update"

    @property
    def field_labels(self) -> list[str]:
        return labels_of(self.fields)


class TechNeed(ParkModel):
    """What a firm looks for, budget in yuan (none = to be talked about), until a day.

    A public one names the firm to everybody (`firm_name`) while it is open; the firm chooses so.
    """

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    firm_name = models.CharField(max_length=200)
    title = models.CharField(max_length=120)
    text = models.CharField(max_length=2000)
    fields = tech_fields()
    budget_from = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    budget_to = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    until = models.DateField()
    is_public = models.BooleanField(default=False)
    closing = models.CharField(max_length=16, choices=NeedClosing.choices, blank=True)
    posted_by_name = models.CharField(max_length=80)
    posted_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            fields_named("tech_need_fields"),
            models.CheckConstraint(
                condition=Q(budget_from__isnull=True, budget_to__isnull=True)
                | Q(budget_from__gte=0, budget_to__gte=F("budget_from")),
                name="tech_need_budget",
            ),
            models.CheckConstraint(
                condition=Q(closing="", closed_at__isnull=True)
                | (~Q(closing="") & Q(closed_at__isnull=False)),
                name="tech_need_closed",
            ),
        ]
        indexes = [models.Index(fields=["park", "closing", "until"], name="tech_need_open")]

    class Tenancy:
        grants = "select, insert"
        updates = ("closing", "closed_at")
        visible = "is_public AND closing = ''"

    @property
    def number(self) -> str:
        return f"J{self.pk:06d}"

    @property
    def field_labels(self) -> list[str]:
        return labels_of(self.fields)


class Introduction(ParkModel):
    """The park brought a firm and an expert together over a need: once."""

    need = ParkForeignKey(TechNeed, related_name="introductions")
    expert = ParkForeignKey(Expert, related_name="introductions")
    note = models.CharField(max_length=500, blank=True)
    made_by_name = models.CharField(max_length=80)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "need", "expert"], name="introduction_once")]

    class Tenancy:
        append_only = True


class IntroductionOutcome(ParkModel):
    """What came of an introduction: a contract with its amount in yuan, or none. Said once."""

    introduction = ParkForeignKey(Introduction, related_name="outcomes")
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    note = models.CharField(max_length=500, blank=True)
    said_by_name = models.CharField(max_length=80)
    said_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "introduction"], name="introduction_outcome_once"),
            models.CheckConstraint(
                condition=Q(outcome="contract", amount__gt=0) | Q(outcome="none", amount__isnull=True),
                name="introduction_outcome_amount",
            ),
        ]

    class Tenancy:
        append_only = True

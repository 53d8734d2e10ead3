"""贴息: programmes with a budget, projects in batches (设备更新, 中长期贷款), subsidies of periods of loans."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import PROJECT_FIELDS, ProjectState, SubsidyMethod, SubsidyState, VersionState
from .applications import Application
from .people import SECOND, TwoPersons


class SubsidyProgramme(TwoPersons):
    """Rules and budget (yuan) of a scheme, put in force by two people. Counters move with steps of subsidies only.

    `rate` is the share of LPR (method lpr) or the points a year as a fraction (method points: 0.025 = 2.5 points);
    `exclusive_with` names programmes that may not pay for a loan that this one pays for, whoever names the other.
    """

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=32)
    name = models.CharField(max_length=120)
    method = models.CharField(max_length=16, choices=SubsidyMethod.choices)
    rate = models.DecimalField(max_digits=9, decimal_places=6)
    lpr = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    year_cap = models.DecimalField(max_digits=18, decimal_places=2)
    total_cap = models.DecimalField(max_digits=18, decimal_places=2)
    max_months = models.PositiveSmallIntegerField(default=24)
    exclusive_with = models.JSONField(default=list)
    budget = models.DecimalField(max_digits=18, decimal_places=2)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    state = models.CharField(max_length=16, choices=VersionState.choices, default=VersionState.DRAFT)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(fields=["park", "code"], name="subsidy_programme_code"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, committed__gte=F("paid"), committed__lte=F("budget")),
                name="subsidy_programme_budget",
            ),
            models.CheckConstraint(
                condition=Q(
                    rate__gt=0, rate__lte=1, year_cap__gt=0, total_cap__gte=F("year_cap"), budget__gt=0
                )
                & (Q(method="points", lpr__isnull=True) | Q(method="lpr", lpr__gt=0)),
                name="subsidy_programme_terms",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "state")

    @property
    def free(self) -> object:
        return self.budget - self.committed

    @property
    def rate_percent(self) -> str:
        return f"{(self.rate * 100).normalize():f}"

    def __str__(self) -> str:
        return self.name


class SubsidyProject(TwoPersons):
    """A project of a batch (equipment renewal or medium and long-term loan): investment and demand in yuan."""

    programme = ParkForeignKey(SubsidyProgramme, related_name="projects")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    batch = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    field = models.CharField(max_length=32)
    investment = models.DecimalField(max_digits=18, decimal_places=2)
    demand = models.DecimalField(max_digits=18, decimal_places=2)
    bank_name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=16, choices=ProjectState.choices, default=ProjectState.SUBMITTED)
    opinion = models.CharField(max_length=16, blank=True)
    note = models.CharField(max_length=500, blank=True)
    submitted_by_ref = models.BigIntegerField()
    submitted_by_name = models.CharField(max_length=80)
    maker_person = models.BigIntegerField(null=True)  # type: ignore[assignment]  # nobody has reviewed it yet
    maker_name = models.CharField(max_length=80, blank=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.CheckConstraint(
                condition=Q(investment__gt=0, demand__gt=0, demand__lte=F("investment"), batch__gt=0),
                name="subsidy_project_amounts",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "maker_person", "maker_name", "state", "opinion", "note")

    @property
    def number(self) -> str:
        return f"P{self.pk:05d}"

    @property
    def field_label(self) -> str:
        return str(PROJECT_FIELDS.get(self.field, self.field))


class Subsidy(ParkModel):
    """Interest of one period of a loan that is paid back to the enterprise (yuan); moved by its steps only."""

    programme = ParkForeignKey(SubsidyProgramme, related_name="subsidies")
    application = ParkForeignKey(Application, related_name="subsidies")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    project = ParkForeignKey(SubsidyProject, null=True, related_name="subsidies")
    period = DateRangeField()
    interest_paid = models.DecimalField(max_digits=18, decimal_places=2)
    principal_days = models.DecimalField(max_digits=22, decimal_places=2, default=0)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    computation = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=SubsidyState.choices, default=SubsidyState.COMPUTED)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="subsidy_periods_disjoint",
                expressions=[
                    ("park", RangeOperators.EQUAL),
                    ("application", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~Q(state__in=["refused", "clawed_back"]),
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=F("interest_paid")), name="subsidy_amount"
            ),
        ]

    class Tenancy:
        grants = "select, insert, delete"

    @property
    def number(self) -> str:
        return f"T{self.pk:06d}"


class SubsidyEvent(ParkModel):
    """A step of a subsidy; the trigger checks it and moves subsidy and budget."""

    subsidy = ParkForeignKey(Subsidy, related_name="events")
    seq = models.PositiveIntegerField(default=0)
    machine = models.CharField(max_length=32, default="subsidy")
    from_state = models.CharField(max_length=16)
    event = models.CharField(max_length=16)
    role = models.CharField(max_length=32)
    to_state = models.CharField(max_length=16)
    person_ref = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=80, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "subsidy", "seq"], name="subsidy_event_seq")]

    class Tenancy:
        append_only = True

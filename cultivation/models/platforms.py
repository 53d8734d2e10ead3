"""R&D platforms 研发平台: types and levels of a park, the platforms of its firms, what they report a year."""

from __future__ import annotations

from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import PLATFORM_OVER, PlatformState

COUNTS = ("staff", "senior", "projects", "patents", "contracts")
MONEY = ("equipment", "outlay", "contract_amount")
FIGURES = (
    "staff",
    "senior",
    "area",
    "equipment",
    "outlay",
    "projects",
    "patents",
    "contracts",
    "contract_amount",
)


class PlatformType(ParkModel):
    """A kind of platform, 企业研发中心 for instance. `counts_as` is the level of the scheme's list of platforms that one of
    it counts as where its own level names none; empty = it does not count."""

    code = models.SlugField(max_length=32)
    title = models.CharField(max_length=60)
    counts_as = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "code"], name="platform_type_code")]

    def __str__(self) -> str:
        return self.title


class PlatformLevel(ParkModel):
    """A level of the park, the higher the greater its rank; in Chongqing 市级 counts as provincial."""

    code = models.SlugField(max_length=32)
    title = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField()
    counts_as = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "code"], name="platform_level_code"),
            models.UniqueConstraint(fields=["park", "rank"], name="platform_level_rank"),
        ]

    def __str__(self) -> str:
        return self.title


def _count(label: Any) -> models.PositiveIntegerField:
    return models.PositiveIntegerField(label, default=0)


def _money(label: Any) -> models.DecimalField:
    return models.DecimalField(
        label, max_digits=18, decimal_places=2, default=0, validators=[MinValueValidator(0)]
    )


class PlatformFigures(models.Model):
    """What a platform says of itself: persons, m², yuan (at cost, or of the year), projects, valid invention patents."""

    staff = _count(_("专职研发人员"))
    senior = _count(_("其中中高级职称或研究生"))
    area = _count(_("场地面积（m²）"))
    equipment = _money(_("仪器设备原值"))
    outlay = _money(_("年度研发经费"))
    projects = _count(_("在研项目"))
    patents = _count(_("有效发明专利"))
    contracts = _count(_("技术合同数"))
    contract_amount = _money(_("技术合同金额"))

    class Meta:
        abstract = True


class Platform(PlatformFigures, ParkModel):
    """A platform that a firm carries; its figures are those of its newest report. `before` is what it was promoted from,
    `ended_on` the first day on which it was one no more."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    type = ParkForeignKey(PlatformType, related_name="platforms")
    level = ParkForeignKey(PlatformLevel, related_name="platforms")
    before = ParkForeignKey("self", null=True, related_name="successors")
    state = models.CharField(max_length=16, choices=PlatformState.choices, default=PlatformState.PROPOSED)
    name = models.CharField(max_length=120)
    field = models.CharField(max_length=60, blank=True)
    head = models.CharField(max_length=60)
    approver = models.CharField(max_length=120)
    approval_number = models.CharField(max_length=80)
    approved_on = models.DateField()
    valid_until = models.DateField(null=True)
    ended_on = models.DateField(null=True)
    proposed_by_ref = models.BigIntegerField(null=True)
    proposed_by_name = models.CharField(max_length=80)
    proposed_at = models.DateTimeField(db_default=Now())
    checked_by_ref = models.BigIntegerField(null=True)
    checked_by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "approval_number"],
                condition=Q(state__in=["proposed", "in_force"]),
                name="platform_approval_number",
            ),
            models.CheckConstraint(
                condition=Q(checked_by_ref__isnull=True) | ~Q(checked_by_ref=F("proposed_by_ref")),
                name="platform_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_force") | Q(checked_by_ref__isnull=False), name="platform_checked"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("approved_on")),
                name="platform_validity",
            ),
            models.CheckConstraint(condition=Q(senior__lte=F("staff")), name="platform_senior"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(state__in=PLATFORM_OVER), name="platform_ended"
            ),
        ]
        indexes = [models.Index(fields=["park", "state", "level"], name="platform_list")]

    class Tenancy:
        grants = "select, insert, update"

    def __str__(self) -> str:
        return self.name


class PlatformEvent(ParkModel):
    """What happened to a platform, who did it and why."""

    platform = ParkForeignKey(Platform, related_name="events")
    state = models.CharField(max_length=16, choices=PlatformState.choices)
    person_name = models.CharField(max_length=80)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Tenancy:
        append_only = True


class PlatformFeed(ParkModel):
    """A batch of department data that was made of the registry as of a day."""

    batch = ParkForeignKey("enterprises.DepartmentBatch", related_name="+")
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "batch"], name="platform_feed_once")]

    class Tenancy:
        append_only = True


class PlatformYear(ParkModel):
    """The park asks its platforms for their report of a year, until a day."""

    year = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    opened_by_name = models.CharField(max_length=80)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "year"], name="platform_year_once")]


class PlatformReport(PlatformFigures, ParkModel):
    """A platform's report of a year; the firm may correct it until the day it is due."""

    platform = ParkForeignKey(Platform, related_name="reports")
    year = ParkForeignKey(PlatformYear, related_name="reports")
    work = models.TextField(max_length=2000, blank=True)
    submitted_by_name = models.CharField(max_length=80)
    submitted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "platform", "year"], name="platform_report_once"),
            models.CheckConstraint(condition=Q(senior__lte=F("staff")), name="platform_report_senior"),
        ]

    class Tenancy:
        grants = "select, insert, update"

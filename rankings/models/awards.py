"""The special fund 科技创新专项资金: rules and budget as data, plans, awards and their payment."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel


class AwardBudget(ParkModel):
    """The money of a year, in yuan. A trigger keeps `committed` the sum of awards that are not cancelled or reclaimed."""

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    cap = models.DecimalField(max_digits=18, decimal_places=2)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "cycle"], name="award_budget_once"),
            models.CheckConstraint(
                condition=Q(committed__gte=0, committed__lte=F("cap")), name="award_budget_not_overrun"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("cap",)


class AwardRule(ParkModel):
    """What a place is worth: board, places from-to, amount in yuan. `excluded` are USCCs barred, with `condition` in words.

    `least_total` is a floor of the total points.
    """

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    board = models.CharField(max_length=64)
    place_from = models.PositiveSmallIntegerField()
    place_to = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    condition = models.CharField(max_length=300, blank=True)
    least_total = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    excluded = ArrayField(models.CharField(max_length=18), default=list, blank=True)
    made_by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(place_from__gte=1, place_to__gte=F("place_from")), name="award_rule_places"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_rule_amount"),
        ]


class AwardPlan(ParkModel):
    """One list of awards of a year: proposed, publicised, approved by two others."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("已提请")
        PUBLICISED = "publicised", _("公示中")
        APPROVED = "approved", _("已审定")
        CANCELLED = "cancelled", _("已取消")

    cycle = ParkForeignKey("enterprises.Cycle", related_name="+")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    dropped = models.JSONField(default=list)
    total = models.DecimalField(max_digits=18, decimal_places=2)
    contact = models.CharField(max_length=200, blank=True)
    proposed_by_ref = models.BigIntegerField()
    proposed_by_name = models.CharField(max_length=80)
    proposed_at = models.DateTimeField()
    publicised_by_ref = models.BigIntegerField(null=True)
    publicised_by_name = models.CharField(max_length=80, blank=True)
    publicised_at = models.DateTimeField(null=True)
    notice_ends_at = models.DateTimeField(null=True)
    first_by_ref = models.BigIntegerField(null=True)
    first_by_name = models.CharField(max_length=80, blank=True)
    first_at = models.DateTimeField(null=True)
    second_by_ref = models.BigIntegerField(null=True)
    second_by_name = models.CharField(max_length=80, blank=True)
    second_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "cycle", "number"], name="award_plan_number"),
            models.UniqueConstraint(
                fields=["park", "cycle"],
                condition=Q(state__in=["proposed", "publicised"]),
                name="award_plan_one_open",
            ),
            models.CheckConstraint(
                condition=Q(publicised_by_ref__isnull=True) | ~Q(publicised_by_ref=F("proposed_by_ref")),
                name="award_plan_publicised_by_another",
            ),
            models.CheckConstraint(
                condition=Q(first_by_ref__isnull=True) | ~Q(first_by_ref=F("proposed_by_ref")),
                name="award_plan_first_another",
            ),
            models.CheckConstraint(
                condition=Q(second_by_ref__isnull=True)
                | (~Q(second_by_ref=F("proposed_by_ref")) & ~Q(second_by_ref=F("first_by_ref"))),
                name="award_plan_second_another",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(first_by_ref__isnull=False, second_by_ref__isnull=False),
                name="award_plan_two_approve",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "contact", "publicised_by_ref", "publicised_by_name", "publicised_at", "notice_ends_at", "first_by_ref",
            "first_by_name", "first_at", "second_by_ref", "second_by_name", "second_at", "reason",
        )  # fmt: skip
        visible = "state IN ('publicised', 'approved')"


class Award(ParkModel):
    """Money for one enterprise: its best award only (就高不重复). `amount` in yuan."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("拟奖励")
        APPROVED = "approved", _("待拨付")
        PAID = "paid", _("已拨付")
        RECLAIMED = "reclaimed", _("已追回")
        CANCELLED = "cancelled", _("已取消")

    plan = ParkForeignKey(AwardPlan, related_name="awards")
    budget = ParkForeignKey(AwardBudget, related_name="+")
    rule = ParkForeignKey(AwardRule, related_name="+")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    board = models.CharField(max_length=64)
    board_name = models.CharField(max_length=120)
    place = models.PositiveSmallIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    paid_on = models.DateField(null=True)
    paid_reference = models.CharField(max_length=120, blank=True)
    paid_by_ref = models.BigIntegerField(null=True)
    paid_by_name = models.CharField(max_length=80, blank=True)
    reclaimed_on = models.DateField(null=True)
    reclaimed_by_ref = models.BigIntegerField(null=True)
    reclaimed_by_name = models.CharField(max_length=80, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "plan", "enterprise"], name="award_once_a_firm"),
            models.UniqueConstraint(
                fields=["park", "budget", "enterprise"],
                condition=~Q(state__in=["cancelled", "reclaimed"]),
                name="award_once_a_year",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_amount"),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "reclaimed"])
                | (Q(paid_on__isnull=False) & ~Q(paid_reference="")),
                name="award_paid_with_reference",
            ),
            models.CheckConstraint(
                condition=~Q(state="reclaimed") | (Q(reclaimed_on__isnull=False) & ~Q(reason="")),
                name="award_reclaimed_with_reason",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (
            "state", "paid_on", "paid_reference", "paid_by_ref", "paid_by_name", "reclaimed_on", "reclaimed_by_ref",
            "reclaimed_by_name", "reason",
        )  # fmt: skip
        visible = (
            "EXISTS (SELECT 1 FROM rankings_awardplan p WHERE p.id = plan_id AND p.park_id = rankings_award.park_id "
            "AND p.state IN ('publicised', 'approved'))"
        )

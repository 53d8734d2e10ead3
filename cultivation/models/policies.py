"""Policies as data: versions of a rule in words and as data, the budget of each, what was matched and pushed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ManyRows, ParkForeignKey, ParkModel

from ..states import PolicyState, RuleKind


class Policy(ParkModel):
    """One thing a firm may claim. `budget` (yuan, none = not named) comes with the released version.

    The steps of claims alone move `committed` and `paid`.
    """

    code = models.SlugField(max_length=64)
    budget = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    committed = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    paid = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "code"], name="policy_code"),
            models.CheckConstraint(
                condition=Q(paid__gte=0, committed__gte=F("paid"))
                & (Q(budget__isnull=True) | Q(committed__lte=F("budget"))),
                name="policy_budget",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("budget",)

    @property
    def free(self) -> object:
        """What is left of the budget in yuan; None when none is named."""
        return None if self.budget is None else self.budget - self.committed

    def __str__(self) -> str:
        return self.code


class PolicyVersion(ParkModel):
    """A rule as it was written (`text`, YAML) and as data (`rule`); fixed once it is proposed, released by another person.

    Rungs of the ladder and levels of platforms are rules too; only a policy is paid for.
    """

    policy = ParkForeignKey(Policy, related_name="versions")
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=PolicyState.choices, default=PolicyState.DRAFT)
    kind = models.CharField(max_length=8, choices=RuleKind.choices, default=RuleKind.POLICY)
    title = models.CharField(max_length=200)
    tags = ArrayField(models.CharField(max_length=32), default=list)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    text = models.TextField()
    rule = models.JSONField()
    digest = models.CharField(max_length=64)
    edited_by_name = models.CharField(max_length=80)
    edited_at = models.DateTimeField(db_default=Now())
    proposed_by_ref = models.BigIntegerField(null=True)
    proposed_by_name = models.CharField(max_length=80, blank=True)
    released_by_ref = models.BigIntegerField(null=True)
    released_by_name = models.CharField(max_length=80, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "policy", "number"], name="policy_version_number"),
            models.UniqueConstraint(
                fields=["park", "policy"], condition=Q(state="released"), name="policy_one_released"
            ),
            models.UniqueConstraint(
                fields=["park", "policy"],
                condition=Q(state__in=["draft", "proposed"]),
                name="policy_one_open",
            ),
            models.CheckConstraint(
                condition=Q(released_by_ref__isnull=True) | ~Q(released_by_ref=F("proposed_by_ref")),
                name="policy_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(state="proposed", proposed_by_ref__isnull=False)
                | Q(
                    state__in=["released", "retired"],
                    proposed_by_ref__isnull=False,
                    released_by_ref__isnull=False,
                ),
                name="policy_signed",
            ),
        ]

    class Tenancy:
        grants = "select, insert, update, delete"  # sql/guards.sql narrows it to drafts
        visible = "state = 'released'"

    def __str__(self) -> str:
        return self.title


class MatchRun(ParkModel):
    """All firms of the park against all released policies at one time; what it found is current when the pointer says so."""

    job = models.BigIntegerField()
    year = models.PositiveSmallIntegerField(null=True)
    firms = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    """Version id -> [eligible, nearly there, unknown, not eligible, sum in yuan as text, of a rung: who stands on it]."""
    requested_by_name = models.CharField(max_length=80)
    made_at = models.DateTimeField(db_default=Now())

    class Tenancy:
        append_only = True


class Match(ManyRows):
    """A firm and a rule of a run: eligible (of a policy with an amount in yuan), nearly there with the one gap, or on the rung."""

    run = ParkForeignKey(MatchRun, related_name="matches")
    version = ParkForeignKey(PolicyVersion, related_name="+")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    is_eligible = models.BooleanField()
    is_held = models.BooleanField(default=False)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    gap = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "run", "version", "enterprise"], name="match_once")
        ]

    class Tenancy:
        append_only = True


class CurrentMatch(ParkModel):
    """Which run counts."""

    run = ParkForeignKey(MatchRun, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park"], name="current_match_once")]


class TagSubscription(ParkModel):
    """A firm wants to be told of new policies with a tag."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    tag = models.CharField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "enterprise", "tag"], name="tag_subscription_once")
        ]

    class Tenancy:
        grants = "select, insert, delete"


class PolicyPush(ParkModel):
    """A firm was told of a version: once."""

    version = ParkForeignKey(PolicyVersion, related_name="+")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "version", "enterprise"], name="push_once")]

    class Tenancy:
        append_only = True

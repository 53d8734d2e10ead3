"""Claims 政策兑现: what a firm asks for under a policy, its papers and its steps."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import REFUSAL_REASONS, STEP_LABELS, ClaimState
from .policies import Policy, PolicyVersion


class ClaimTransition(models.Model):
    """Rows of states.CLAIM_STEPS; data of the release that the application only reads."""

    from_state = models.CharField(max_length=16)
    event = models.CharField(max_length=16)
    role = models.CharField(max_length=32)
    to_state = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["from_state", "event", "role", "to_state"], name="claim_transition_once")
        ]  # fmt: skip


class Claim(ParkModel):
    """A claim of a firm, amount in yuan. `subject` names the thing it is for; a firm has one claim for it that stands.

    State, returns and what the steps bring are moved by the trigger of its events.
    """

    policy = ParkForeignKey(Policy, related_name="claims")
    version = ParkForeignKey(PolicyVersion, related_name="claims")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    subject = models.CharField(max_length=160)
    state = models.CharField(max_length=16, choices=ClaimState.choices, default=ClaimState.DRAFT)
    is_automatic = models.BooleanField(default=False)
    inputs = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    account_name = models.CharField(max_length=200, blank=True)
    account_bank = models.CharField(max_length=120, blank=True)
    account_number = models.CharField(max_length=40, blank=True)
    returns = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    submitted_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    notice_ends_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)
    paid_reference = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "subject"],
                condition=~Q(state__in=["refused", "withdrawn", "recovered"]),
                name="claim_one_for_a_thing",
            ),
            models.UniqueConstraint(
                fields=["park", "enterprise", "policy"],
                condition=~Q(state__in=["refused", "withdrawn", "recovered"]),
                name="claim_one_under_a_policy",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="claim_amount"),
            models.CheckConstraint(condition=Q(returns__lte=2), name="claim_returned_twice"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | ~Q(account_number=""), name="claim_account"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "closed", "recalled", "recovered"])
                | (Q(paid_on__isnull=False) & ~Q(paid_reference="")),
                name="claim_paid_with_reference",
            ),
        ]
        indexes = [models.Index(fields=["park", "state", "submitted_at"], name="claim_queue")]

    class Tenancy:
        grants = "select, insert"
        updates = ("version", "inputs", "result", "amount", "account_name", "account_bank", "account_number")

    @property
    def number(self) -> str:
        return f"Z{self.pk:06d}"

    @property
    def masked_account(self) -> str:
        return f"•••• {self.account_number[-4:]}" if self.account_number else ""


class ClaimPaper(ParkModel):
    """A document of the firm's library that a claim uses; `code` is the input it proves, empty for the claim as a whole."""

    claim = ParkForeignKey(Claim, related_name="papers")
    evidence = ParkForeignKey("parks.EvidenceFile", related_name="+")
    code = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "claim", "evidence", "code"], name="claim_paper_once")
        ]

    class Tenancy:
        grants = "select, insert, delete"


class ClaimEvent(ParkModel):
    """A step of a claim; the trigger checks it and moves claim and budget."""

    claim = ParkForeignKey(Claim, related_name="events")
    seq = models.PositiveIntegerField(default=0)
    from_state = models.CharField(max_length=16)
    event = models.CharField(max_length=16)
    role = models.CharField(max_length=32)
    to_state = models.CharField(max_length=16)
    person_ref = models.BigIntegerField()
    person_name = models.CharField(max_length=80)
    reason = models.CharField(max_length=16, blank=True)
    note = models.CharField(max_length=500, blank=True)
    due_on = models.DateField(null=True)
    notice_ends_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)
    paid_reference = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "claim", "seq"], name="claim_event_seq")]

    class Tenancy:
        append_only = True

    @property
    def label(self) -> str:
        return str(STEP_LABELS.get(self.event, self.event))

    @property
    def reason_label(self) -> str:
        return str(REFUSAL_REASONS.get(self.reason, ""))


class ClaimNotice(ParkModel):
    """What the public is told of a claim 公示: who, for which policy, how much (yuan), until when.

    A claim that is refused afterwards gets a second row that says so (`is_end`).
    """

    claim = ParkForeignKey(Claim, related_name="notices")
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    contact = models.CharField(max_length=200, blank=True)
    begins_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField()
    is_end = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "claim", "ends_at", "is_end"], name="claim_notice_once")
        ]

    class Tenancy:
        append_only = True
        visible = "true"

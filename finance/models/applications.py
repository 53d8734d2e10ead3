"""A loan application, its history and the bank's decision by two people."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import ApplicationState


class AllowedTransition(models.Model):
    """The state machines as rows; loaded from `states.TRANSITIONS` by migrations, read-only for the application."""

    machine = models.CharField(max_length=32)
    from_state = models.CharField(max_length=16)
    event = models.CharField(max_length=16)
    role = models.CharField(max_length=32)
    to_state = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["machine", "from_state", "event", "role", "to_state"], name="finance_transition_once"
            )
        ]


class Application(ParkModel):
    """An enterprise asks a bank for money; after approval it is the loan.

    `status`, `reserved` (held of the line) and `drawn` (principal outstanding, both yuan) are moved by the trigger of
    its events only.
    """

    line = ParkForeignKey("finance.CreditLine", related_name="applications")
    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    product_version = ParkForeignKey("finance.ProductVersion", related_name="+")
    quote = ParkForeignKey("finance.Quote", related_name="+")
    consent = ParkForeignKey("finance.Consent", related_name="applications")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=500)
    client_ref = models.CharField(max_length=64)
    status = models.CharField(max_length=16, choices=ApplicationState.choices, default=ApplicationState.DRAFT)
    reserved = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    drawn = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    contact_due_at = models.DateTimeField()
    contacted_at = models.DateTimeField(null=True)
    lapses_at = models.DateTimeField()
    created_by_ref = models.BigIntegerField()
    created_by_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "client_ref"], name="application_client_ref"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0, term_months__gt=0), name="application_amount"),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("amount")), name="application_reserved"
            ),
            models.CheckConstraint(condition=Q(drawn__gte=0), name="application_drawn"),
        ]
        indexes = [models.Index(fields=["park", "organisation", "status"], name="application_queue")]

    class Tenancy:
        grants = "select, insert"
        updates = ("contacted_at", "lapses_at")

    @property
    def client(self) -> str:
        """The enterprise, told on the contract's basis only (rows of `queries.applications.with_parts`)."""
        return self.enterprise.name if self.has_contract else ""  # type: ignore[attr-defined]  # annotated

    @property
    def number(self) -> str:
        """How people call it."""
        return f"A{self.pk:06d}"


class ApplicationEvent(ParkModel):
    """A step of an application. The trigger gives it its number and time and moves the application and the line.

    `reserve` is what stays reserved of the line after it, in yuan; `source_id` the document (disbursement, repayment,
    claim ...) that a step of the loan stands on.
    """

    application = ParkForeignKey(Application, related_name="events")
    seq = models.PositiveIntegerField(default=0)
    machine = models.CharField(max_length=32)
    from_state = models.CharField(max_length=16)
    event = models.CharField(max_length=16)
    role = models.CharField(max_length=32)
    to_state = models.CharField(max_length=16)
    reserve = models.DecimalField(max_digits=18, decimal_places=2)
    person_ref = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=80, blank=True)
    reason_code = models.CharField(max_length=32, blank=True)
    note = models.CharField(max_length=500, blank=True)
    source_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "application", "seq"], name="application_event_seq"),
            models.UniqueConstraint(
                fields=["park", "application", "event", "source_id"],
                condition=Q(source_id__isnull=False),
                name="application_event_source_once",
            ),
        ]

    class Tenancy:
        append_only = True


class Decision(ParkModel):
    """What a bank's maker proposes and another person decides. Content never changes; a new proposal is a new row."""

    application = ParkForeignKey(Application, related_name="decisions")
    kind = models.CharField(max_length=16, default="bank")
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    rate = models.DecimalField(max_digits=9, decimal_places=6)
    term_months = models.PositiveSmallIntegerField()
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    maker_person = models.BigIntegerField()
    maker_name = models.CharField(max_length=80)
    checker_person = models.BigIntegerField(null=True)
    checker_name = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(max_length=16, blank=True)
    reasons = ArrayField(models.CharField(max_length=32), default=list)
    note = models.CharField(max_length=500, blank=True)
    live = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "application", "kind"], condition=Q(live=True), name="decision_one_live"
            ),
            models.CheckConstraint(
                condition=Q(checker_person__isnull=True) | ~Q(checker_person=F("maker_person")),
                name="decision_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", checker_person__isnull=True)
                | (~Q(outcome="") & Q(checker_person__isnull=False)),
                name="decision_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, rate__gt=0, term_months__gt=0), name="decision_amount"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("checker_person", "checker_name", "outcome", "reasons", "note", "live", "decided_at")

    @property
    def rate_percent(self) -> str:
        """Percent a year."""
        return f"{(self.rate * 100).normalize():f}"

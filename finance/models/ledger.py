"""Double entry: every movement of money of a loan. Written by triggers of the application's steps; the application reads."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import AccountCode
from .applications import Application


class LedgerAccount(ParkModel):
    """An account of a loan; `balance` in yuan is debits less credits."""

    application = ParkForeignKey(Application, related_name="accounts")
    code = models.CharField(max_length=32, choices=AccountCode.choices)
    balance = models.DecimalField(max_digits=18, decimal_places=2, default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "application", "code"], name="ledger_account_one")
        ]

    class Tenancy:
        grants = "select"


class Journal(ParkModel):
    """One booking; `source_id` is the document of the step that made it."""

    application = ParkForeignKey(Application, related_name="journals")
    kind = models.CharField(max_length=16)
    source_id = models.BigIntegerField()
    value_date = models.DateField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "application", "kind", "source_id"], name="journal_once")
        ]

    class Tenancy:
        grants = "select"


class Entry(ParkModel):
    """A line of a booking: D(ebit) or C(redit), yuan above zero. At commit the lines of a journal balance."""

    journal = ParkForeignKey(Journal, related_name="entries")
    account = ParkForeignKey(LedgerAccount, related_name="entries")
    side = models.CharField(max_length=1)
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="entry_amount"),
            models.CheckConstraint(condition=Q(side__in=["D", "C"]), name="entry_side"),
        ]

    class Tenancy:
        grants = "select"
        append_only = True

"""The quoted line 授信额度 and what is taken of it."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import FreezeGround, LineOrderKind, LineState, QuoteState
from .people import SECOND, TwoPersons


class Quote(ParkModel):
    """One calculation with its inputs and steps (yuan as strings), immutable; only its state moves, once, from live."""

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    product = ParkForeignKey("finance.Product", related_name="+")
    product_version = ParkForeignKey("finance.ProductVersion", related_name="+")
    consent = ParkForeignKey("finance.Consent", related_name="+")
    snapshot = ParkForeignKey("scoring.Snapshot", related_name="+")
    inputs = models.JSONField()
    steps = models.JSONField()
    binding = models.CharField(max_length=32)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=16, choices=QuoteState.choices, default=QuoteState.LIVE)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "product"], condition=Q(state="live"), name="quote_one_live"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="quote_amount"),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state",)


class CreditLine(ParkModel):
    """What an enterprise may use of a product, in yuan. `reserved` and `drawn` move only with events of applications.

    A cut sets `quoted_limit` at once; `hard_limit` stays at what is already taken.
    """

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    product = ParkForeignKey("finance.Product", related_name="+")
    quote = ParkForeignKey(Quote, related_name="+")
    quoted_limit = models.DecimalField(max_digits=18, decimal_places=2)
    hard_limit = models.DecimalField(max_digits=18, decimal_places=2)
    reserved = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    drawn = models.DecimalField(max_digits=18, decimal_places=2, default=0)
    state = models.CharField(max_length=16, choices=LineState.choices, default=LineState.ACTIVE)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "enterprise", "organisation", "product"],
                condition=Q(state__in=["active", "frozen"]),
                name="credit_line_one",
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, drawn__gte=0, hard_limit__gte=F("reserved") + F("drawn")),
                name="credit_line_exposure",
            ),
            models.CheckConstraint(
                condition=Q(quoted_limit__gte=0, hard_limit__gte=F("quoted_limit")), name="credit_line_limits"
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("quote", "quoted_limit", "hard_limit", "state", "updated_at")

    @property
    def available(self) -> Decimal:
        """Yuan that a new application may ask for."""
        return max(self.quoted_limit - self.reserved - self.drawn, Decimal(0))

    @property
    def tone(self) -> str:
        """How its state is coloured: a frozen line is a warning, unlike frozen figures."""
        return {LineState.ACTIVE: "ok", LineState.FROZEN: "warn"}.get(LineState(self.state), "neutral")


class LineOrder(TwoPersons):
    """Freezing or thawing of a line by two people, for a reason that the enterprise is shown.

    Both are of the bank, or the park proposes to freeze on a `ground` and the bank confirms. The last confirmed order of a
    line counts: what was frozen this way is active again only after a thaw.
    """

    line = ParkForeignKey(CreditLine, related_name="orders")
    kind = models.CharField(max_length=16, choices=LineOrderKind.choices)
    ground = models.CharField(
        max_length=16, choices=FreezeGround.choices, blank=True, default="", db_default=""
    )
    reason = models.CharField(max_length=500)
    live = models.BooleanField(default=True)

    class Meta(TwoPersons.Meta):
        constraints = [
            *TwoPersons.Meta.constraints,
            models.UniqueConstraint(
                fields=["park", "line"],
                condition=Q(live=True, checker_person__isnull=True),
                name="line_order_one_open",
            ),
            models.CheckConstraint(condition=Q(ground="") | Q(kind="freeze"), name="line_order_park_freezes"),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = (*SECOND, "live")

    @property
    def words(self) -> str:
        """The reason as people are shown it, with the park's ground."""
        if not self.ground:
            return self.reason
        return _("园区提议（%(ground)s）：%(reason)s") % {
            "ground": self.get_ground_display(),
            "reason": self.reason,
        }

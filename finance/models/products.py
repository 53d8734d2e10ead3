"""Credit products of banks; what counts is a version that two people made."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from parks.tenancy import ParkForeignKey, ParkModel

from ..rules import LEAST_LOAN
from ..states import DayCount, VersionState


class Product(ParkModel):
    """A credit product of a bank in a park."""

    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=32)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "code"], name="product_code")]

    class Tenancy:
        grants = "select, insert"

    def __str__(self) -> str:
        return self.name


class ProductVersion(ParkModel):
    """Terms of a product: amounts in yuan, rates as fractions a year, terms in months. Terms never change."""

    product = ParkForeignKey(Product, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=VersionState.choices, default=VersionState.DRAFT)
    cap = models.DecimalField(max_digits=18, decimal_places=2)
    min_amount = models.DecimalField(
        max_digits=18, decimal_places=2, default=LEAST_LOAN, db_default=LEAST_LOAN
    )
    first_loan_cap = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    min_score = models.DecimalField(max_digits=8, decimal_places=4)
    rate_low = models.DecimalField(max_digits=9, decimal_places=6)
    rate_high = models.DecimalField(max_digits=9, decimal_places=6)
    term_min = models.PositiveSmallIntegerField()
    term_max = models.PositiveSmallIntegerField()
    formula = models.JSONField()
    conditions = models.TextField(blank=True)
    documents = models.TextField(blank=True)
    fresh_months = models.PositiveSmallIntegerField(default=24)
    promised_days = models.PositiveSmallIntegerField(default=7)
    guarantor = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    cover_low = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    cover_high = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    pool = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    pool_share = models.DecimalField(max_digits=9, decimal_places=6, default=0)
    pool_project_cap = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    day_count = models.PositiveSmallIntegerField(choices=DayCount.choices, default=DayCount.ACT_360)
    digest = models.CharField(max_length=64)
    proposed_by_ref = models.BigIntegerField()
    proposed_by_name = models.CharField(max_length=80)
    activated_by_ref = models.BigIntegerField(null=True)
    activated_by_name = models.CharField(max_length=80, blank=True)
    activated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "product", "number"], name="product_version_number"),
            models.UniqueConstraint(
                fields=["park", "product"], condition=Q(state="active"), name="product_version_one_active"
            ),
            models.CheckConstraint(
                condition=Q(activated_by_ref__isnull=True) | ~Q(activated_by_ref=F("proposed_by_ref")),
                name="product_version_two_persons",
            ),
            models.CheckConstraint(
                condition=Q(state="draft", activated_by_ref__isnull=True)
                | (~Q(state="draft") & Q(activated_by_ref__isnull=False)),
                name="product_version_active_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(cap__gt=0, min_score__gte=0, min_score__lte=100), name="product_version_amounts"
            ),
            models.CheckConstraint(
                condition=Q(min_amount__gte=LEAST_LOAN, min_amount__lte=F("cap")),
                name="product_version_least",
            ),
            models.CheckConstraint(
                condition=Q(rate_low__gt=0, rate_low__lte=F("rate_high"), rate_high__lt=1),
                name="product_version_rates",
            ),
            models.CheckConstraint(
                condition=Q(term_min__gt=0, term_min__lte=F("term_max")), name="product_version_terms"
            ),
            models.CheckConstraint(
                condition=Q(cover_low__gte=0, cover_low__lte=F("cover_high"), pool_share__gte=0)
                & Q(cover_high__lte=1 - F("pool_share")),
                name="product_version_shares",
            ),
            models.CheckConstraint(
                condition=(
                    Q(guarantor__isnull=True, cover_high=0) | Q(guarantor__isnull=False, cover_low__gt=0)
                )
                & (Q(pool__isnull=True, pool_share=0) | Q(pool__isnull=False, pool_share__gt=0)),
                name="product_version_parties",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("state", "activated_by_ref", "activated_by_name", "activated_at")

    @property
    def rates_percent(self) -> str:
        """The band in percent a year, e.g. 3–4.5."""
        low, high = (f"{(rate * 100).normalize():f}" for rate in (self.rate_low, self.rate_high))
        return low if low == high else f"{low}–{high}"

    @property
    def cover_percent(self) -> str:
        """The guarantor's band in percent of a loss, e.g. 60–80; empty without a guarantor."""
        if self.guarantor_id is None:
            return ""
        low, high = (f"{(part * 100).normalize():f}" for part in (self.cover_low, self.cover_high))
        return low if low == high else f"{low}–{high}"

    @property
    def pool_percent(self) -> str:
        return f"{(self.pool_share * 100).normalize():f}"

    def __str__(self) -> str:
        return f"{self.product} v{self.number}"

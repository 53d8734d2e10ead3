"""Zones (tenants) and their sub-parks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkModel


class Park(models.Model):
    """A high-tech zone 高新区: the tenant. `code` names it in URLs and commands.

    `clock_days` is how far the clock of a sandbox park runs ahead; see parks.clock.
    """

    class Kind(models.TextChoices):
        ZONE = "zone", _("高新区")
        SANDBOX = "sandbox", _("测试园区")

    code = models.SlugField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    name_en = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.ZONE)
    clock_days = models.PositiveIntegerField(default=0, db_default=0)
    contact_office = models.CharField(max_length=80, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(clock_days=0) | Q(kind="sandbox", clock_days__lte=36_600),
                name="park_clock_sandbox_only",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class SubPark(ParkModel):
    """Part of a zone with its own reviewers and dashboards: the core area or an extension park 拓展园.

    `places` are the streets, roads and estates that lie in it, as they stand in addresses; a registered address is
    checked against them.
    """

    code = models.SlugField(max_length=32)
    name = models.CharField(max_length=80)
    is_extension = models.BooleanField(default=False)
    places = models.JSONField(default=list, db_default=[], blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "code"], name="sub_park_code")]

    def __str__(self) -> str:
        return self.name

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel


class PublicProfile(ParkModel):
    """What an enterprise wants to show of itself to the public; seen once the park has agreed to this very text."""

    class State(models.TextChoices):
        DRAFT = "draft", _("待园区同意")
        SHOWN = "shown", _("公开中")
        REFUSED = "refused", _("未同意")
        HIDDEN = "hidden", _("已收回")

    enterprise = ParkForeignKey("enterprises.Enterprise", related_name="+")
    uscc = models.CharField(max_length=18)
    name = models.CharField(max_length=200)
    industry = models.CharField(max_length=40, blank=True)
    intro = models.TextField()
    website = models.URLField(blank=True)
    shows_boards = models.BooleanField(default=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    offered_by_ref = models.BigIntegerField()
    offered_by_name = models.CharField(max_length=80)
    offered_at = models.DateTimeField(auto_now=True)
    decided_by_ref = models.BigIntegerField(null=True)
    decided_by_name = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "enterprise"], name="public_profile_once"),
            models.CheckConstraint(
                condition=Q(decided_by_ref__isnull=True) | ~Q(decided_by_ref=F("offered_by_ref")),
                name="public_profile_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state="shown") | Q(decided_by_ref__isnull=False), name="public_profile_agreed"
            ),
        ]

    class Tenancy:
        visible = "state = 'shown'"

"""Who may act for a firm: letters of authority 授权委托书 and invitations."""

from __future__ import annotations

from django.db import models
from django.db.models import F

from parks.tenancy import ParkForeignKey, ParkModel

from .enterprises import Enterprise


class AgentLetter(ParkModel):
    """What an agent may do for a firm, from a day to a day (`ends_on` is excluded). Narrowed = ended and given anew.

    `scope` lists the dimensions of the scheme to fill in; an empty list means all of them. `may_sign` lets the agent
    sign the declaration. It counts once it is confirmed: by the legal representative who gives it, or by the park that
    certifies a firm whose agent handed in the signed paper. The membership carries the last end, which the door asks.
    """

    enterprise = ParkForeignKey(Enterprise, related_name="letters")
    membership = ParkForeignKey("parks.Membership", related_name="+")
    agent_name = models.CharField(max_length=80)
    scope = models.JSONField(default=list)
    may_sign = models.BooleanField(default=False)
    starts_on = models.DateField()
    ends_on = models.DateField()
    document = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    given_by_ref = models.BigIntegerField(null=True)
    given_by_name = models.CharField(max_length=80, blank=True)
    given_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by_name = models.CharField(max_length=80, blank=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=80, blank=True)
    revoked_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__gt=F("starts_on")), name="agent_letter_period"
            ),
            models.UniqueConstraint(
                fields=["park", "membership", "starts_on"],
                condition=models.Q(revoked_at__isnull=True),
                name="agent_letter_one_from_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(may_sign=False) | models.Q(document__isnull=False),
                name="agent_letter_signing_needs_paper",
            ),
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("confirmed_at", "confirmed_by_name", "revoked_at", "revoked_by_name", "revoked_reason")

    @property
    def is_confirmed(self) -> bool:
        return self.confirmed_at is not None


class Invitation(ParkModel):
    """A link by which one person comes to act for a firm, once, until it expires. Only its SHA-256 is stored."""

    enterprise = ParkForeignKey(Enterprise, related_name="invitations")
    invitee = models.CharField(max_length=80)
    role = models.CharField(max_length=32)
    scope = models.JSONField(default=list)
    may_sign = models.BooleanField(default=False)
    authority_from = models.DateField(null=True)
    authority_until = models.DateField(null=True)
    document = ParkForeignKey("parks.EvidenceFile", null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    invited_by_ref = models.BigIntegerField()
    invited_by_name = models.CharField(max_length=80)
    invited_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by_name = models.CharField(max_length=80, blank=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used_at__isnull=True) | models.Q(revoked_at__isnull=True),
                name="invitation_used_or_revoked",
            )
        ]

    class Tenancy:
        grants = "select, insert"
        updates = ("used_at", "used_by_name", "revoked_at")

"""Programs of banks that use the bank API, and what they have said already."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class BankClient(models.Model):
    """An OAuth2 client of a bank. It acts as its application's account: the memberships of that account name the parks.

    `keys` are public keys (JWK) that its signed requests are checked with, at most two at a time, newest last.
    """

    application = models.OneToOneField(
        "oauth2_provider.Application", on_delete=models.PROTECT, related_name="bank_client"
    )
    organisation = models.ForeignKey("parks.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    scopes = ArrayField(models.CharField(max_length=32))
    keys = models.JSONField(default=list)
    created_by_name = models.CharField(max_length=80)
    created_at = models.DateTimeField(db_default=Now())
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organisation"], name="bank_client_organisation")]

    def __str__(self) -> str:
        return self.name


class UsedAssertion(models.Model):
    """The id of a signed statement (JWT `jti`) that was accepted: no statement counts twice."""

    client = models.ForeignKey(BankClient, on_delete=models.CASCADE, related_name="+")
    jti = models.CharField(max_length=128)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "jti"], name="used_assertion_once")]
        indexes = [models.Index(fields=["expires_at"], name="used_assertion_expiry")]

"""Organisations, people, their accounts and what they may act as."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..roles import Role
from ..tenancy import ParkModel


class Organisation(models.Model):
    """Who a person acts for: an enterprise, a park's office, a bank, a guarantor, a fund."""

    class Kind(models.TextChoices):
        PARK_OFFICE = "park_office", _("园区管理机构")
        ENTERPRISE = "enterprise", _("企业")
        BANK = "bank", _("银行")
        GUARANTOR = "guarantor", _("融资担保公司")
        FUND = "fund", _("基金管理机构")
        CREDIT_BUREAU = "credit_bureau", _("征信机构")
        PLATFORM = "platform", _("平台运营")

    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["uscc"], name="organisation_uscc")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "uscc"], condition=~models.Q(uscc=""), name="organisation_kind_uscc"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Partnership(ParkModel):
    """A bank, guarantor or fund works in a park for a dated period (half-open: ends_on is excluded)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gt=models.F("starts_on")),
                name="partnership_period",
            )
        ]


class Person(models.Model):
    """A human being. Four-eyes rules compare persons, never accounts."""

    name = models.CharField(max_length=80)
    mobile = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class AccountManager(BaseUserManager["Account"]):
    def create_account(self, *, login: str, password: str | None, person: Person) -> Account:
        account = self.model(login=login, person=person)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """A way for a person to sign in."""

    login = models.CharField(_("登录名"), max_length=80, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="accounts")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AccountManager()

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.login


class Membership(ParkModel):
    """An account may act in a role for an organisation in a park, for a period (ends_on is excluded)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=32, choices=Role.choices)
    starts_on = models.DateField(db_default=Now())
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "account", "organisation", "role"],
                condition=models.Q(ends_on__isnull=True),
                name="membership_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
                name="membership_period",
            ),
        ]
        indexes = [models.Index(fields=["account"], name="membership_account")]

    class Tenancy:
        visible = "account_id = nullif(current_setting('app.account_id', true), '')::bigint"


class ApiToken(models.Model):
    """A key for the API that acts as one membership. Only its SHA-256 is stored."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_tokens")
    membership_id = models.BigIntegerField()
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    def issue(cls, **fields: Any) -> tuple[ApiToken, str]:
        """Make a token; the clear text is returned once and never stored."""
        clear = f"isc_{secrets.token_urlsafe(32)}"
        return cls.objects.create(prefix=clear[:10], digest=cls.digest_of(clear), **fields), clear

"""Opening accounts and giving roles."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from innovscore.core.problems import Conflict

from .. import audit
from ..actors import Actor
from ..clock import db_now, db_today
from ..models import Account, ApiToken, Membership, Organisation, Person


def open_account(*, login: str, password: str | None, name: str, mobile: str = "") -> Account:
    """A person and a way to sign in. Raises Conflict when the login name is taken."""
    try:
        with transaction.atomic():
            person = Person.objects.create(name=name, mobile=mobile)
            return Account.objects.create_account(login=login, password=password, person=person)
    except IntegrityError as error:
        raise Conflict(
            code="login_taken", field="login", message=_("这个登录名已被使用，请换一个。")
        ) from error


def grant_role(
    *, by: Actor, account: Account, organisation: Organisation, role: str, starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Membership:  # fmt: skip
    """Let an account act in a role for an organisation in the park that was entered."""
    with transaction.atomic():
        membership = Membership.objects.create(
            park_id=by.park_id,
            account=account,
            organisation=organisation,
            role=role,
            starts_on=starts_on or db_today(),
            ends_on=ends_on,
        )
        audit.record(
            by=by,
            action="membership.granted",
            obj=membership,
            after={"account": account.login, "role": role, "organisation": organisation.name},
        )
    return membership


def end_role(*, by: Actor, membership: Membership, reason: str = "") -> None:
    """The role ends today, one that has not begun never begins; it is kept for the record."""
    with transaction.atomic():
        membership.ends_on = max(db_today(), membership.starts_on)
        membership.save(update_fields=["ends_on"])
        audit.record(by=by, action="membership.ended", obj=membership, reason=reason)


def issue_token(*, by: Actor, account: AbstractBaseUser, name: str, days: int = 90) -> str:
    """An API key that acts as the membership of `by`; the clear text is shown once."""
    with transaction.atomic():
        token, clear = ApiToken.issue(
            account=account,
            membership_id=by.membership_id,
            name=name,
            expires_at=db_now() + dt.timedelta(days=days),
        )
        audit.record(by=by, action="token.issued", obj=token, after={"name": name, "prefix": token.prefix})
    return clear


def second_factor(*, account: Account) -> TOTPDevice:
    """The account's TOTP device, made unconfirmed at the first need."""
    device, _created = TOTPDevice.objects.get_or_create(
        user=account, name="default", defaults={"confirmed": False}
    )
    return device

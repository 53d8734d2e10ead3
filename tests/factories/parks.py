"""Parks, people and signed-in browsers for tests."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from parks.actors import Actor
from parks.models import Account, Membership, Organisation, Park, Person
from parks.queries.memberships import SESSION_KEY
from parks.roles import BANK, BUREAU, ENTERPRISE, FUND, GUARANTOR, Role
from parks.scope import park_scope

_numbers = itertools.count(1)
PERSONAS = {
    "enterprise_agent": "王晓",
    "enterprise_signatory": "李法人",
    "park_admin": "吴管理",
    "park_reviewer": "赵审",
    "score_officer": "钱积分",
    "publisher": "孙发布",
    "park_auditor": "郑审计",
    "bank_maker": "周银行",
    "bank_checker": "冯复核",
    "bank_ops": "陈放款",
    "bank_system": "决策引擎",
    "guarantor_maker": "褚担保",
    "guarantor_checker": "卫担保",
    "fund_manager": "蒋基金",
    "credit_bureau": "韦征信",
}


def park(*, code: str = "cq", name: str = "示例高新区") -> Park:
    return Park.objects.create(code=code, name=name, name_en=f"Demo zone {code}")


def organisation_kind(role: str) -> str:
    for roles, kind in (
        (ENTERPRISE, "enterprise"),
        (BANK | {Role.BANK_SYSTEM}, "bank"),
        (GUARANTOR, "guarantor"),
        (FUND, "fund"),
        (BUREAU, "credit_bureau"),
    ):
        if role in roles:
            return kind
    return "park_office"


def organisation(kind: str, name: str = "", uscc: str = "") -> Organisation:
    return Organisation.objects.create(kind=kind, name=name or f"{kind} {next(_numbers)}", uscc=uscc)


def organisation_for(role: str) -> Organisation:
    return organisation(organisation_kind(role))


def membership(
    role: str,
    park: Park,
    *,
    organisation: Organisation | None = None,
    person: Person | None = None,
    name: str = "",
) -> Membership:
    number = next(_numbers)
    person = person or Person.objects.create(name=name or PERSONAS.get(role, role))
    account = Account.objects.create(login=f"{role}{number}@{park.code}", person=person)
    organisation = organisation or organisation_for(role)
    with park_scope(park.pk):
        return Membership.objects.create(
            account=account, organisation=organisation, role=role, starts_on=dt.date(2020, 1, 1)
        )


def actor(role: str, park: Park, **kwargs: Any) -> Actor:
    """A new person with the role in the park; `organisation=` and `person=` may be given."""
    return Actor.of(membership(role, park, **kwargs))


def client_for(actor: Actor, *, second_factor: bool = True) -> Client:
    """A browser signed in as the actor; a bank's program comes with a bearer token instead."""
    if actor.role == Role.BANK_SYSTEM and second_factor:
        from tests.factories import bankapi

        return Client(headers={"Authorization": f"Bearer {bankapi.bearer_of(actor)}"})
    client = Client()
    account = Account.objects.get(pk=actor.account_id)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session[SESSION_KEY] = actor.membership_id
    if second_factor:
        device, _created = TOTPDevice.objects.get_or_create(
            user=account, name="default", defaults={"confirmed": True}
        )
        session["otp_device_id"] = device.persistent_id
    session.save()
    return client

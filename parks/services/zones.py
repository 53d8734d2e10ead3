"""Opening a zone and letting its first people in; a park's own office goes on from there."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Refused

from .. import audit
from ..actors import Actor
from ..clock import db_today
from ..models import Account, Membership, Organisation, Park, Partnership, SubPark
from ..roles import BANK, BUREAU, FUND, GUARANTOR, PARK_OFFICE
from ..scope import park_scope
from . import people

GRANTABLE = PARK_OFFICE | BANK | GUARANTOR | FUND | BUREAU
"""Roles that the operator gives by command; firms' people and banks' programs come in on pages."""
PARTNER_KINDS = ((BANK, "bank"), (GUARANTOR, "guarantor"), (FUND, "fund"), (BUREAU, "credit_bureau"))
MOST_PLACES, LONGEST_PLACE = 200, 40
CODE = re.compile(r"^[a-z][a-z0-9-]{1,31}$")


def open_park(
    *, code: str, name: str, name_en: str = "", contact_office: str = "", contact_phone: str = "",
    sub_parks: Sequence[tuple[str, str]] = (),
) -> Park:  # fmt: skip
    """A zone with its office and sub-parks (code, name); the first is the core, the others are extension parks 拓展园.

    Raises Refused for a code that cannot stand in an address, Conflict when it is taken.
    """
    if not CODE.match(code):
        raise Refused(
            code="park_code", field="code", message=_("园区代码用 2 到 32 个小写字母、数字或 -，以字母开头。")
        )
    try:
        with transaction.atomic():
            park = Park.objects.create(
                code=code,
                name=name,
                name_en=name_en,
                contact_office=contact_office,
                contact_phone=contact_phone,
            )
            with park_scope(park.pk):
                for number, (sub_code, sub_name) in enumerate(sub_parks):
                    SubPark.objects.create(code=sub_code, name=sub_name, is_extension=number > 0)
                Organisation.objects.create(kind=Organisation.Kind.PARK_OFFICE, name=office_name(park))
                audit.record(by=Actor.system(park), action="park.opened", obj=park, after={"name": name})
    except IntegrityError as error:
        raise Conflict(code="park_taken", field="code", message=_("这个园区代码已被使用。")) from error
    return park


def set_places(*, by: Actor, sub_park: SubPark, places: Sequence[str]) -> None:
    """Which streets, roads and estates lie in a sub-park, as they stand in addresses. Raises Refused at `places`."""
    wanted = list(dict.fromkeys(place.strip() for place in places if place.strip()))
    if len(wanted) > MOST_PLACES or any(not 2 <= len(place) <= LONGEST_PLACE for place in wanted):
        raise Refused(
            code="places_wrong",
            field="places",
            message=_("每行一个地名，2 到 40 个字，最多 200 个。"),
        )
    with transaction.atomic():
        locked = SubPark.objects.select_for_update(of=("self",)).get(pk=sub_park.pk)
        before, locked.places = locked.places, wanted
        locked.save(update_fields=["places"])
        audit.record(
            by=by,
            action="sub_park.places_set",
            obj=locked,
            before={"places": before},
            after={"places": wanted},
        )


def office_name(park: Park) -> str:
    return f"{park.name}管委会"


def let_in(
    *, park: Park, login: str, name: str, role: str, organisation: str = "", reason: str = ""
) -> tuple[Membership, str]:
    """Give a role by hand of the operator, opening the account where there is none.

    `organisation` names the bank, guarantor or fund (made and made a partner of the park where it is not yet); the
    office's people need none. Returns the membership and the new account's passphrase, "" when the account existed.
    """
    if role not in GRANTABLE:
        raise Refused(
            code="role_unknown",
            field="role",
            message=_("这个身份不能由命令授予：%(role)s。企业人员由企业登记或邀请加入，银行程序由银行登记。")
            % {"role": role},
        )
    with park_scope(park.pk):
        body = _organisation(park, role, organisation)
        _check_namesake(body, login, name)
        account, passphrase = _account(login, name)
        try:
            with transaction.atomic():
                membership = people.grant_role(
                    by=Actor.system(park), account=account, organisation=body, role=role
                )
        except IntegrityError as error:
            raise Conflict(code="role_held", field="login", message=_("该账号已有这个身份。")) from error
        audit.record(by=Actor.system(park), action="operator.let_in", obj=membership, reason=reason)
    return membership, passphrase


def _organisation(park: Park, role: str, name: str) -> Organisation:
    if role in PARK_OFFICE:
        office, _made = Organisation.objects.get_or_create(
            kind=Organisation.Kind.PARK_OFFICE, name=office_name(park)
        )
        return office
    if not name:
        raise Refused(
            code="organisation_missing", field="organisation", message=_("请写明银行、担保公司或基金的名称。")
        )
    kind = next(kind for roles, kind in PARTNER_KINDS if role in roles)
    body, _made = Organisation.objects.get_or_create(kind=kind, name=name)
    if not Partnership.objects.filter(organisation=body, ends_on__isnull=True).exists():
        Partnership.objects.create(organisation=body, starts_on=db_today())
    return body


def _check_namesake(body: Organisation, login: str, name: str) -> None:
    """Raises Refused for a second account in one name: two people are two persons, never two accounts of one."""
    others = Membership.objects.filter(organisation=body, account__person__name=name).exclude(
        account__login=login
    )
    if name and others.exists():
        raise Refused(
            code="namesake", field="name",
            message=_("该单位已有同名人员，其登录名为 %(login)s。同一人请用原登录名；确为另一人时，请在姓名后注明部门。")
            % {"login": others[0].account.login},
        )  # fmt: skip


def _account(login: str, name: str) -> tuple[Account, str]:
    found = Account.objects.filter(login=login).first()
    if found:
        return found, ""
    passphrase = "-".join(secrets.token_hex(2) for _part in range(5))
    return people.open_account(login=login, password=passphrase, name=name or login), passphrase

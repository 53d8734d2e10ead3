"""Zones, organisations and accounts of the demo: one account a role, role names as logins, fixed TOTP secrets."""

from __future__ import annotations

import binascii
import datetime as dt
import hashlib
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django_otp.plugins.otp_totp.models import TOTPDevice

from enterprises.models import Enterprise
from enterprises.services import authority
from parks.actors import Actor
from parks.models import Account, Membership, Organisation, Park, Partnership, Person, SubPark
from parks.scope import park_scope

PASSWORD = "demo-innovscore"  # noqa: S105  # shown on every demo page
SINCE = dt.date(2022, 1, 1)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A role card: who signs in as what, for whom."""

    login: str
    name: str
    role: str
    organisation: str


ACCOUNTS = (
    DemoAccount("ent.agent@demo", "王晓", "enterprise_agent", "enterprise"),
    DemoAccount("ent.legal@demo", "李明远", "enterprise_signatory", "enterprise"),
    DemoAccount("park.admin@demo", "吴敏", "park_admin", "office"),
    DemoAccount("park.review1@demo", "赵慧", "park_reviewer", "office"),
    DemoAccount("park.review2@demo", "钱进", "park_reviewer", "office"),
    DemoAccount("park.score@demo", "郑文", "score_officer", "office"),
    DemoAccount("park.publish@demo", "孙发", "publisher", "office"),
    DemoAccount("park.publish2@demo", "何签", "publisher", "office"),
    DemoAccount("park.audit@demo", "严清", "park_auditor", "office"),
    DemoAccount("bank.maker@demo", "周维", "bank_maker", "bank"),
    DemoAccount("bank.check@demo", "冯立", "bank_checker", "bank"),
    DemoAccount("bank.ops@demo", "陈放", "bank_ops", "bank"),
    DemoAccount("bank.ops2@demo", "沈汇", "bank_ops", "bank"),
    DemoAccount("bank2.maker@demo", "韩江", "bank_maker", "bank2"),
    DemoAccount("bank2.check@demo", "杨帆", "bank_checker", "bank2"),
    DemoAccount("guar.maker@demo", "褚明", "guarantor_maker", "guarantor"),
    DemoAccount("guar.check@demo", "卫东", "guarantor_checker", "guarantor"),
    DemoAccount("fund@demo", "蒋理", "fund_manager", "fund"),
    DemoAccount("fund2@demo", "余谨", "fund_manager", "fund"),
    DemoAccount("bureau@demo", "韦信", "credit_bureau", "bureau"),
)
PARTNERS = {
    "bank": ("bank", "示例银行重庆分行"),
    "bank2": ("bank", "渝州商业银行"),
    "guarantor": ("guarantor", "科学城示例融资担保公司"),
    "fund": ("fund", "示例风险补偿资金管理中心"),
    "bureau": ("credit_bureau", "示例征信服务公司"),
}
ZONES = {
    "cq": (
        "重庆示例高新区",
        "Chongqing demo zone",
        (("core", "直管园", False), ("ext1", "拓展园一", True), ("ext2", "拓展园二", True)),
    ),
    "cd": ("蓉城示例高新区", "Chengdu demo zone", (("core", "核心区", False),)),
}


def make_zone(code: str) -> Park:
    """A zone with its sub-parks, office and partners."""
    name, name_en, parts = ZONES[code]
    park = Park.objects.create(
        code=code,
        name=name,
        name_en=name_en,
        contact_office="科技创新局积分专班",
        contact_phone="023-0000 0000",
    )
    with park_scope(park.pk):
        for sub_code, sub_name, extension in parts:
            SubPark.objects.create(code=sub_code, name=sub_name, is_extension=extension, places=[sub_name])
    return park


def partners(park: Park) -> dict[str, Organisation]:
    """The office of the park, and banks, guarantor and fund with their partnerships."""
    found = {"office": Organisation.objects.create(kind="park_office", name=f"{park.name}管委会")}
    for key, (kind, name) in PARTNERS.items():
        found[key], _created = Organisation.objects.get_or_create(kind=kind, name=name)
    with park_scope(park.pk):
        for key in PARTNERS:
            Partnership.objects.create(organisation=found[key], starts_on=SINCE)
    return found


def open_accounts(park: Park, organisations: dict[str, Organisation]) -> dict[str, Actor]:
    """The demo accounts of the park that was entered: login -> Actor (only those whose organisation is there)."""
    password = make_password(PASSWORD)
    actors = {}
    for card in (card for card in ACCOUNTS if card.organisation in organisations):
        account = _account(card, password)
        membership = Membership.objects.create(
            account=account, organisation=organisations[card.organisation], role=card.role, starts_on=SINCE
        )
        actors[card.login] = Actor.of(membership)
    return actors


def give_letter(firm: Enterprise, actors: dict[str, Actor]) -> None:
    """The demo's legal representative lets the demo's agent fill in everything for a year; signing stays with the former."""
    legal, agent = actors["ent.legal@demo"], actors["ent.agent@demo"]
    firm.legal_representative = legal.person_name
    firm.save(update_fields=["legal_representative"])
    membership = Membership.objects.select_related("account__person").get(pk=agent.membership_id or 0)
    authority.change_letter(by=legal, enterprise=firm, membership=membership, powers=authority.EVERYTHING)


def _account(card: DemoAccount, password: str) -> Account:
    found = Account.objects.filter(login=card.login).first()
    if found:
        return found
    account = Account.objects.create(
        login=card.login, person=Person.objects.create(name=card.name), password=password
    )
    secret = binascii.hexlify(hashlib.sha256(card.login.encode()).digest()[:20]).decode()
    TOTPDevice.objects.create(user=account, name="default", key=secret, confirmed=True)
    return account

"""Messages that leave the platform: mail at once, the daily digest, robots in chat groups.

They say that something waits and where, never what: no names of firms, no figures.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import override

from . import egress, outbox
from .clock import BEIJING, db_now
from .models import (
    GroupRobot,
    Membership,
    NoticePreference,
    Notification,
    NotificationRead,
    OutboxMessage,
    Park,
    Person,
)
from .queries import memberships
from .scope import park_scope

MAIL, ROBOT = "notice.mail", "notice.robot"
DIGEST_HOUR = 9
"""Beijing time from which the daily digest of a day is due."""


@outbox.handler(outbox.NOTICE)
def spread(message: OutboxMessage) -> None:
    """Find who wants to hear of a message outside the platform, and write one delivery each."""
    with park_scope(message.park_id or 0):
        row = Notification.objects.filter(pk=message.payload["notification"]).first()
        if row is None:
            return
        for person_ref in mailed_at_once(row):
            outbox.publish(
                topic=MAIL,
                aggregate=f"mail:{row.pk}:{person_ref}",
                payload={"person": person_ref, "kind": row.kind, "url": row.url},
            )
        for robot in GroupRobot.objects.filter(
            organisation_id=row.organisation_id, switched_off_at__isnull=True
        ):
            if row.person_ref is None and row.kind in robot.kinds:
                outbox.publish(
                    topic=ROBOT,
                    aggregate=f"robot:{row.pk}:{robot.pk}",
                    payload={"robot": robot.pk, "kind": row.kind},
                )


def recipients(row: Notification) -> list[int]:
    """Persons a message is for."""
    live = memberships.of_organisation(row.organisation_id)
    if row.role:
        live = live.filter(role=row.role)
    if row.person_ref:
        live = live.filter(account__person_id=row.person_ref)
    return list(live.values_list("account__person_id", flat=True).distinct())


def mailed_at_once(row: Notification) -> list[int]:
    """Recipients who asked for mail at once about this kind and have an address."""
    chosen = NoticePreference.objects.filter(
        person_ref__in=recipients(row), kind=row.kind, mail=NoticePreference.Mail.AT_ONCE
    ).values_list("person_ref", flat=True)
    return list(
        Person.objects.filter(pk__in=list(chosen))
        .exclude(email="")
        .order_by("pk")
        .values_list("pk", flat=True)
    )


@outbox.handler(MAIL)
def mail(message: OutboxMessage) -> None:
    """Send one mail: what kind of thing waits, and a link."""
    person = Person.objects.get(pk=message.payload["person"])
    park = Park.objects.get(pk=message.park_id or 0)
    with override("zh-hans"):
        count = int(message.payload.get("count", 1))
        what = "、".join(_kind(kind) for kind in str(message.payload["kind"]).split(","))
        subject = _("【%(park)s】您有 %(n)s 条新消息：%(what)s") % {
            "park": park.name,
            "n": count,
            "what": what,
        }
        link = f"{settings.SITE_ADDRESS}/p/{park.code}/messages/"
        body = _(
            "请登录企业创新积分平台查看：\n%(link)s\n\n邮件不含具体内容。如不想再收到，可在“消息设置”中关闭。"
        ) % {"link": link}
    if person.email:
        send_mail(subject, body, None, [person.email])


def _kind(kind: str) -> str:
    return str(Notification.Kind(kind).label) if kind in Notification.Kind.values else ""


@outbox.handler(ROBOT)
def robot(message: OutboxMessage) -> None:
    """Tell a chat group that something waits."""
    with park_scope(message.park_id or 0):
        row = GroupRobot.objects.filter(pk=message.payload["robot"], switched_off_at__isnull=True).first()
    if row is not None:
        with override("zh-hans"):
            text = _("企业创新积分平台：有 1 条新的“%(what)s”，请登录查看 %(link)s") % {
                "what": _kind(str(message.payload["kind"])),
                "link": f"{settings.SITE_ADDRESS}/p/{Park.objects.get(pk=message.park_id or 0).code}/messages/",
            }
        egress.post_json(row.url, robot_body(row.brand, text))


def robot_body(brand: str, text: str) -> dict[str, Any]:
    """The JSON a brand's robot takes."""
    if brand == GroupRobot.Brand.FEISHU:
        return {"msg_type": "text", "content": {"text": text}}
    return {"msgtype": "text", "text": {"content": text}}


def send_digests() -> int:
    """One mail a person and day about what is unread since the day before; safe to run often. Returns how many."""
    now = db_now().astimezone(BEIJING)
    if now.hour < DIGEST_HOUR:
        return 0
    sent = 0
    for park_id in Park.objects.values_list("pk", flat=True):
        with park_scope(park_id):
            sent += sum(_digest(person_ref, now) for person_ref in _daily_readers())
    return sent


def _daily_readers() -> list[int]:
    chosen = NoticePreference.objects.filter(mail=NoticePreference.Mail.DAILY)
    people = list(chosen.values_list("person_ref", flat=True).distinct())
    return list(
        Person.objects.filter(pk__in=people).exclude(email="").order_by("pk").values_list("pk", flat=True)
    )


def _digest(person_ref: int, now: dt.datetime) -> int:
    aggregate = f"digest:{person_ref}:{now:%Y-%m-%d}"
    if OutboxMessage.objects.filter(aggregate=aggregate).exists():
        return 0
    kinds = NoticePreference.objects.filter(person_ref=person_ref, mail=NoticePreference.Mail.DAILY)
    own = memberships.in_force(Membership.objects.filter(account__person_id=person_ref))
    roles = set(own.values_list("organisation_id", "role"))
    unread = (
        Notification.objects.filter(
            organisation_id__in={organisation for organisation, _role in roles},
            kind__in=list(kinds.values_list("kind", flat=True)),
            created_at__gt=now - dt.timedelta(days=1),
        )
        .exclude(pk__in=NotificationRead.objects.filter(person_ref=person_ref).values("notification_id"))
        .values_list("pk", "kind", "person_ref", "role", "organisation_id")
    )
    mine = [
        row for row in unread if row[2] in (None, person_ref) and (not row[3] or (row[4], row[3]) in roles)
    ]
    if not mine:
        return 0
    outbox.publish(
        topic=MAIL,
        aggregate=aggregate,
        payload={
            "person": person_ref,
            "kind": ",".join(sorted({row[1] for row in mine})),
            "count": len(mine),
        },
    )
    return 1

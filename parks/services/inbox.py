"""What people do with their messages and how they want to hear of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Forbidden, NotFound, Refused

from .. import audit, egress
from ..actors import Actor
from ..clock import db_now
from ..models import GroupRobot, NoticePreference, Notification, NotificationRead, Person
from ..queries import inbox

MOST_ROBOTS = 5


def mark_read(*, by: Actor, ids: Iterable[int] | None = None) -> int:
    """Mark messages as read by this person; all of them without `ids`. Returns how many were unread."""
    rows = inbox.unread(by)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    marks = [
        NotificationRead(notification_id=pk, person_ref=by.person_id or 0)
        for pk in rows.values_list("pk", flat=True)
    ]
    NotificationRead.objects.bulk_create(marks, ignore_conflicts=True, batch_size=1000)
    return len(marks)


def choose_mail(*, by: Actor, email: str, choices: Mapping[str, str]) -> None:
    """The person's mail address and, for each kind, whether mail comes never, at once or daily."""
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise Refused(
                code="email_wrong", field="email", message=_("邮箱地址不正确，例如 name@example.com。")
            ) from error
    wanted = {kind: choices.get(kind, "") for kind in Notification.Kind.values}
    unknown = [mail for mail in wanted.values() if mail not in NoticePreference.Mail.values]
    if unknown:
        raise Refused(code="choice_wrong", message=_("请为每类消息选择接收方式。"))
    if not email and any(mail != NoticePreference.Mail.NEVER for mail in wanted.values()):
        raise Refused(code="email_missing", field="email", message=_("要接收邮件，请先填写邮箱地址。"))
    with transaction.atomic():
        Person.objects.filter(pk=by.person_id or 0).update(email=email)
        for kind, mail in wanted.items():
            NoticePreference.objects.update_or_create(
                person_ref=by.person_id or 0, kind=kind, defaults={"mail": mail}
            )
        audit.record(by=by, action="notices.chosen", object_type="person", object_id=str(by.person_id))


def add_robot(*, by: Actor, brand: str, name: str, url: str, kinds: Iterable[str]) -> GroupRobot:
    """Let a robot of the organisation's chat group tell of messages. Raises Refused for an address that may not be called."""
    if by.organisation_id is None:
        raise Forbidden(code="no_organisation", message=_("当前身份没有所属单位。"))
    chosen = [kind for kind in kinds if kind in Notification.Kind.values]
    if brand not in GroupRobot.Brand.values or not name.strip():
        raise Refused(code="robot_incomplete", field="name", message=_("请选择平台并填写群名称。"))
    if not chosen:
        raise Refused(code="kinds_missing", field="kinds", message=_("请至少选择一类消息。"))
    if inbox.robots(by).count() >= MOST_ROBOTS:
        raise Refused(code="too_many_robots", message=_("最多设置 %(n)s 个群机器人。") % {"n": MOST_ROBOTS})
    egress.check_robot(url)
    with transaction.atomic():
        row = GroupRobot.objects.create(
            organisation_id=by.organisation_id, brand=brand, name=name.strip()[:80], url=url.strip()[:500],
            kinds=chosen, created_by=by.person_name,
        )  # fmt: skip
        audit.record(by=by, action="robot.added", obj=row, after={"brand": brand, "host": row.masked_url})
    return row


def remove_robot(*, by: Actor, robot_id: int) -> None:
    """Switch a robot off. Raises NotFound for another organisation's."""
    with transaction.atomic():
        row = inbox.robots(by).filter(pk=robot_id).first()
        if row is None:
            raise NotFound(code="not_found", message=_("没有这个群机器人。"))
        row.switched_off_at = db_now()
        row.save(update_fields=["switched_off_at"])
        audit.record(by=by, action="robot.removed", obj=row)

"""Reading the inbox 消息 of a person."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..actors import Actor
from ..models import GroupRobot, NoticePreference, Notification, NotificationRead


def of(actor: Actor) -> QuerySet[Notification]:
    """Messages for the actor, newest first, each with `is_read`."""
    return (
        _for(actor)
        .annotate(
            is_read=Exists(
                NotificationRead.objects.filter(notification=OuterRef("pk"), person_ref=actor.person_id or 0)
            )
        )
        .order_by("-created_at", "-pk")
    )


def unread_count(actor: Actor) -> int:
    """How many messages the actor has not read."""
    return unread(actor).count()


def unread(actor: Actor) -> QuerySet[Notification]:
    """Messages that the actor has not read."""
    read = NotificationRead.objects.filter(person_ref=actor.person_id or 0)
    return _for(actor).exclude(pk__in=read.values("notification_id"))


def _for(actor: Actor) -> QuerySet[Notification]:
    return Notification.objects.filter(
        Q(person_ref=None) | Q(person_ref=actor.person_id or 0),
        Q(role="") | Q(role=actor.role),
        organisation_id=actor.organisation_id or 0,
    )


def mail_choices(actor: Actor) -> dict[str, str]:
    """How the person hears of each kind by mail: kind -> NoticePreference.Mail."""
    chosen = dict(
        NoticePreference.objects.filter(person_ref=actor.person_id or 0).values_list("kind", "mail")
    )
    return {kind: chosen.get(kind, NoticePreference.Mail.NEVER) for kind in Notification.Kind.values}


def robots(actor: Actor) -> QuerySet[GroupRobot]:
    """Robots of the actor's organisation that are switched on."""
    return GroupRobot.objects.filter(
        organisation_id=actor.organisation_id or 0, switched_off_at__isnull=True
    ).order_by("pk")

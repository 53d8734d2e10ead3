from __future__ import annotations

from urllib.parse import urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..tenancy import ParkForeignKey, ParkModel
from .people import Organisation


class OutboxMessage(ParkModel):
    """A fact that leaves the house (mail, webhook), written in the transaction that made it true."""

    class State(models.TextChoices):
        PENDING = "pending", _("待发送")
        DELIVERED = "delivered", _("已发送")
        DEAD = "dead", _("发送失败")

    topic = models.CharField(max_length=80)
    aggregate = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(auto_now_add=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["park", "aggregate", "seq"], name="outbox_order")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=models.Q(state="pending"), name="outbox_pending"
            )
        ]

    class Tenancy:
        worker_sees_all = True


class Notification(ParkModel):
    """A message on the platform: for an organisation, for one role in it, or for one person of it.

    Whether it was read is kept per person (`NotificationRead`). `dedupe_key` makes a reminder once only.
    """

    class Kind(models.TextChoices):
        TASK = "task", _("待办")
        DEADLINE = "deadline", _("期限提醒")
        RETURN = "return", _("退回补正")
        DECISION = "decision", _("办理结果")
        TALK = "talk", _("沟通")
        NEWS = "news", _("通知")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.NEWS, db_default="news")
    role = models.CharField(max_length=32, blank=True, db_default="")
    person_ref = models.BigIntegerField(null=True)
    text = models.CharField(max_length=300)
    url = models.CharField(max_length=300, blank=True)
    dedupe_key = models.CharField(max_length=120, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["park", "organisation", "-created_at"], name="notification_inbox")]
        constraints = [
            models.UniqueConstraint(
                fields=["park", "dedupe_key"], condition=~models.Q(dedupe_key=""), name="notification_once"
            )
        ]

    class Tenancy:
        grants = "select, insert"


class NotificationRead(ParkModel):
    """A person has read a message."""

    notification = ParkForeignKey(Notification, related_name="reads")
    person_ref = models.BigIntegerField()
    read_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "notification", "person_ref"], name="notification_read_once"
            )
        ]


class NoticePreference(ParkModel):
    """How a person wants to hear of one kind of message outside the platform. No row: not at all."""

    class Mail(models.TextChoices):
        NEVER = "never", _("不发邮件")
        AT_ONCE = "at_once", _("立即")
        DAILY = "daily", _("每日汇总")

    person_ref = models.BigIntegerField()
    kind = models.CharField(max_length=16, choices=Notification.Kind.choices)
    mail = models.CharField(max_length=16, choices=Mail.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["park", "person_ref", "kind"], name="notice_preference_once")
        ]


class GroupRobot(ParkModel):
    """A robot in an organisation's chat group; its address contains its secret."""

    class Brand(models.TextChoices):
        WECOM = "wecom", _("企业微信")
        DINGTALK = "dingtalk", _("钉钉")
        FEISHU = "feishu", _("飞书")

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    brand = models.CharField(max_length=16, choices=Brand.choices)
    name = models.CharField(max_length=80)
    url = models.CharField(max_length=500)
    kinds = models.JSONField(default=list)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    switched_off_at = models.DateTimeField(null=True)

    @property
    def masked_url(self) -> str:
        """The host and the last four characters: enough to recognise it by."""
        return f"{urlsplit(self.url).hostname}/…{self.url[-4:]}"

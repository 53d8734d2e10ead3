"""The last step to the public: confirmed by a person, in force after a countdown, recalled until then."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from parks.tenancy import ParkForeignKey, ParkModel

from ..states import EditionState
from .editions import BoardEdition


class BoardRelease(ParkModel):
    """An edition on its way to notice or to its final state; rows are written by the functions of publication.sql alone.

    `due_at` is when it takes effect, by the database's clock. A recalled one stays as a record of what was stopped; one
    recalled by nobody was overtaken by a newer edition, or held because something had changed (`reason`). Everybody may read what is due, so that whoever looks can settle it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("倒计时中")
        DONE = "done", _("已生效")
        RECALLED = "recalled", _("已撤回")

    edition = ParkForeignKey(BoardEdition, related_name="releases")
    step = models.CharField(
        max_length=16,
        choices=[
            one for one in EditionState.choices if one[0] in (EditionState.ON_NOTICE, EditionState.FINAL)
        ],
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    confirmed_by_ref = models.BigIntegerField()
    confirmed_by_name = models.CharField(max_length=80)
    confirmed_at = models.DateTimeField()
    due_at = models.DateTimeField()
    notice_ends_at = models.DateTimeField(null=True)
    notice_days = ArrayField(models.DateField(), default=list)
    notice_text = models.TextField(blank=True)
    notice_contact = models.CharField(max_length=200, blank=True)
    recalled_by_ref = models.BigIntegerField(null=True)
    recalled_by_name = models.CharField(max_length=80, blank=True)
    recalled_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["park", "edition"], condition=Q(state="waiting"), name="board_release_one_waits"
            ),
            models.CheckConstraint(
                condition=~Q(state="recalled") | Q(recalled_at__isnull=False),
                name="board_release_recalled_at",
            ),
        ]

    class Tenancy:
        grants = "select"
        visible = "state = 'waiting' AND due_at <= statement_timestamp()"

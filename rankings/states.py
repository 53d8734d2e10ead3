"""States of board editions and objections; the transition tables are copied into the database by a migration."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _


class EditionState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    PROPOSED = "proposed", _("已提请")
    ON_NOTICE = "on_notice", _("公示中")
    FINAL = "final", _("正式")
    SUPERSEDED = "superseded", _("已更正")
    WITHDRAWN = "withdrawn", _("已撤回")


class ObjectionState(models.TextChoices):
    FILED = "filed", _("已收到")
    ACCEPTED = "accepted", _("已受理")
    INVESTIGATED = "investigated", _("已核查")
    UPHELD = "upheld", _("成立")
    PARTLY = "partly", _("部分成立")
    REJECTED = "rejected", _("不成立")


class CertificateState(models.TextChoices):
    VALID = "valid", _("有效")
    SUPERSEDED = "superseded", _("已更正")
    WITHDRAWN = "withdrawn", _("已撤回")


EDITION = "edition"
OBJECTION = "objection"
ORDER = "order"
PLAN = "plan"
AWARD = "award"

TRANSITIONS: dict[str, tuple[tuple[str, str], ...]] = {
    EDITION: (
        (EditionState.DRAFT, EditionState.PROPOSED),
        (EditionState.PROPOSED, EditionState.ON_NOTICE),
        (EditionState.PROPOSED, EditionState.WITHDRAWN),
        (EditionState.ON_NOTICE, EditionState.FINAL),
        (EditionState.ON_NOTICE, EditionState.SUPERSEDED),
        (EditionState.ON_NOTICE, EditionState.WITHDRAWN),
        (EditionState.FINAL, EditionState.SUPERSEDED),
        (EditionState.FINAL, EditionState.WITHDRAWN),
    ),
    OBJECTION: (
        (ObjectionState.FILED, ObjectionState.ACCEPTED),
        (ObjectionState.ACCEPTED, ObjectionState.INVESTIGATED),
        (ObjectionState.INVESTIGATED, ObjectionState.UPHELD),
        (ObjectionState.INVESTIGATED, ObjectionState.PARTLY),
        (ObjectionState.INVESTIGATED, ObjectionState.REJECTED),
    ),
    ORDER: (("proposed", "approved"), ("proposed", "cancelled")),
    PLAN: (
        ("proposed", "publicised"),
        ("publicised", "approved"),
        ("proposed", "cancelled"),
        ("publicised", "cancelled"),
    ),
    AWARD: (
        ("proposed", "approved"),
        ("approved", "paid"),
        ("paid", "reclaimed"),
        ("proposed", "cancelled"),
        ("approved", "cancelled"),
    ),
}

UNSEEN = (EditionState.DRAFT, EditionState.PROPOSED)
OPEN_OBJECTIONS = (ObjectionState.FILED, ObjectionState.ACCEPTED, ObjectionState.INVESTIGATED)
BARRING = (ObjectionState.UPHELD, ObjectionState.PARTLY)
DECIDED = (*BARRING, ObjectionState.REJECTED)
NOTICE_WORKING_DAYS = 5
COUNTDOWN = dt.timedelta(minutes=15)  # as rankings_confirm in sql/publication.sql
ACCEPT_WORKING_DAYS = 1
ANSWER_WORKING_DAYS = 10


def may(aggregate: str, before: str, after: str) -> bool:
    """Whether the table allows this change of state."""
    return (before, after) in TRANSITIONS[aggregate]

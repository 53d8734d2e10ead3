"""Putting a proposed board on notice 公示: by another person, for at least five working days."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks.actors import Actor
from parks.clock import db_now

from .. import rules
from ..models import BoardEdition, BoardRelease
from ..states import COUNTDOWN, NOTICE_WORKING_DAYS, EditionState
from . import releases
from .guarded import check_clear, lock
from .window import Notice, notice_from


def window(working_days: int = NOTICE_WORKING_DAYS) -> Notice:
    """The window of a notice that is confirmed now: it begins when the countdown is over."""
    return notice_from(db_now() + COUNTDOWN, working_days)


def put_on_notice(
    *, by: Actor, edition: BoardEdition, contact: str, text: str = "", working_days: int = NOTICE_WORKING_DAYS
) -> BoardRelease:
    """Confirm the list as a notice; it begins when the countdown is over and ends with the last of `working_days`.

    Raises Forbidden for the proposer, Refused below five working days, Conflict when it is not proposed, is confirmed
    already, does not verify, or shows a firm that has refused publication since.
    """
    if working_days < NOTICE_WORKING_DAYS:
        raise Refused(
            code="notice_too_short", field="working_days",
            message=_("公示期不少于 %(days)s 个工作日，请改大。") % {"days": NOTICE_WORKING_DAYS},
        )  # fmt: skip
    with transaction.atomic():
        edition = lock(edition.pk)
        if edition.state != EditionState.PROPOSED:
            raise Conflict(code="not_proposed", message=_("只有已提请的榜单才能公示。请刷新页面查看现状。"))
        if not rules.is_another(by.person_id, edition.proposed_by_ref):
            raise Forbidden(
                code="four_eyes", message=_("提请人不能公示自己提请的榜单，请由另一位发布员办理。")
            )
        releases.refuse_when_waiting(edition)
        check_clear(edition)
        notice = notice_from(db_now() + COUNTDOWN, working_days, text=text, contact=contact)
        return releases.confirm(by=by, edition=edition, step=EditionState.ON_NOTICE, notice=notice)

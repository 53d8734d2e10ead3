"""Putting a proposed board on notice 公示: by another person, for at least five working days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit, workdays
from parks.actors import Actor
from parks.clock import BEIJING, db_today

from .. import rules
from ..caching import published
from ..models import BoardEdition
from ..queries import editions
from ..signals import board_put_on_notice
from ..states import NOTICE_WORKING_DAYS, EditionState
from .publication import call, check_proof, lock


@dataclass(frozen=True, slots=True)
class Window:
    """The working days that count, after the day the notice begins, and the exact end."""

    days: list[dt.date]
    ends_at: dt.datetime


def window(working_days: int = NOTICE_WORKING_DAYS) -> Window:
    """The window of a notice that begins now, by the official calendar (调休) with the park's departures."""
    today = db_today()
    days = [workdays.add_working_days(today, number) for number in range(1, working_days + 1)]
    return Window(days, rules.end_of_day(days[-1], BEIJING))


def put_on_notice(
    *, by: Actor, edition: BoardEdition, contact: str, text: str = "", working_days: int = NOTICE_WORKING_DAYS
) -> BoardEdition:
    """Publish the list as a notice; it begins now and ends with the last of `working_days`.

    Raises Forbidden for the proposer, Refused below five working days, Conflict when it is not proposed, does not
    verify, or shows a firm that has refused publication since.
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
        check_proof(edition)
        span = window(working_days)
        call(
            "SELECT rankings_put_on_notice(%s, %s, %s, %s, %s::date[], %s, %s)",
            [edition.pk, by.person_id, by.person_name, span.ends_at, span.days, text, contact],
        )
        edition = editions.get_edition(edition.pk)
        published(by.park_code)
        board_put_on_notice.send(sender=BoardEdition, edition=edition, by=by)
        audit.record(
            by=by, action="board.put_on_notice", obj=edition,
            after={"ends_at": span.ends_at, "content": edition.content_hash, "contact": contact},
        )  # fmt: skip
    return edition

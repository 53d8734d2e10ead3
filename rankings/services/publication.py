"""Publishing after the notice, and taking back. The tables the public reads are written by the database alone."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring.services import runs

from .. import rules
from ..caching import published as published_for_all
from ..models import BoardEdition, BoardRelease
from ..queries import editions
from ..queries.wording import moment
from ..signals import board_withdrawn
from ..states import EditionState
from . import releases
from .guarded import call, check_clear, lock


def publish(*, by: Actor, edition: BoardEdition) -> BoardRelease:
    """Confirm that an edition becomes final when the countdown is over. The database refuses it before the notice ends,
    while an objection bars it, and to who proposed it or put it on notice.

    Raises Forbidden for those two; Conflict while the notice runs, an objection is open or was upheld, it is confirmed
    already, or the snapshot, run or list no longer verifies.
    """
    with transaction.atomic():
        edition = lock(edition.pk)
        _check_publishable(by, edition)
        check_clear(edition)
        return releases.confirm(by=by, edition=edition, step=EditionState.FINAL)


def _check_publishable(by: Actor, edition: BoardEdition) -> None:
    if edition.state != EditionState.ON_NOTICE:
        raise Conflict(code="not_on_notice", message=_("只有公示中的榜单才能发布。请刷新页面查看现状。"))
    if not rules.is_another(by.person_id, edition.proposed_by_ref, edition.noticed_by_ref):
        raise Forbidden(
            code="four_eyes", message=_("提请人和开始公示的人都不能再发布这份榜单，请由另一位发布员办理。")
        )
    releases.refuse_when_waiting(edition)
    if edition.notice_ends_at is None or db_now() < edition.notice_ends_at:
        raise Conflict(
            code="notice_runs",
            message=_("公示期未满，截止 %(end)s，之后才能发布。") % {"end": _end(edition)},
        )


def _end(edition: BoardEdition) -> str:
    return moment(edition.notice_ends_at) if edition.notice_ends_at else "—"


def withdraw(*, by: Actor, edition: BoardEdition, reason: str) -> None:
    """Take an edition back, with a reason that the public sees when it has seen the list.

    What is only proposed may be withdrawn by its proposer too; what was on notice or final by a publisher.
    """
    with transaction.atomic():
        edition = lock(edition.pk)
        before = edition.state
        releases.refuse_when_waiting(edition)
        if before not in (EditionState.PROPOSED, EditionState.ON_NOTICE, EditionState.FINAL):
            raise Conflict(code="cannot_withdraw", message=_("这份榜单现在不能撤回。请刷新页面查看现状。"))
        if before == EditionState.PROPOSED:
            _withdraw_unseen(by, edition, reason)
        elif by.role != "publisher":
            raise Forbidden(code="role_not_allowed", message=_("已公示的榜单只能由发布员撤回。"))
        else:
            call(
                "SELECT rankings_withdraw(%s, %s, %s, %s)", [edition.pk, by.person_id, by.person_name, reason]
            )
        if before == EditionState.FINAL and not editions.has_final(edition.run_id):
            runs.withdraw_official(by=by, run=edition.run, reason=reason)
        published_for_all(by.park_code)
        board_withdrawn.send(sender=BoardEdition, edition=edition, reason=reason, by=by)
        audit.record(by=by, action="board.withdrawn", obj=edition, before={"state": before}, reason=reason)


def _withdraw_unseen(by: Actor, edition: BoardEdition, reason: str) -> None:
    edition.state = EditionState.WITHDRAWN
    edition.withdrawn_by_ref, edition.withdrawn_by_name, edition.withdrawn_at = (
        by.person_id,
        by.person_name,
        db_now(),
    )
    edition.reason = reason
    edition.save(update_fields=["state", "withdrawn_by_ref", "withdrawn_by_name", "withdrawn_at", "reason"])

"""Publishing after the notice, and taking back. The tables the public reads are written by the database alone."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden
from parks import audit, jobs
from parks.actors import Actor
from parks.clock import db_now
from scoring.services import runs

from .. import rules
from ..caching import published as published_for_all
from ..models import BoardEdition, PublishedBoard
from ..queries import editions
from ..queries.wording import moment
from ..signals import board_published, board_withdrawn
from ..states import EditionState

CERTIFICATES = "rankings.issue_certificates"


def call(sql: str, parameters: list[Any]) -> Any:
    """Run one of the owner's functions; a refusal of the database becomes a Conflict that says so."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchone()[0]
    except DatabaseError as error:
        raise Conflict(
            code="refused_by_database", message=_("数据库拒绝了这一步，什么都没有改变。请刷新页面查看现状。")
        ) from error


def lock(edition_id: int) -> BoardEdition:
    """The edition, locked for the rest of the transaction."""
    BoardEdition.objects.select_for_update().filter(pk=edition_id).first()
    return editions.get_edition(edition_id)


def check_proof(edition: BoardEdition) -> None:
    """Raises Conflict when the edition, its run or its snapshot no longer verifies, or may not be shown."""
    breaks = editions.proof_breaks(edition)
    if breaks:
        raise Conflict(
            code="does_not_verify",
            message=_("数据与摘要不符：%(what)s。已停止，请联系园区审计员。")
            % {"what": "；".join(breaks[:5])},
        )
    refused = editions.refused_names(edition)
    if refused:
        raise Conflict(
            code="publication_refused",
            message=_("%(names)s 已不同意公开。请撤回这份榜单并重新编制。") % {"names": "、".join(refused)},
        )


def publish(*, by: Actor, edition: BoardEdition) -> PublishedBoard:
    """Make an edition final after its notice. The database refuses it earlier, or while an objection bars it.

    Raises Forbidden for the proposer; Conflict while the notice runs, an objection is open or was upheld, or the
    snapshot, run or list no longer verifies.
    """
    with transaction.atomic():
        edition = lock(edition.pk)
        _check_publishable(by, edition)
        check_proof(edition)
        published_id = call("SELECT rankings_publish(%s, %s, %s)", [edition.pk, by.person_id, by.person_name])
        published = PublishedBoard.objects.get(pk=published_id)
        edition = editions.get_edition(edition.pk)
        runs.make_official(by=by, run=edition.run)
        published_for_all(by.park_code)
        board_published.send(sender=BoardEdition, edition=edition, published=published, by=by)
        audit.record(
            by=by, action="board.published", obj=edition,
            after={"content": published.content_hash, "chain": published.chain, "run": published.run_hash},
        )  # fmt: skip
        jobs.request(kind=CERTIFICATES, park_id=by.park_id, dedupe_key=f"certificates:{published.pk}", by=by)
    return published


def _check_publishable(by: Actor, edition: BoardEdition) -> None:
    if edition.state != EditionState.ON_NOTICE:
        raise Conflict(code="not_on_notice", message=_("只有公示中的榜单才能发布。请刷新页面查看现状。"))
    if not rules.is_another(by.person_id, edition.proposed_by_ref):
        raise Forbidden(code="four_eyes", message=_("提请人不能发布自己提请的榜单，请由另一位发布员办理。"))
    if edition.notice_ends_at is None or db_now() < edition.notice_ends_at:
        raise Conflict(
            code="notice_runs",
            message=_("公示期未满，截止 %(end)s，之后才能发布。") % {"end": _end(edition)},
        )
    if count := editions.open_objections(edition):
        raise Conflict(
            code="objection_open", message=_("还有 %(n)s 条异议没有答复，答复后才能发布。") % {"n": count}
        )
    if editions.upheld_objections(edition):
        raise Conflict(
            code="objection_upheld",
            message=_("有异议成立。请做更正快照、重新计算，再用新的运行编制并公示新的一份。"),
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

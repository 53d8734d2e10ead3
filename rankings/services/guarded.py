"""The database's functions that write what the public reads, and the lock of an edition."""

from __future__ import annotations

from typing import Any

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict

from ..models import BoardEdition
from ..queries import editions


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


def check_clear(edition: BoardEdition) -> None:
    """What must hold when a step is confirmed, and again when its countdown is over.

    Raises Conflict while an objection is open or was upheld; when the edition, its run or its snapshot no longer verifies;
    when a firm on it refuses to be shown, or may not be on a board any more.
    """
    if count := editions.open_objections(edition):
        raise Conflict(
            code="objection_open", message=_("还有 %(n)s 条异议没有答复，答复后才能发布。") % {"n": count}
        )
    if editions.upheld_objections(edition):
        raise Conflict(
            code="objection_upheld",
            message=_("有异议成立。请做更正快照、重新计算，再用新的运行编制并公示新的一份。"),
        )
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
    vetoed = editions.vetoed_names(edition)
    if vetoed:
        raise Conflict(
            code="vetoed",
            message=_("%(names)s 现有否决事项，不得上榜。请撤回这份榜单并重新编制。")
            % {"names": "、".join(vetoed)},
        )

"""Proposing a board: a copy of what the current run says, fixed from then on."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Forbidden
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from scoring.queries import anomalies

from .. import rules
from ..models import BoardEdition, BoardEntry
from ..queries import editions
from ..states import UNSEEN, EditionState


def propose(*, by: Actor, year: int, board: str) -> BoardEdition:
    """Copy a board of the year's current run into a new edition. Others put it on notice and publish it.

    Raises Conflict when a proposal waits already, when the same run is on notice or final, when anomalies of the run
    were not looked at, or nobody is eligible.
    """
    if by.person_id is None:
        raise Forbidden(code="four_eyes", message=_("榜单须由一位具名的积分专员提请。"))
    with transaction.atomic():
        run = editions.run_of_year(year)
        if editions.is_closed(year):
            raise Conflict(
                code="year_closed", message=_("%(year)s 年度已结束，不能再编制榜单。") % {"year": year}
            )
        strange = anomalies.open_count(run)
        if strange:
            message = _("还有 %(n)s 条积分异常没有核查。请先在“异常核查”中逐条核查销号，再提请榜单。")
            raise Conflict(code="anomalies_open", message=message % {"n": strange})
        draft = editions.draft_of(run, board)
        _check(
            draft,
            BoardEdition.objects.select_for_update(of=("self",)).filter(cycle_id=run.cycle_id, board=board),
        )
        edition = _store(by.person_id, by.person_name, draft)
        edition.state = EditionState.PROPOSED
        edition.save(update_fields=["state"])
        audit.record(
            by=by, action="board.proposed", obj=edition,
            after={"board": board, "year": year, "run": run.run_hash, "content": edition.content_hash, "size": edition.size},
        )  # fmt: skip
    return edition


def _check(draft: editions.BoardDraft, earlier: Any) -> None:
    if not draft.lines:
        message = draft.shortage or _("没有符合条件的企业，不能编制这个榜单。")
        raise Conflict(code="nobody_eligible", message=message)
    for edition in earlier:
        if edition.state in UNSEEN:
            raise Conflict(
                code="proposal_waits", message=_("这个榜单已有一份待公示的提请。请先公示或撤回它。")
            )
        if edition.run_id == draft.run.pk and edition.state in (EditionState.ON_NOTICE, EditionState.FINAL):
            raise Conflict(
                code="same_run",
                message=_("这个榜单已按同一次积分运行公示或发布。有更正时请先做更正快照并重新计算。"),
            )


def _store(person: int, person_name: str, draft: editions.BoardDraft) -> BoardEdition:
    run = draft.run
    earlier = BoardEdition.objects.filter(cycle_id=run.cycle_id, board=draft.board.code)
    root = rules.root_of(row.line for row in draft.lines)
    final = earlier.filter(state__in=(EditionState.FINAL, EditionState.ON_NOTICE)).order_by("-number").first()
    edition = BoardEdition(
        cycle_id=run.cycle_id,
        board=draft.board.code,
        number=(earlier.aggregate(Max("number"))["number__max"] or 0) + 1,
        run=run,
        scheme_version_id=run.scheme_version_id,
        supersedes=final,
        name_zh=draft.board.zh or draft.board.code,
        name_en=draft.board.en,
        eligible=draft.eligible,
        size=len(draft.lines),
        exclusions=draft.excluded,
        rule=draft.rule,
        members=draft.members,
        run_hash=run.run_hash,
        entries_root=root,
        proposed_by_ref=person,
        proposed_by_name=person_name,
        proposed_at=db_now(),
    )
    edition.content_hash = rules.content_hash(editions.head_of(edition), root)
    edition.save()
    BoardEntry.objects.bulk_create([_entry(edition, row) for row in draft.lines])
    return edition


def _entry(edition: BoardEdition, row: editions.DraftLine) -> BoardEntry:
    line = row.line
    return BoardEntry(
        edition=edition, enterprise_id=row.enterprise_id, position=line.position, place=line.place, tied=line.tied,
        uscc=line.uscc, name=line.name, stage=line.stage, score=line.score, total=row.total, leaf=rules.leaf_of(line),
    )  # fmt: skip

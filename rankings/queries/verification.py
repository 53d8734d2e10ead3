"""Is what the public reads still what was published? Recomputes every hash and names what does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from scoring import engine

from .. import rules
from ..models import (
    BoardEdition,
    BoardEntry,
    PublishedBoard,
    PublishedCurrent,
    PublishedEntry,
    PublishedMethod,
)
from ..states import EditionState
from . import certificates
from .editions import UNREADABLE, line_of, proof_breaks, provenance_breaks


@dataclass(frozen=True, slots=True)
class Break:
    """Something that does not hold: where (year, board, edition) and what."""

    where: str
    what: str


def verify() -> Iterator[Break]:
    """Every break in the publications of the park that was entered; nothing means all of them verify."""
    boards = _boards()
    yield from quick()
    yield from _editions({board.edition_id for board in boards})
    yield from _snapshots()
    yield from _methods(boards)


def quick() -> Iterator[Break]:
    """Breaks in what the public reads, without computing the runs again: chain, lines, hashes, pointers, certificates."""
    boards = _boards()
    yield from _chain(boards)
    for board in boards:
        yield from _told(_where(board), partial(_board, board))
    yield from _pointers()
    for number, what in certificates.breaks():
        yield Break(number, what)


def _told(where: str, checks: Callable[[], Iterable[str]]) -> Iterator[Break]:
    """What the checks of one thing say; what can no longer be read at all is a break too."""
    try:
        for what in checks():
            yield Break(where, what)
    except UNREADABLE as error:
        yield Break(where, _("内容不可读，无法核对：%(why)s") % {"why": error})


def _method(row: PublishedMethod) -> Iterator[str]:
    if engine.load_scheme(row.body).digest != row.digest:
        yield _("公布的评价办法与其摘要不符")


def _boards() -> list[PublishedBoard]:
    rows = PublishedBoard.objects.order_by("seq")
    related = ("edition__park", "edition__cycle", "edition__scheme_version", "edition__run", "park")
    return list(rows.select_related(*related).defer("edition__run__report", "edition__run__statistics"))


def _where(board: PublishedBoard | BoardEdition) -> str:
    year = board.year if isinstance(board, PublishedBoard) else board.cycle.year
    return f"{year} {board.board} #{board.number}"


def _chain(boards: list[PublishedBoard]) -> Iterator[Break]:
    prev, expected = certificates.GENESIS, 1
    for board in boards:
        if board.seq != expected:
            yield Break(_where(board), _("发布链缺少第 %(seq)s 号") % {"seq": expected})
        if board.prev != prev:
            yield Break(_where(board), _("不接在发布链的前一份之后"))
        if board.chain != rules.chained(board.prev, board.content_hash):
            yield Break(_where(board), _("发布链的摘要不符"))
        prev, expected = board.chain, board.seq + 1


def _board(board: PublishedBoard) -> Iterator[str]:
    head: dict[str, Any] = {
        "park": board.park.code, "year": board.year, "board": board.board, "number": board.number,
        "eligible": board.eligible, "size": board.size, "run_hash": board.run_hash,
    }  # fmt: skip
    if board.rule:
        head["rule"] = board.rule
    if rules.content_hash(head, board.entries_root) != board.content_hash:
        yield _("内容摘要与年度、榜单、参评数、运行号或名单不符")
    run_hash = engine.run_hash(
        board.snapshot_root, board.scheme_digest, board.engine_version, board.result_root
    )
    if run_hash != board.run_hash:
        yield _("运行号与快照、方案、引擎和结果的摘要不符")
    entries = list(PublishedEntry.objects.filter(published=board).order_by("position"))
    for entry in entries:
        if rules.leaf_of(line_of(entry)) != entry.leaf:
            yield _("第 %(position)s 行“%(name)s”与其摘要不符") % {
                "position": entry.position,
                "name": entry.name,
            }
    if rules.root_of(line_of(entry) for entry in entries) != board.entries_root:
        yield _("名单与根摘要不符")
    yield from _against_edition(board, entries)


COPIED = sorted(
    {field.name for field in PublishedBoard._meta.fields}
    & {field.name for field in BoardEdition._meta.fields} - {"id", "park", "scheme_version"}
)
"""What the published row repeats of the edition, column by column."""
OF_THE_RUN = ("scheme_digest", "engine_version", "snapshot_root", "result_root", "run_hash")


def _against_edition(board: PublishedBoard, entries: list[PublishedEntry]) -> Iterator[str]:
    edition = board.edition
    for name in COPIED:
        if getattr(board, name) != getattr(edition, name):
            yield _("与编制的榜单不同：%(field)s") % {"field": name}
    for name in OF_THE_RUN:
        if getattr(board, name) != getattr(edition.run, name):
            yield _("与积分运行不同：%(field)s") % {"field": name}
    if board.year != edition.cycle.year or board.scheme_version != edition.scheme_version.version:
        yield _("年度或指标体系版本与编制的榜单不同")
    if (board.closed_at is None) != (board.state in (EditionState.ON_NOTICE, EditionState.FINAL)):
        yield _("失效时间与状态不符")
    kept = BoardEntry.objects.filter(edition=edition).order_by("position")
    if [(line_of(row), row.leaf) for row in kept] != [(line_of(row), row.leaf) for row in entries]:
        yield _("名单与编制的榜单不同")


def _editions(shown: set[int]) -> Iterator[Break]:
    """Editions that were on notice must be public still, and follow from their runs."""
    rows = BoardEdition.objects.filter(noticed_by_ref__isnull=False)
    for edition in rows.select_related("cycle", "park", "run__snapshot", "run__scheme_version"):
        if edition.pk not in shown:
            yield Break(_where(edition), _("公示过，但公开表里没有"))
        yield from _told(_where(edition), partial(proof_breaks, edition))


def _snapshots() -> Iterator[Break]:
    """Where the figures of public editions come from: all firms of their snapshots."""
    editions = BoardEdition.objects.filter(noticed_by_ref__isnull=False).select_related("run__snapshot")
    for snapshot in {edition.run.snapshot_id: edition.run.snapshot for edition in editions}.values():
        for what in provenance_breaks(snapshot):
            yield Break(str(snapshot.root[:12]), what)


def _pointers() -> Iterator[Break]:
    for pointer in PublishedCurrent.objects.select_related("published"):
        board = pointer.published
        if (pointer.year, pointer.board) != (board.year, board.board) or board.state not in (
            EditionState.FINAL,
            EditionState.WITHDRAWN,
        ):
            yield Break(_where(board), _("现行指针指向不是正式榜单的一版"))


def _methods(boards: list[PublishedBoard]) -> Iterator[Break]:
    methods = {row.digest: row for row in PublishedMethod.objects.all()}
    for row in methods.values():
        yield from _told(row.version, partial(_method, row))
    for board in boards:
        method, scheme = methods.get(board.scheme_digest), board.edition.scheme_version
        if method is None:
            yield Break(_where(board), _("没有公布所用的评价办法"))
        elif (method.code, method.version, method.title) != (scheme.code, scheme.version, scheme.title):
            yield Break(_where(board), _("公布的评价办法的名称或版本与指标体系不同"))

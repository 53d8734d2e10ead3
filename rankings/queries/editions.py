"""What the office sees: proposals computed from the current run, editions, their proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from enterprises.queries import cycles, enterprises, verified
from innovscore.core.problems import Conflict, NotFound, Problem
from parks.models import SubPark
from scoring import engine
from scoring.queries import cycles as scored
from scoring.queries import facts as frozen
from scoring.queries import standing
from scoring.queries.schemes import scheme_of
from scoring.queries.standing import BoardRow

from .. import rules
from ..models import BoardEdition, BoardEntry, Objection
from ..order import Ranked, cut, rank
from ..rules import Line
from ..states import BARRING, OPEN_OBJECTIONS, EditionState, ObjectionState
from . import further

READ_AHEAD = 200  # rows read beyond the board, for those who share the last place or may not be shown
NEXT_SHOWN = 5
UNREADABLE = (engine.EngineError, Problem, ValueError, LookupError, TypeError, ArithmeticError)
"""What reading rows raises that are no longer what was written."""
REFUSED = "publication_refused"
VETOED = "vetoed"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A line of a draft with the enterprise it stands for."""

    enterprise_id: int
    line: Line
    total: Any


@dataclass(frozen=True, slots=True)
class NextOut:
    """One who is just not on the board, and why."""

    name: str
    place: int
    score: Any
    reason: str


@dataclass(frozen=True, slots=True)
class BoardDraft:
    """A board as the current run gives it. `excluded` are placed enterprises that may not be shown.

    `rule` and `members` are filled for boards of the park's own; `shortage` says why there is no list.
    """

    run: Any
    scheme: engine.Scheme
    board: Any
    eligible: int
    lines: list[DraftLine]
    excluded: list[dict[str, Any]]
    next_out: list[NextOut]
    rule: dict[str, Any] = field(default_factory=dict)
    members: list[int] = field(default_factory=list)
    shortage: str = ""


def draft_of(
    run: Any,
    code: str,
    *,
    excluded_ids: Iterable[int] | None = None,
    rule: dict[str, Any] | None = None,
    members: Sequence[int] | None = None,
) -> BoardDraft:
    """The board of a run by the scheme's rule of the cut, or by the park's own definition; NotFound for an unknown board.

    Enterprises that refuse publication or have a veto today are left out; `excluded_ids`, `rule` and `members` repeat
    an earlier decision instead.
    """
    scheme = scheme_of(run.scheme_version)
    board: Any = next((item for item in scheme.boards if item.code == code), None)
    if board is None or code not in run.boards:
        board = further.board_of(code)
    if board is None:
        raise NotFound(code="no_such_board", message=_("指标体系里没有这个榜单。"))
    part = _field(run, scheme, board, rule, members)
    rows = part.rows[: part.size + READ_AHEAD]
    barred = _barred(scheme, rows) if excluded_ids is None else dict.fromkeys(excluded_ids, "")
    ranked = rank(
        [row for row in rows if row.enterprise_id not in barred],
        key=lambda row: row.score,
        identity=lambda row: f"{row.position:09d}",
    )
    shown = cut(ranked, part.size) if scheme.board_rules.cut == "include_all" else ranked[: part.size]
    shown = [] if part.shortage else shown
    last = shown[-1].item.position if shown else 0
    own = isinstance(board, further.FurtherBoard)
    return BoardDraft(
        run=run,
        scheme=scheme,
        board=board,
        eligible=len(part.rows) if own else int(run.statistics.get("boards", {}).get(code, len(rows))),
        lines=[_line(number, one) for number, one in enumerate(shown, start=1)],
        excluded=[
            {
                "enterprise": row.enterprise_id,
                "uscc": row.uscc,
                "name": row.name,
                "reason": barred[row.enterprise_id],
            }
            for row in rows
            if row.enterprise_id in barred and (len(shown) < part.size or row.position <= last + 1)
        ],
        next_out=[_next_out(one, shown) for one in ranked[len(shown) : len(shown) + NEXT_SHOWN]]
        if shown
        else [],
        rule=part.rule,
        members=part.members,
        shortage=part.shortage,
    )


def _barred(scheme: engine.Scheme, rows: Sequence[BoardRow]) -> dict[int, str]:
    """Enterprises that may not be shown today, each with the reason."""
    refused = {row.enterprise_id for row in rows if row.publication_refused}
    return dict.fromkeys(_vetoed(scheme, [row.enterprise_id for row in rows]), VETOED) | dict.fromkeys(
        refused, REFUSED
    )


def _vetoed(scheme: engine.Scheme, enterprise_ids: Iterable[int]) -> set[int]:
    return verified.penalised(enterprise_ids, [one.code for one in scheme.penalties if one.veto])


def _field(
    run: Any, scheme: engine.Scheme, board: Any, rule: dict[str, Any] | None, members: Sequence[int] | None
) -> further.Field:
    if isinstance(board, further.FurtherBoard):
        return further.field_of(run, rule or board.rule, members=members)
    size = scheme.board_rules.size
    rows = standing.board_rows(run, board.code, limit=size + READ_AHEAD)
    return further.Field(rows, size, {}, [])


def _line(position: int, one: Ranked[BoardRow]) -> DraftLine:
    row = one.item
    line = Line(
        position=position,
        place=one.place,
        tied=one.tied,
        uscc=row.uscc,
        name=row.name,
        stage=row.stage,
        score=row.score,
    )
    return DraftLine(row.enterprise_id, line, row.total)


def _next_out(one: Ranked[BoardRow], shown: Sequence[Ranked[BoardRow]]) -> NextOut:
    last = shown[-1].item
    if one.item.score == last.score:
        reason = _("与末位同分，按指标体系的同分规则排在其后")
    else:
        reason = _("比末位低 %(gap)s") % {"gap": f"{last.score - one.item.score:.4f}"}
    return NextOut(one.item.name, one.place, one.item.score, reason)


def current_run(year: int) -> Any:
    """The run that counts for a year, or None."""
    return standing.current_run_of_year(year)


def run_of_year(year: int) -> Any:
    """The run that counts for a year; Conflict while there is none."""
    run = current_run(year)
    if run is None:
        raise Conflict(
            code="no_run", message=_("%(year)s 年度还没有积分结果。请先冻结数据并计算积分。") % {"year": year}
        )
    return run


def get_edition(edition_id: int) -> BoardEdition:
    """One edition of the park entered; NotFound when absent or foreign."""
    edition = (
        BoardEdition.objects.select_related("cycle", "run__snapshot", "run__scheme_version", "park")
        .defer("run__report")
        .filter(pk=edition_id)
        .first()
    )
    if edition is None:
        raise NotFound(code="no_such_edition", message=_("没有这份榜单。"))
    return edition


def editions_of(year: int) -> QuerySet[BoardEdition]:
    """Editions of a year, newest first, with the count of objections that still bar publication."""
    return (
        BoardEdition.objects.filter(cycle__year=year)
        .select_related("cycle", "run")
        .annotate(barring=Count("objections", filter=~Q(objections__state=ObjectionState.REJECTED)))
        .order_by("board", "-number")
    )


def has_final(run_id: int) -> bool:
    """Whether a board of a run is final."""
    return BoardEdition.objects.filter(run_id=run_id, state=EditionState.FINAL).exists()


def lines_of(edition: BoardEdition) -> list[Line]:
    return [line_of(entry) for entry in BoardEntry.objects.filter(edition=edition).order_by("position")]


def line_of(entry: Any) -> Line:
    """The line that a stored or published entry shows."""
    return Line(entry.position, entry.place, entry.tied, entry.uscc, entry.name, entry.stage, entry.score)


def head_of(edition: BoardEdition) -> dict[str, Any]:
    """What the content hash covers beside the entries."""
    return {
        "park": edition.park.code,
        "year": edition.cycle.year,
        "board": edition.board,
        "number": edition.number,
        "eligible": edition.eligible,
        "size": edition.size,
        "run_hash": edition.run_hash,
    } | ({"rule": edition.rule} if edition.rule else {})


def proof_breaks(edition: BoardEdition) -> list[str]:
    """What of an edition does not verify: entries, hashes, the run's results, the snapshot. Empty = it holds."""
    try:
        return [*_entry_breaks(edition), *_run_breaks(edition)]
    except UNREADABLE as error:
        return [_("内容不可读，无法核对：%(why)s") % {"why": error}]


def _entry_breaks(edition: BoardEdition) -> list[str]:
    entries = list(BoardEntry.objects.filter(edition=edition).order_by("position"))
    found = [
        _("第 %(position)s 行“%(name)s”与其摘要不符") % {"position": entry.position, "name": entry.name}
        for entry in entries
        if rules.leaf_of(line_of(entry)) != entry.leaf
    ]
    root = rules.root_of(line_of(entry) for entry in entries)
    if root != edition.entries_root:
        found.append(_("榜单各行的根摘要不符"))
    if rules.content_hash(head_of(edition), edition.entries_root) != edition.content_hash:
        found.append(_("榜单的内容摘要不符"))
    return found


def _run_breaks(edition: BoardEdition) -> list[str]:
    run, found = edition.run, []
    if run.run_hash != edition.run_hash:
        found.append(_("运行号与编制时不同"))
    if (
        engine.run_hash(run.snapshot_root, run.scheme_digest, run.engine_version, run.result_root)
        != run.run_hash
    ):
        found.append(_("运行号与快照、方案、引擎和结果的摘要不符"))
    scheme = scheme_of(run.scheme_version)
    if scheme.digest != run.scheme_digest:
        found.append(_("指标体系的内容与其摘要不符"))
    codes = [[item.code for item in items] for items in (scheme.indicators, scheme.dimensions, scheme.boards)]
    if [run.indicators, run.dimensions, run.boards] != codes:
        found.append(_("运行的指标、维度或榜单代号与指标体系不符"))
    if frozen.read(run.snapshot, scheme).root != run.snapshot_root or run.snapshot.root != run.snapshot_root:
        found.append(_("快照内容与冻结时的摘要不符"))
    listed = list(BoardEntry.objects.filter(edition=edition).values_list("uscc", flat=True))
    found += provenance_breaks(run.snapshot, listed)
    again = draft_of(
        run,
        edition.board,
        excluded_ids=[item["enterprise"] for item in edition.exclusions],
        rule=edition.rule or None,
        members=edition.members or None,
    )
    stored = {entry.enterprise_id: entry for entry in BoardEntry.objects.filter(edition=edition)}
    for row in again.lines:
        kept = stored.pop(row.enterprise_id, None)
        if kept is None or (kept.total, _figures(line_of(kept))) != (row.total, _figures(row.line)):
            found.append(_("“%(name)s”与积分结果不一致") % {"name": row.line.name})
    found += [_("“%(name)s”不在积分结果的榜单里") % {"name": entry.name} for entry in stored.values()]
    return found


def provenance_breaks(snapshot: Any, usccs: list[str] | None = None) -> list[str]:
    """What of the provenance of these firms' figures, or of all of a snapshot, is not what was frozen."""
    untrue = frozen.untrue_rows(snapshot, usccs)
    what = _("快照中 %(usccs)s 的来源、核定人、佐证记录或清单与冻结时不同")
    return [what % {"usccs": "、".join(untrue)}] if untrue else []


def _figures(line: Line) -> tuple[Any, ...]:
    """All but the name, which a firm may change after the freeze."""
    return line.position, line.place, line.tied, line.uscc, line.stage, line.score


def refused_names(edition: BoardEdition) -> list[str]:
    """Enterprises on the edition that have refused publication since it was proposed."""
    rows = BoardEntry.objects.filter(edition=edition, enterprise__publication_refused=True)
    return list(rows.order_by("position").values_list("name", flat=True))


def vetoed_names(edition: BoardEdition) -> list[str]:
    """Enterprises on the edition that a veto has struck since it was proposed."""
    entries = BoardEntry.objects.filter(edition=edition).order_by("position")
    named = dict(entries.values_list("enterprise_id", "name"))
    struck = _vetoed(scheme_of(edition.run.scheme_version), named)
    return [name for number, name in named.items() if number in struck]


def objection_firms(organisation_id: int | None, listed: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Firms that an enterprise may name in an objection: itself first, then those open to anybody's."""
    own = enterprises.members().filter(organisation_id=organisation_id or 0).first()
    mine = [(own.uscc, _("本企业（%(name)s）") % {"name": own.name})] if own else []
    return mine + [(uscc, name) for uscc, name in listed if not own or uscc != own.uscc]


def is_closed(year: int) -> bool:
    """Whether the cycle of a year was closed."""
    try:
        return bool(cycles.of_year(year).state == "closed")
    except NotFound:
        return False


def sub_parks() -> list[tuple[str, str]]:
    return list(SubPark.objects.order_by("code").values_list("code", "name"))


def own_standing_year(organisation_id: int | None, year: int) -> bool:
    """Whether the firm of an organisation has a score page of the year."""
    return any(one.cycle_year == year for one in standing.standings_of_organisation(organisation_id))


def open_objections(edition: BoardEdition) -> int:
    return Objection.objects.filter(edition=edition, state__in=OPEN_OBJECTIONS).count()


def all_open_objections() -> int:
    """Objections of the park entered that wait for an answer."""
    return Objection.objects.filter(state__in=OPEN_OBJECTIONS).count()


def upheld_objections(edition: BoardEdition) -> int:
    return Objection.objects.filter(edition=edition, state__in=BARRING).count()


def own_enterprise_id(organisation_id: int | None, uscc: str) -> int | None:
    """The enterprise of an organisation in the park entered, when it has this code."""
    found = enterprises.members().filter(organisation_id=organisation_id or 0, uscc=uscc).first()
    return found.pk if found else None


def objections() -> QuerySet[Objection]:
    """All objections of the park entered, open ones first."""
    rows = Objection.objects.select_related("edition__cycle", "about")
    return rows.annotate(is_open=Q(state__in=OPEN_OBJECTIONS)).order_by("-is_open", "-filed_at", "-pk")


def get_objection(objection_id: int) -> Objection:
    rows = Objection.objects.select_related("edition__cycle__scheme_version", "about")
    row = rows.filter(pk=objection_id).first()
    if row is None:
        raise NotFound(code="no_such_objection", message=_("没有这条异议。"))
    return row


def own_objections(organisation_id: int | None) -> QuerySet[Objection]:
    """Objections that an organisation filed itself."""
    return (
        Objection.objects.filter(objector_organisation_id=organisation_id)
        .select_related("edition__cycle")
        .order_by("-pk")
    )


def years() -> list[int]:
    """Years of the park entered that have a current run or an edition, newest first."""
    edited = set(BoardEdition.objects.values_list("cycle__year", flat=True))
    return sorted(edited | set(standing_years()), reverse=True)


def standing_years() -> list[int]:
    return [line.cycle.year for line in scored.overview() if line.run is not None]

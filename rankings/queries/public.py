"""What everybody may read: published boards, notices and methods. No park is entered; only published tables answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from indicators.differences import Difference, differences
from indicators.queries.schemes import FUNCTION_LABELS
from innovscore.core.problems import NotFound
from parks.clock import BEIJING, db_now
from parks.models import Park
from scoring import engine
from scoring.queries import charts
from scoring.queries.schemes import formula_of, levels_of, name_of, names_of, scheme_of, unit_of

from ..models import PublishedBoard, PublishedCertificate, PublishedCurrent, PublishedEntry, PublishedMethod
from ..rules import Line
from ..states import CertificateState, EditionState
from . import further
from .editions import BoardDraft, line_of
from .wording import day_of, moment, short_day

FULL_SCORE = Decimal(100)
LIVE = (EditionState.ON_NOTICE, EditionState.FINAL)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its stage in words."""

    line: Line
    stage: str

    @property
    def score(self) -> Decimal:
        return self.line.score


@dataclass(frozen=True, slots=True)
class Measure:
    """What a board measures: an indicator and its weight in per cent."""

    code: str
    name: str
    weight: Decimal


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A board as the public page shows it; a draft has no `published`."""

    name: str
    year: int
    code: str
    state: str
    lines: list[ShownLine]
    eligible: int
    measures: list[Measure]
    eligibility: list[str]
    scheme_version: str
    run_hash: str
    tied: bool
    published: PublishedBoard | None = None
    notice_end: str = ""
    days_left: int = 0
    is_open: bool = False
    others: tuple[PublishedBoard, ...] = ()
    newer: PublishedBoard | None = None
    rule: str = ""
    shortfall: str = ""


@dataclass(frozen=True, slots=True)
class NoticePage:
    """A notice with its exact window and the list it is about."""

    published: PublishedBoard
    name: str
    starts: str
    ends: str
    days: list[str]
    days_left: int
    is_open: bool
    lines: list[ShownLine]
    shortfall: str = ""


def zone(code: str) -> Park:
    """The zone of a code; NotFound when there is none."""
    park = Park.objects.filter(code=code).first()
    if park is None:
        raise NotFound(code="no_such_zone", message=_("没有这个园区。"))
    return park


def title_of(published: PublishedBoard) -> str:
    """The board's name in the reader's language."""
    english = (get_language() or "").startswith("en")
    return published.name_en if english and published.name_en else published.name_zh


def boards(park: Park) -> QuerySet[PublishedBoard]:
    return PublishedBoard.everywhere.filter(park=park).select_related("park")


def named(rows: QuerySet[PublishedBoard], text: str) -> QuerySet[PublishedBoard]:
    """Those of them whose Chinese or English name has the text."""
    return rows.filter(Q(name_zh__icontains=text) | Q(name_en__icontains=text))


def years(park: Park) -> list[tuple[int, list[PublishedBoard]]]:
    """Years with the edition that each board shows, newest year first; withdrawn ones only when nothing else is there."""
    shown: dict[tuple[int, str], PublishedBoard] = {}
    for row in boards(park).order_by("number"):
        key = (row.year, row.board)
        if key not in shown or row.state in LIVE or shown[key].state not in LIVE:
            shown[key] = row
    current = {(row.year, row.board): row.published for row in _current(park)}
    shown |= {key: row for key, row in current.items() if row.state == EditionState.FINAL}
    found: dict[int, list[PublishedBoard]] = {}
    for (year, _board), row in sorted(shown.items(), key=lambda pair: (-pair[0][0], pair[1].pk)):
        found.setdefault(year, []).append(row)
    return list(found.items())


def _current(park: Park) -> QuerySet[PublishedCurrent]:
    return PublishedCurrent.everywhere.filter(park=park).select_related("published__park")


def shown(park: Park, year: int, board: str) -> PublishedBoard:
    """The edition in force, else the one on notice, else the newest; NotFound when nothing was ever published."""
    pointer = _current(park).filter(year=year, board=board).first()
    rows = boards(park).filter(year=year, board=board)
    if pointer is not None and pointer.published.state == EditionState.FINAL:
        return pointer.published
    found = rows.filter(state=EditionState.ON_NOTICE).first() or rows.order_by("-number").first()
    if found is None:
        raise NotFound(code="no_such_board", message=_("这个榜单还没有公示或发布。"))
    return found


def edition(park: Park, year: int, board: str, number: int) -> PublishedBoard:
    """A certain edition, also an old one."""
    row = boards(park).filter(year=year, board=board, number=number).first()
    if row is None:
        raise NotFound(code="no_such_edition", message=_("没有这一版榜单。"))
    return row


def method(park: Park, version: str) -> PublishedMethod:
    """The newest published method of a version; NotFound when none was published."""
    row = PublishedMethod.everywhere.filter(park=park, version=version).order_by("-pk").first()
    if row is None:
        raise NotFound(code="no_such_method", message=_("这个版本的评价办法还没有公布。"))
    return row


def newest_method(park: Park) -> PublishedMethod | None:
    """The method that was published last."""
    return PublishedMethod.everywhere.filter(park=park).order_by("-pk").first()


def method_before(row: PublishedMethod) -> PublishedMethod | None:
    """The version of the same scheme that was published before this one."""
    earlier = PublishedMethod.everywhere.filter(park=row.park_id, code=row.code, pk__lt=row.pk)
    return earlier.order_by("-pk").first()


def method_of(published: PublishedBoard) -> PublishedMethod:
    return PublishedMethod.everywhere.get(park=published.park_id, digest=published.scheme_digest)


def lines_of(published: PublishedBoard, scheme: engine.Scheme | None = None) -> list[ShownLine]:
    """Lines in their order."""
    scheme = scheme or scheme_of(method_of(published))
    rows = PublishedEntry.everywhere.filter(park=published.park_id, published=published).order_by("position")
    return _shown_lines([line_of(row) for row in rows], scheme)


def _shown_lines(lines: list[Line], scheme: engine.Scheme) -> list[ShownLine]:
    stages = names_of(scheme.groups)
    return [ShownLine(line, stages.get(line.stage, line.stage)) for line in lines]


def _measures(scheme: engine.Scheme, code: str) -> list[Measure]:
    """What a board of the scheme measures, heaviest first; nothing for boards by the total."""
    board = next((item for item in scheme.boards if item.code == code), None)
    if board is None:
        return []
    names = names_of(scheme.indicators)
    whole = sum(board.weights.values(), Decimal(0)) or Decimal(1)
    found = [
        Measure(item, names.get(item, item), Decimal(weight) * 100 / whole)
        for item, weight in board.weights.items()
    ]
    return sorted(found, key=lambda one: -one.weight)


def _eligibility(scheme: engine.Scheme) -> list[str]:
    english = (get_language() or "").startswith("en")
    return [(check.en if english else check.zh) or check.zh for check in scheme.board_rules.eligibility]


def board_page(published: PublishedBoard) -> BoardPage:
    """Everything of the page of a published edition."""
    scheme = scheme_of(method_of(published))
    lines = lines_of(published, scheme)
    others = boards_like(published)
    return BoardPage(
        name=title_of(published),
        year=published.year,
        code=published.board,
        state=published.state,
        lines=lines,
        eligible=published.eligible,
        measures=_measures(scheme, base_of(published.board, published.rule)),
        rule=further.words(published.rule, scheme) if published.rule else "",
        shortfall=_shortfall(scheme, published.rule, published.eligible, len(lines)),
        eligibility=_eligibility(scheme),
        scheme_version=published.scheme_version,
        run_hash=published.run_hash,
        tied=any(one.line.tied for one in lines),
        published=published,
        notice_end=moment(published.notice_ends_at),
        days_left=days_left(published),
        is_open=is_open(published),
        others=tuple(others),
        newer=next((row for row in others if row.number > published.number and row.state in LIVE), None),
    )


def _shortfall(scheme: engine.Scheme, rule: dict[str, Any], eligible: int, listed: int) -> str:
    """Why a board lists fewer than its rule says; empty when it does not."""
    size = further.size_of(rule, eligible) if rule else scheme.board_rules.size
    if not 0 < listed < size:
        return ""
    counts = {"size": size, "eligible": eligible, "listed": listed}
    if listed < eligible:
        return (
            _(
                "本榜单应取前 %(size)s 名。参评的 %(eligible)s 家中，有否决事项或不同意公开的不列入，实际列入 %(listed)s 家。"
            )
            % counts
        )
    return _("本榜单应取前 %(size)s 名。符合参评条件的企业只有 %(eligible)s 家，全部列入。") % counts


def base_of(code: str, rule: Any) -> str:
    """The scheme's board that a board is counted by; empty for a further board by the total."""
    return str(rule.get("base", "")) if rule else code


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a published board."""

    published: PublishedBoard
    line: Line
    stage: str
    board: str

    @property
    def words(self) -> str:
        """第 3 名 or 第 4 名（并列）."""
        words = _("第 %(n)s 名（并列）") if self.line.tied else _("第 %(n)s 名")
        return words % {"n": self.line.place}


def place(park: Park, year: int, board: str, position: int) -> Place:
    """A line of the board that is shown; NotFound when there is none."""
    published = shown(park, year, board)
    found = next((one for one in lines_of(published) if one.line.position == position), None)
    if found is None:
        raise NotFound(code="no_such_place", message=_("这份榜单没有这一名次。"))
    return Place(published, found.line, found.stage, title_of(published))


def state_words(published: PublishedBoard) -> str:
    """How it stands, in a line: 公示中，至 …; 正式，… 发布."""
    if published.state == EditionState.ON_NOTICE:
        return _("公示中，截止 %(end)s") % {"end": moment(published.notice_ends_at)}
    if published.state == EditionState.FINAL and published.published_at:
        return _("正式榜单，%(day)s 发布") % {"day": day_of(published.published_at)}
    return str(published.get_state_display())


def boards_like(published: PublishedBoard) -> list[PublishedBoard]:
    """The other editions of the same board and year, newest first."""
    rows = PublishedBoard.everywhere.filter(
        park=published.park_id, year=published.year, board=published.board
    )
    return list(rows.exclude(pk=published.pk).order_by("-number"))


def draft_page(draft: BoardDraft, year: int) -> BoardPage:
    """The same page for a draft, for the preview of the office."""
    lines = _shown_lines([row.line for row in draft.lines], draft.scheme)
    return BoardPage(
        name=name_of(draft.board),
        year=year,
        code=draft.board.code,
        state=EditionState.DRAFT,
        lines=lines,
        eligible=draft.eligible,
        measures=_measures(draft.scheme, base_of(draft.board.code, draft.rule)),
        rule=further.words(draft.rule, draft.scheme) if draft.rule else "",
        shortfall=_shortfall(draft.scheme, draft.rule, draft.eligible, len(lines)),
        eligibility=_eligibility(draft.scheme),
        scheme_version=str(draft.run.scheme_version.version),
        run_hash=draft.run.run_hash,
        tied=any(one.line.tied for one in lines),
    )


def is_open(published: PublishedBoard) -> bool:
    """Objections are taken until the exact end, by the database's clock."""
    return published.state == EditionState.ON_NOTICE and db_now() < published.notice_ends_at


def days_left(published: PublishedBoard) -> int:
    """Working days of the window that are not over, today included."""
    if not is_open(published):
        return 0
    today = db_now().astimezone(BEIJING).date()
    return sum(day >= today for day in published.notice_days)


def notices(park: Park) -> list[NoticePage]:
    """All notices of a zone, newest first, without their lists."""
    return [_notice(row, []) for row in boards(park).order_by("-seq")]


def notice(park: Park, notice_id: int) -> NoticePage:
    """One notice with its list; NotFound when absent or of another zone."""
    row = boards(park).filter(pk=notice_id).first()
    if row is None:
        raise NotFound(code="no_such_notice", message=_("没有这份公示。"))
    scheme = scheme_of(method_of(row))
    lines = lines_of(row, scheme)
    return _notice(row, lines, _shortfall(scheme, row.rule, row.eligible, len(lines)))


def open_to_objection(page: NoticePage) -> list[tuple[str, str]]:
    """Firms that an objection may name: all listed ones, or those whose places changed when an edition corrects another."""
    from .history import changes_of

    changes = changes_of(page.published)
    if changes is None:
        return [(one.line.uscc, one.line.name) for one in page.lines]
    return [(row.uscc, row.name) for row in changes.rows]


def own_notice(notice_id: int) -> PublishedBoard:
    """A notice of the park entered."""
    row = PublishedBoard.objects.filter(pk=notice_id).first()
    if row is None:
        raise NotFound(code="no_such_notice", message=_("没有这份公示。"))
    return row


def _notice(row: PublishedBoard, lines: list[ShownLine], shortfall: str = "") -> NoticePage:
    return NoticePage(
        published=row,
        name=title_of(row),
        starts=moment(row.notice_starts_at),
        ends=moment(row.notice_ends_at),
        days=[short_day(day) for day in row.notice_days],
        days_left=days_left(row),
        is_open=is_open(row),
        lines=lines,
        shortfall=shortfall,
    )


@dataclass(frozen=True, slots=True)
class MethodIndicator:
    """One indicator as the method page tells it: weights and curves by stage."""

    code: str
    name: str
    unit: str
    definition: str
    formula: str
    function_name: str
    weights: list[tuple[str, Decimal]]
    curves: list[tuple[str, charts.Curve]]
    levels: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class MethodPage:
    """A published scheme in words."""

    method: PublishedMethod
    stages: list[str]
    groups: list[tuple[str, list[MethodIndicator]]]
    boards: list[tuple[str, list[Measure]]]
    eligibility: list[str]
    completeness: Decimal
    size: int
    cut: str
    tie_break: list[str]
    vetoes: list[str]
    deductions: list[tuple[str, Decimal]]
    before: PublishedMethod | None
    changes: list[Difference]

    @property
    def curve_heads(self) -> list[str]:
        return [_("原始值"), _("得分率")]


def method_page(row: PublishedMethod) -> MethodPage:
    """The method of a version in the reader's language."""
    scheme = scheme_of(row)
    penalties = [(name_of(item), item.points, item.veto) for item in scheme.penalties]
    before = method_before(row)
    return MethodPage(
        method=row,
        stages=[name_of(group) for group in scheme.groups],
        groups=[
            (
                name_of(dimension),
                [_indicator(scheme, item) for item in scheme.indicators if item.dimension == dimension.code],
            )
            for dimension in scheme.dimensions
        ],
        boards=[(name_of(board), _measures(scheme, board.code)) for board in scheme.boards],
        eligibility=_eligibility(scheme),
        completeness=scheme.board_rules.completeness,
        size=scheme.board_rules.size,
        cut=scheme.board_rules.cut,
        tie_break=[str(_tie_words().get(code, code)) for code in scheme.board_rules.tie_break],
        vetoes=[name for name, _points, veto in penalties if veto],
        deductions=[(name, points) for name, points, veto in penalties if not veto],
        before=before,
        changes=differences(before.body, row.body) if before else [],
    )


def _tie_words() -> dict[str, str]:
    return {
        "total": _("总积分高者在前"),
        "heaviest": _("权重最大的指标原始值高者在前"),
        "confirmed_at": _("确认申报较早者在前"),
        "id": _("统一社会信用代码的顺序"),
    }


def _indicator(scheme: engine.Scheme, item: engine.scheme.Indicator) -> MethodIndicator:
    drawn = [
        (name_of(group), charts.curve_of(item, group.code, alternative=False)) for group in scheme.groups
    ]
    return MethodIndicator(
        code=item.code,
        name=name_of(item),
        unit=unit_of(item.unit),
        definition=name_of(item.definition),
        formula=formula_of(scheme, item),
        function_name=str(FUNCTION_LABELS.get(item.function, item.function)),
        weights=[(name_of(group), item.weight(group.code)) for group in scheme.groups],
        curves=[(name, curve) for name, curve in drawn if curve is not None],
        levels=levels_of(scheme, item),
    )


def as_json(published: PublishedBoard) -> dict[str, Any]:
    """A published edition for programs; scores as text, so that no digit is lost."""
    return {
        "zone": published.park.code,
        "year": published.year,
        "board": published.board,
        "name": {"zh": published.name_zh, "en": published.name_en},
        "edition": published.number,
        "state": published.state,
        "eligible": published.eligible,
        "rule": published.rule,
        "scheme_version": published.scheme_version,
        "scheme_digest": published.scheme_digest,
        "engine_version": published.engine_version,
        "snapshot_root": published.snapshot_root,
        "result_root": published.result_root,
        "run_hash": published.run_hash,
        "entries_root": published.entries_root,
        "content_hash": published.content_hash,
        "seq": published.seq,
        "prev": published.prev,
        "chain": published.chain,
        "notice": {"starts_at": published.notice_starts_at.isoformat(), "ends_at": published.notice_ends_at.isoformat()},
        "published_at": published.published_at.isoformat() if published.published_at else None,
        "reason": published.reason,
        "withdrawn_certificates": list(
            PublishedCertificate.everywhere.filter(park=published.park_id, published=published, state=CertificateState.WITHDRAWN)
            .order_by("number").values_list("number", flat=True)
        ),
        "entries": [
            {
                "position": row.position, "place": row.place, "tied": row.tied, "uscc": row.uscc, "name": row.name,
                "stage": row.stage, "score": f"{row.score:.4f}", "leaf": row.leaf,
            }
            for row in PublishedEntry.everywhere.filter(park=published.park_id, published=published).order_by("position")
        ],
    }  # fmt: skip


def of_edition(edition_id: int) -> PublishedBoard | None:
    """What the public sees of an edition of the park entered, or None."""
    return PublishedBoard.objects.filter(edition_id=edition_id).first()

"""The Excel round trip of one's own declaration: a workbook with the firm's values, and what was filled into it.

What was filled in is read, checked cell by cell and shown as differences; only then it is written, through the same
services as the pages, and can be undone for a day while nobody has changed the items since.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.core import signing as stamps
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.queries.schemes import name_of, scheme_of, typed_unit
from innovscore.core import confined
from innovscore.core.money import NotANumber
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.listing import safe_text

from .. import rules
from ..models import Declaration, DeclaredValue, WorkbookUpload
from ..queries import authority
from ..queries import declarations as queries
from ..states import ValueState, WorkbookState
from . import declarations as services
from .deadlines import undecided_state
from .figures import MEANINGS, figure
from .spreadsheets import WEB, column_letters, refusals, refuse
from .workbooks import annotated

LARGEST = 5 * 1024 * 1024
TOO_LARGE = gettext_lazy("所选文件大于 5 MB，请使用下载的工作簿。")
TOLD_BY_CONTENT = (b"PK", b"MZ", b"\xd0\xcf\x11\xe0")
"""Beginnings of files whose content the parser tells: workbooks, programs, old or locked tables."""
MOST_ROWS = 200
UNDO_WITHIN = dt.timedelta(hours=24)
SALT = "enterprises.own_workbook"
FIGURES, META, WORDS = "指标", "_meta", "_字典"
HEADS = ("代码", "名称", "单位", "部门数据", "来源", "上年核定", "更正值", "原因", "说明", "材料页码")
LIST_HEADS = ("名称", "级别", "名次", "编号", "日期")
AMOUNT, REASON, EXPLANATION, PAGE = 7, 8, 9, 10
"""Columns that the firm fills in, from 1."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A cell that cannot be taken: where, what stood there, what is wrong and what is allowed."""

    sheet: str
    cell: str
    code: str
    found: str
    what: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What an item would become. Amounts are decimals as text, yuan or units."""

    code: str
    name: str
    where: str
    version: int
    before: str | None
    after: str | None
    entries: list[dict[str, str]] | None = None
    reason: str = ""
    explanation: str = ""
    page: int | None = None
    is_money: bool = False
    slip: bool = False


@dataclass(slots=True)
class Reading:
    """All that was read from a workbook."""

    differences: list[Difference] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unchanged: int = 0


def download(declaration: Declaration) -> bytes:
    """The workbook of a declaration with its values inside; only the cells to fill in are unlocked."""
    sections = queries.sections(declaration)
    items = [item for section in sections for item in section.items]
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8F0FB", "text_wrap": True})
        given, open_cell = book.add_format({"locked": True}), book.add_format({"locked": False, "border": 1})
        _guide(book, declaration, head)
        _figures(book, [item for item in items if not item.is_list], (head, given, open_cell))
        words = book.add_worksheet(WORDS)
        for number, item in enumerate(one for one in items if one.is_list):
            _list_sheet(book, words, number, item, (head, open_cell))
        words.very_hidden()
        meta = book.add_worksheet(META)
        meta.write_string(0, 0, _stamp(declaration, items))
        meta.very_hidden()
    return buffer.getvalue()


def _stamp(declaration: Declaration, items: list[queries.Item]) -> str:
    return stamps.dumps(
        {"declaration": declaration.pk, "versions": {item.value.code: item.value.version for item in items}},
        salt=SALT,
        compress=True,
    )


def _guide(book: Any, declaration: Declaration, head: Any) -> None:
    sheet = book.add_worksheet("填写说明")
    lines = [
        f"{declaration.enterprise.name} {declaration.cycle.year} 年度申报",
        _("截止 %(at)s（北京时间）") % {"at": f"{declaration.deadline.astimezone(BEIJING):%Y-%m-%d %H:%M}"},
        _("1. 只填带边框的单元格；金额单位为万元，人数和件数为整数。"),
        _("2. 部门数据正确的，更正值留空；与部门数据不同的，填写更正值和原因。"),
        _("3. “说明”用于回答系统提示；材料在网页上传，这里只填页码。"),
        _("4. 清单类（人才、平台、奖励等）每条一行，级别从下拉中选择。"),
        _("5. 请粘贴为数值，公式不会被读取。"),
        _("6. 上传后先显示差异，确认后才写入；24 小时内可撤销。"),
    ]
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, line, head if number == 0 else None)
    sheet.set_column(0, 0, 80)


def _figures(book: Any, items: list[queries.Item], formats: tuple[Any, Any, Any]) -> None:
    head, given, open_cell = formats
    sheet = book.add_worksheet(FIGURES)
    for column, name in enumerate(HEADS):
        sheet.write_string(0, column, name, head)
    for row, item in enumerate(items, start=1):
        value = item.value
        cells = (
            value.code, item.name, typed_unit(item.input), _as_typed(item, value.prefilled_amount),
            f"{item.source_name} {value.as_of or ''}".strip(), _as_typed(item, item.last_year),
        )  # fmt: skip
        for column, cell in enumerate(cells):
            sheet.write(row, column, cell, given)
        sheet.write(row, AMOUNT - 1, _as_typed(item, value.declared_amount), open_cell)
        sheet.write_string(row, REASON - 1, value.reason, open_cell)
        sheet.write_string(row, EXPLANATION - 1, value.explanation, open_cell)
        sheet.write(row, PAGE - 1, value.evidence_page or "", open_cell)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, len(HEADS) - 1, 18)
    sheet.freeze_panes(1, 2)
    sheet.protect("", {"format_columns": True, "format_rows": True})


def _as_typed(item: queries.Item, amount: Decimal | None) -> Decimal | str:
    if amount is None:
        return ""
    return (amount / rules.WAN if item.is_money else amount).normalize()


def _list_sheet(book: Any, words: Any, number: int, item: queries.Item, formats: tuple[Any, Any]) -> None:
    head, open_cell = formats
    sheet = book.add_worksheet(sheet_name(item.name))
    for column, name in enumerate(LIST_HEADS):
        sheet.write_string(0, column, name, head)
    labels = {code: name_of(names) for code, names in item.input.levels.items()}
    ranges = ((1, list(labels.values()), f"level_{number}"), (2, list(item.input.ranks), f"rank_{number}"))
    for column, choices, name in ranges:
        place = 2 * number + column - 1
        for row, text in enumerate(choices):
            words.write_string(row, place, text)
        if choices:
            letter = column_letters(place + 1)
            book.define_name(name, f"='{WORDS}'!${letter}$1:${letter}${len(choices)}")
            sheet.data_validation(1, column, MOST_ROWS, column, {"validate": "list", "source": f"={name}"})
    for row, entry in enumerate(item.value.entries or [], start=1):
        cells = (
            entry.get("name", ""), labels.get(entry.get("level", ""), ""), entry.get("rank", ""),
            entry.get("number", ""), entry.get("date", ""),
        )  # fmt: skip
        for column, cell in enumerate(cells):
            sheet.write_string(row, column, str(cell), open_cell)
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, 4, 18)
    sheet.freeze_panes(1, 0)


def sheet_name(name: str) -> str:
    """A name that Excel takes for a sheet."""
    return re.sub(r"[\[\]:*?/\\']", "", name)[:31] or "-"


def upload(*, by: Actor, declaration: Declaration, data: bytes, filename: str) -> WorkbookUpload:
    """Read a filled workbook and keep its differences; nothing is written yet. Raises Refused for a wrong file."""
    with transaction.atomic():
        locked = services.editable(declaration)
        book = _open(data, filename)
        versions = _versions(book, locked)
        reading = read(locked, book, versions)
        row = WorkbookUpload.objects.create(
            declaration=locked, filename=filename[:200], sha256=hashlib.sha256(data).hexdigest(),
            differences=[asdict(one) for one in reading.differences], faults=[asdict(one) for one in reading.faults],
            content=data if reading.faults else None, uploaded_by_ref=by.person_id, uploaded_by_name=by.person_name,
        )  # fmt: skip
        audit.record(
            by=by, action="workbook.uploaded", obj=row,
            after={"differences": len(reading.differences), "faults": len(reading.faults)},
        )  # fmt: skip
    return row


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it was read; `data_type` "f" is a formula."""

    coordinate: str
    value: Any
    data_type: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of an uploaded workbook, its rows from the first on."""

    title: str
    rows: list[list[Cell]]

    def below_heads(self, columns: int) -> Iterator[tuple[int, list[Cell]]]:
        """Rows from the second on with their numbers, each filled up to so many cells."""
        for number, row in enumerate(self.rows[1:], start=2):
            missing = range(len(row), columns)
            yield (
                number,
                row[:columns] + [Cell(f"{column_letters(n + 1)}{number}", None, "n") for n in missing],
            )


Book = dict[str, Sheet]


def _open(data: bytes, filename: str) -> Book:
    """The cells of a workbook, read in a confined child. Raises Refused for anything else."""
    if len(data) > LARGEST:
        raise _refused("file_too_large", str(TOO_LARGE))
    if not data:
        raise refuse("file_empty")
    if filename.lower().endswith((".csv", ".xlsm", ".xlsb")) or not data.startswith(TOLD_BY_CONTENT):
        raise _refused("file_kind", _("请上传 .xlsx 文件：先下载本年度的工作簿，填写后上传。"))
    with refusals():
        sheets = confined.run(
            "enterprises.services.marking:cells", data, WEB, rows=MOST_ROWS + 1, columns=len(HEADS)
        )
        return {title: _sheet(title, rows) for title, rows in sheets}


def _sheet(title: str, rows: list[list[tuple[Any, str]]]) -> Sheet:
    return Sheet(
        title,
        [
            [Cell(f"{column_letters(place)}{number}", *cell) for place, cell in enumerate(row, start=1)]
            for number, row in enumerate(rows, start=1)
        ],
    )


def _refused(code: str, message: str) -> Refused:
    return Refused(code=code, field="file", message=message)


def _versions(book: Book, declaration: Declaration) -> dict[str, int]:
    """The versions that the workbook was made from. Raises Refused for another firm's, year's or foreign workbook."""
    try:
        stamp = stamps.loads(str(book[META].rows[0][0].value), salt=SALT)
        ours = stamp["declaration"] == declaration.pk
    except (KeyError, IndexError, TypeError, stamps.BadSignature) as error:
        raise _refused("not_ours", _("请使用从本页下载的本年度工作簿，不要新建或复制到其他文件。")) from error
    if not ours:
        own = Declaration.objects.filter(pk=stamp["declaration"], enterprise_id=declaration.enterprise_id)
        if own.exists():
            raise _refused("other_year", _("这是其他年度的工作簿，请从本页下载本年度的再填写。"))
        raise _refused("other_firm", _("这是其他企业的工作簿，请从本页下载本企业的再填写。"))
    return dict(stamp["versions"])


def read(declaration: Declaration, book: Book, versions: dict[str, int]) -> Reading:
    """Compare a workbook with the declaration, cell by cell."""
    found = Reading()
    items = {item.value.code: item for section in queries.sections(declaration) for item in section.items}
    if FIGURES not in book:
        raise _refused("sheet_missing", _("工作簿缺少“指标”页，请重新下载。"))
    seen: set[str] = set()
    for number, row in book[FIGURES].below_heads(len(HEADS)):
        code = str(row[0].value or "").strip()
        if not code and all(cell.value in (None, "") for cell in row):
            continue
        item = items.get(code)
        if item is None or item.is_list or code in seen:
            found.faults.append(
                Fault(FIGURES, f"A{number}", code, code, _("没有这一项，或同一项出现两次；请不要增删行"))
            )
            continue
        seen.add(code)
        _read_figure(found, item, row, versions.get(code, item.value.version))
    for item in items.values():
        if item.is_list and sheet_name(item.name) in book:
            _read_list(
                found, item, book[sheet_name(item.name)], versions.get(item.value.code, item.value.version)
            )
    return found


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, dt.datetime | dt.date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value).strip()


def _is_formula(cell: Any) -> bool:
    return cell.data_type == "f"


def _read_figure(found: Reading, item: queries.Item, row: Any, version: int) -> None:
    value = item.value
    cells = (row[AMOUNT - 1], row[REASON - 1], row[EXPLANATION - 1], row[PAGE - 1])
    faults = [
        _fault(FIGURES, cell, value.code, _("是公式，请粘贴为数值")) for cell in cells if _is_formula(cell)
    ]
    typed, reason, explanation, page_text = (_text(cell) for cell in cells)
    amount, page = value.declared_amount, value.evidence_page
    if typed and not faults:
        try:
            amount = figure(typed, is_money=item.is_money)
        except NotANumber as error:
            faults.append(
                _fault(FIGURES, cells[0], value.code, str(MEANINGS.get(error.code, MEANINGS["form"])))
            )
    if page_text and not faults:
        page = _page(page_text)
        if page is None:
            faults.append(_fault(FIGURES, cells[3], value.code, _("页码应为 1 到 10000 的整数")))
    same = amount in (value.declared_amount, value.amount if value.declared_amount is None else None)
    restated = value.declared_amount is not None and (
        reason not in ("", value.reason) or page != value.evidence_page
    )
    if not faults and not same and item.has_prefill and len(reason) < services.SHORTEST_TEXT:
        faults.append(_fault(FIGURES, cells[1], value.code, _("更正部门数据须写明原因（至少 4 个字）")))
    if faults:
        found.faults += faults
    elif same and not restated and explanation == value.explanation:
        found.unchanged += 1
    else:
        found.differences.append(
            Difference(
                code=value.code, name=item.name, where=f"{FIGURES}!{cells[0].coordinate}", version=version,
                before=_said(value.amount), after=None if same and not restated else _said(amount), reason=reason or value.reason,
                explanation=explanation if explanation != value.explanation else "", page=page, is_money=item.is_money,
                slip=not same and item.is_money and rules.unit_slip(amount, item.known),
            )
        )  # fmt: skip


def _page(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 6 and 0 < int(text) <= 10000 else None


def _said(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _fault(sheet: str, cell: Any, code: str, what: str) -> Fault:
    return Fault(sheet, cell.coordinate, code, _text(cell)[:100], what)


def _read_list(found: Reading, item: queries.Item, sheet: Sheet, version: int) -> None:
    faults = len(found.faults)
    labels = {name_of(names): code for code, names in item.input.levels.items()}
    labels |= {code: code for code in item.input.levels}
    entries = []
    for _number, row in sheet.below_heads(len(LIST_HEADS)):
        if any(_text(cell) for cell in row):
            entry = dict(_entry(found, item, sheet.title, row, labels))
            entries.append({name: text for name, text in entry.items() if text or name in ("level", "name")})
    if len(found.faults) > faults:
        return
    if entries == (item.value.entries or []):
        found.unchanged += 1
        return
    reason = item.value.reason or (_("由 Excel 清单更正") if item.has_prefill else "")
    found.differences.append(
        Difference(
            code=item.value.code, name=item.name, where=sheet.title, version=version,
            before=str(len(item.value.entries or [])), after=str(len(entries)), entries=entries, reason=reason,
        )
    )  # fmt: skip


def _entry(
    found: Reading, item: queries.Item, sheet: str, row: Any, labels: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """The fields of one entry; what is wrong goes into the faults."""
    code = item.value.code
    for cell in row:
        if _is_formula(cell):
            found.faults.append(_fault(sheet, cell, code, _("是公式，请粘贴为数值")))
    name, level, rank, number, date = (_text(cell)[:200] for cell in row)
    if not name:
        found.faults.append(_fault(sheet, row[0], code, _("请填写名称")))
    if item.input.levels and level not in labels:
        found.faults.append(_fault(sheet, row[1], code, _("级别不在可选范围，请从下拉中选择")))
    if item.input.ranks and rank not in item.input.ranks:
        found.faults.append(_fault(sheet, row[2], code, _("名次不在可选范围，请从下拉中选择")))
    if date and rules.day_of(date) is None:
        found.faults.append(_fault(sheet, row[4], code, _("日期不存在或格式不对，例如 2025-06-30")))
    yield "level", labels.get(level, "")
    yield "rank", rank
    yield "name", name
    yield "number", number
    yield "date", date


def apply(*, by: Actor, upload: WorkbookUpload, only_good: bool) -> tuple[int, list[str]]:
    """Write the differences. With faults only when `only_good`. Returns (written, names of items changed meanwhile)."""
    with transaction.atomic():
        row = (
            WorkbookUpload.objects.select_for_update(of=("self",))
            .select_related("declaration")
            .get(pk=upload.pk)
        )
        if row.state != WorkbookState.CHECKED:
            raise Conflict(code="written_before", message=_("这份工作簿已写入或已撤销，请重新上传。"))
        if row.faults and not only_good:
            raise Refused(
                code="has_faults", message=_("有误的单元格未处理：请改正后重新上传，或只写入通过的行。")
            )
        services.editable(row.declaration)
        conflicts, before = [], {}
        for data in row.differences:
            difference = Difference(**data)
            try:
                with transaction.atomic():
                    before[difference.code] = _write(by, row.declaration, difference)
            except Conflict:
                conflicts.append(difference.name)
        row.state, row.before, row.content, row.applied_at = WorkbookState.APPLIED, before, None, db_now()
        row.save()
        audit.record(
            by=by,
            action="workbook.applied",
            obj=row,
            after={"codes": sorted(before), "conflicts": len(conflicts)},
        )
    return len(before), conflicts


KEPT = ("state", "reason", "explanation", "evidence_page", "evidence_id", "declared_entries")


def _write(by: Actor, declaration: Declaration, difference: Difference) -> dict[str, Any]:
    """Write one item; returns what it was before and the version it has now."""
    value = DeclaredValue.objects.get(declaration=declaration, code=difference.code)
    before = {name: getattr(value, name) for name in KEPT} | {"declared_amount": _said(value.declared_amount)}
    version = difference.version
    if difference.after is not None:
        value = services.correct(
            by=by, declaration=declaration, code=difference.code, version=version, reason=difference.reason,
            amount=None if difference.entries is not None else Decimal(difference.after), entries=difference.entries, page=difference.page,
        )  # fmt: skip
        version = value.version
    if difference.explanation:
        services.explain(
            by=by, declaration=declaration, code=difference.code, version=version, text=difference.explanation
        )
    value.refresh_from_db()
    return before | {"version": value.version}


def undo(*, by: Actor, upload: WorkbookUpload) -> int:
    """Take back what a workbook wrote, within a day and only where nobody has changed the item since."""
    with transaction.atomic():
        row = (
            WorkbookUpload.objects.select_for_update(of=("self",))
            .select_related("declaration")
            .get(pk=upload.pk)
        )
        if row.state != WorkbookState.APPLIED or row.applied_at is None:
            raise Conflict(code="not_written", message=_("这份工作簿没有写入，无需撤销。"))
        if db_now() - row.applied_at > UNDO_WITHIN:
            raise Conflict(code="undo_over", message=_("写入已超过 24 小时，不能整体撤销，请逐项修改。"))
        locked = services.editable(row.declaration)
        for code in row.before:
            authority.require(by, scheme_of(locked.cycle.scheme_version), code=code)
        values = DeclaredValue.objects.select_for_update().filter(
            declaration=row.declaration, code__in=row.before
        )
        restored = 0
        for value in values:
            restored += _restore(by, value, row.before[value.code])
        row.state = WorkbookState.UNDONE
        row.save(update_fields=["state"])
        audit.record(by=by, action="workbook.undone", obj=row, after={"count": restored})
    return restored


def _restore(by: Actor, value: DeclaredValue, before: dict[str, Any]) -> int:
    if value.version != before["version"]:
        return 0
    for name in KEPT:
        setattr(value, name, before[name])
    amount = before["declared_amount"]
    value.declared_amount = None if amount is None else Decimal(amount)
    if value.state in (
        ValueState.VERIFIED,
        ValueState.REJECTED,
    ):  # the workbook's change took the decision off; it is not taken anew
        value.state = undecided_state(value)
    value.changed_by_ref, value.changed_by_name = by.person_id, by.person_name
    value.version += 1
    value.save()
    audit.record(by=by, action="value.import_undone", obj=value, after={"state": value.state})
    return 1


def marked(upload: WorkbookUpload) -> bytes:
    """The firm's own workbook back, with each wrong cell filled and explained and a list of them in front."""
    if not upload.content:
        raise Refused(code="no_file", message=_("这份工作簿没有有误的单元格，或已写入。"))
    faults = [Fault(**data) for data in upload.faults]
    lines = [
        [_("位置"), _("填写的内容"), _("问题")],
        *([f"{one.sheet}!{one.cell}", safe_text(one.found), one.what] for one in faults),
    ]
    marks = [(one.sheet, one.cell, one.what) for one in faults]
    return annotated(bytes(upload.content), title="错误清单", lines=lines, marks=marks)

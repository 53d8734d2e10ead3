"""Workbooks that leave the house: a department's template, and a department's own file with its faults marked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from innovscore.core import confined
from innovscore.core.problems import Refused
from parks.listing import safe_text
from scoring.engine import Scheme

from .checking import Report
from .mappings import KEY_HEAD, REGISTER_FIELDS, REGISTER_SOURCE
from .parsers import META, SUMMARY
from .spreadsheets import WEB, Reading, Source, column_letters, refusals

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 5000
LARGEST_MARKED = 200_000
"""Cells up to which the user's own workbook is given back; of a larger one only the rows with faults."""
MOST_MARKED = 20_000
RED, GREY, BLUE = "#FDECEA", "#EDF0F5", "#E8F0FB"
LEVELS = "字典"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a template; heads are always the plain Chinese names, which the upload recognises."""

    code: str
    head: str
    unit: str
    kind: str
    note: str
    levels: Sequence[tuple[str, str]] = ()


def columns_of(scheme: Scheme, source: str) -> list[Column]:
    """Columns of a department's template; an empty source gives those of all departments."""
    columns = [Column("uscc", KEY_HEAD, "", "key", "营业执照上的 18 位代码，文本格式。每家企业一行。")]
    if source == REGISTER_SOURCE:
        columns += [
            Column(
                f"register:{name}", heads[0], "", "date" if name == "founded_on" else "text", _REGISTER_NOTE
            )
            for name, heads in REGISTER_FIELDS.items()
        ]
    for item in scheme.inputs:
        if not source or source in item.sources:
            columns.append(_column(item))
    return columns


_REGISTER_NOTE = "登记信息，供认证审核时比对；可包含尚未入园的企业。"
_NOTES = {
    "money": "数字，单位万元，最多 6 位小数；没有数据留空，确为零填 0。",
    "int": "不小于 0 的整数；没有数据留空，确为零填 0。",
}


def _column(item: Any) -> Column:
    if item.is_list and item.levels:
        names = [(level["zh"], code) for code, level in item.levels.items()]
        note = (
            "可选级别见“字典”页；多项用分号隔开，例如：" + "；".join(name for name, _code in names[:2]) + "。"
        )
        if item.ranks:
            note += f"完成单位排名写在 # 后，例如：{names[0][0]}#{item.ranks[0]}。"
        note += f"名称、文号、日期写在 | 后，例如：{names[0][0]}|名称|文号|2024-05-01。"
        return Column(item.code, item.zh, item.unit, "levels", note, names)
    if item.is_list:
        note = _NOTES["int"] + "知道名单的写姓名|编号|日期，多人用分号隔开。"
        return Column(item.code, item.zh, item.unit, "text", note)
    kind = "money" if item.type == "money" else "int"
    head = f"{item.zh}（万元）" if kind == "money" else item.zh
    return Column(item.code, head, "万元" if kind == "money" else item.unit, kind, _NOTES[kind])


def template(scheme: Scheme, *, source: str, source_name: str, year: int) -> bytes:
    """An empty workbook of a department: data sheet with checks and hints, notes, levels, and what it is."""
    lines = (
        f"{year} 年度部门数据模板{f'（{source_name}）' if source_name else ''}",
        "请在“数据”页填写，一家企业一行，第一行表头不要改动；可以删去用不到的列。",
        "第一列统一社会信用代码必填；其余没有数据的单元格留空，确为零填 0。",
        "请粘贴为数值：含公式的单元格会被拒绝。金额单位为万元，也可把表头括号改为“元”。",
        "上传后先检查，逐格说明问题，确认后才写入；同一文件重复上传不会产生变化。",
    )
    about = {"template": "department", "year": str(year), "source": source}
    return blank(columns_of(scheme, source), lines, about)


def blank(columns: Sequence[Column], lines: Sequence[str], about: Mapping[str, str]) -> bytes:
    """An empty workbook of these columns with notes; `about` is what the hidden sheet says of it."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format(
            {"bold": True, "text_wrap": True, "bg_color": BLUE, "border": 1, "valign": "top"}
        )
        formats = {
            "key": book.add_format({"num_format": "@"}), "text": book.add_format({"num_format": "@"}),
            "levels": book.add_format({"num_format": "@"}), "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "money": book.add_format({"num_format": "#,##0.00####"}), "int": book.add_format({"num_format": "0"}),
        }  # fmt: skip
        data, notes, levels = (book.add_worksheet(name) for name in ("数据", "填写说明", LEVELS))
        meta = book.add_worksheet(META)
        for place, column in enumerate(columns):
            data.write_string(0, place, column.head, bold)
            data.set_column(
                place, place, 22 if column.kind in ("key", "levels", "text") else 16, formats[column.kind]
            )
            _validate(data, place, column)
            _levels(book, levels, place, column)
        data.set_row(0, 48)
        data.freeze_panes(1, 1)
        _notes(notes, columns, lines, bold)
        for row, pair in enumerate(about.items()):
            meta.write_row(row, 0, pair)
        levels.hide()
        meta.very_hidden()
        data.activate()
    return buffer.getvalue()


def _levels(book: Any, sheet: Any, place: int, column: Column) -> None:
    if not column.levels:
        return
    sheet.write_column(0, place, [column.head, *(name for name, _code in column.levels)])
    letters = column_letters(place + 1)
    book.define_name(f"levels_{column.code}", f"={LEVELS}!${letters}$2:${letters}${len(column.levels) + 1}")


def _validate(sheet: Any, place: int, column: Column) -> None:
    """Checks in the sheet help whoever types; the server asks everything again."""
    common = {
        "input_title": column.head[:32],
        "input_message": column.note[:255],
        "error_message": column.note[:255],
    }
    checks: dict[str, dict[str, Any]] = {
        "key": {"validate": "length", "criteria": "==", "value": 18},
        "money": {"validate": "decimal", "criteria": "between", "minimum": -1e12, "maximum": 1e12},
        "int": {"validate": "integer", "criteria": ">=", "value": 0},
        "levels": {"validate": "list", "source": f"=levels_{column.code}", "error_type": "information"},
        "date": {"validate": "date", "criteria": ">=", "value": 1, "error_type": "warning"},
        "text": {"validate": "any"},
    }
    sheet.data_validation(1, place, ROWS, place, checks[column.kind] | common)


def _notes(sheet: Any, columns: Sequence[Column], lines: Sequence[str], bold: Any) -> None:
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line)
    sheet.write_row(len(lines) + 1, 0, ["列", "代码", "单位", "说明"], bold)
    for row, column in enumerate(columns, start=len(lines) + 2):
        sheet.write_row(row, 0, [column.head, column.code, column.unit, column.note])
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 2, 22)
    sheet.set_column(3, 3, 80)


def marked(path: Path, reading: Reading, report: Report) -> bytes:
    """The file given back: the user's own workbook with each wrong cell coloured and explained, a summary in front.

    Of a text file a workbook is made; of a very large file only the rows with faults are given.
    """
    is_workbook = zipfile.is_zipfile(path)
    cells = reading.total * max(1, len(reading.heads))
    if is_workbook and cells <= LARGEST_MARKED:
        try:
            return _own_workbook(path, reading.sheet, report)
        except Refused:  # too heavy, or such that only one of the two parsers reads it
            pass
    return _made_workbook(reading, report, whole=cells <= LARGEST_MARKED)


def _own_workbook(path: Path, sheet: str, report: Report) -> bytes:
    lines = [[safe_text(v) if isinstance(v, str) else v for v in line] for line in summary_lines(report)]
    marks = [(sheet, fault["cell"], fault["why"]) for fault in report.faults]
    return annotated(path, title=SUMMARY, lines=lines, marks=marks)


def annotated(
    source: Source, *, title: str, lines: Sequence[Sequence[Any]], marks: Sequence[tuple[str, str, str]]
) -> bytes:
    """A workbook given back with marks (sheet, cell, why) and a sheet in front, the last lines of which lead to them.

    Raises Refused when that takes too much.
    """
    with refusals(), TemporaryDirectory() as folder:
        parts = confined.run(
            "enterprises.services.marking:annotated", source, WEB,
            marks=marks, title=title, lines=lines, folder=folder,
        )  # fmt: skip
        return b"".join(parts)


def _made_workbook(reading: Reading, report: Report, *, whole: bool) -> bytes:
    by_row: dict[int, dict[int, str]] = {}
    for fault in report.faults:
        place = _place(fault["cell"])
        by_row.setdefault(fault["row"], {})[place] = fault["why"]
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        summary, sheet = book.add_worksheet(SUMMARY), book.add_worksheet("数据")
        red, bold = book.add_format({"bg_color": RED}), book.add_format({"bold": True, "bg_color": GREY})
        target = 1
        sheet.write_row(0, 0, [_("原行号"), *map(safe_text, reading.heads)], bold)
        places: dict[int, int] = {}
        for number, cells in reading.rows:
            wrong = by_row.get(number, {})
            if not wrong and not whole:
                continue
            places[number] = target
            _write_line(sheet, target, (number, cells), wrong, red)
            target += 1
        lines = list(summary_lines(report))
        for row, line in enumerate(lines):
            summary.write_row(row, 0, [safe_text(v) if isinstance(v, str) else v for v in line])
        for row, fault in enumerate(report.faults, start=len(lines) - len(report.faults)):
            cell = f"{column_letters(_place(fault['cell']) + 2)}{places[fault['row']] + 1}"
            summary.write_url(row, 0, f"internal:'数据'!{cell}", string=fault["cell"])
        summary.set_column(0, 0, 14)
        summary.set_column(1, 3, 40)
        sheet.freeze_panes(1, 2)
    return buffer.getvalue()


def _write_line(
    sheet: Any, target: int, row: tuple[int, Sequence[Any]], wrong: dict[int, str], red: Any
) -> None:
    number, line = row
    sheet.write_number(target, 0, number)
    for place in range(max(len(line), max(wrong, default=-1) + 1)):
        value = line[place] if place < len(line) else ""
        form = red if place in wrong else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(target, place + 1, value, form)
        elif value or form:
            sheet.write_string(target, place + 1, safe_text(value)[:32000], form)
        if place in wrong:
            sheet.write_comment(target, place + 1, wrong[place])


def _place(cell: str) -> int:
    """Column of a cell name, from 0."""
    number = 0
    for letter in cell.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1


def _totals(report: Report) -> list[tuple[Any, ...]]:
    return [
        (_("读取行"), report.read),
        (_("对应到企业"), report.matched),
        (_("可写入数值"), report.values),
        (_("有误单元格"), report.fault_count),
        (_("有误行"), report.bad_rows),
    ]


def summary_lines(report: Report) -> Iterable[Sequence[Any]]:
    """The sheet in front: totals, then one line a fault; what is beyond the limit is counted."""
    yield from _totals(report)
    if report.fault_count > len(report.faults):
        yield ("…", _("另有 %(n)s 处未列出") % {"n": report.fault_count - len(report.faults)})
    yield ()
    yield (_("单元格"), _("列"), _("读到的内容"), _("原因"))
    for fault in report.faults:
        yield (fault["cell"], fault["column"], fault["text"], fault["why"])

"""Reading uploaded tables within limits: XLSX by content, CSV in UTF-8, UTF-16 or GB18030."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

import xlsxwriter
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook

from innovscore.core.problems import Refused

LARGEST_FILE = 30 * 1024 * 1024
LARGEST_UNPACKED = 300 * 1024 * 1024
MOST_ROWS = 120_000
MOST_COLUMNS = 200
Cell = object
FORMULA = "=…"
"""What stands for a formula cell."""


@dataclass(frozen=True, slots=True)
class Table:
    """Heads of the first row and the rows below; each row keeps its number in the file (from 2)."""

    heads: list[str]
    rows: list[tuple[int, list[Cell]]]


def read_table(data: bytes, filename: str) -> Table:
    """The first sheet of a workbook, or a CSV. Raises Refused saying what is wrong with the file."""
    if not data:
        raise Refused(code="file_empty", field="file", message=_("所选文件为空，请重新选择。"))
    if len(data) > LARGEST_FILE:
        raise Refused(code="file_too_large", field="file", message=_("文件大于 30 MB，请拆分后上传。"))
    lines = _xlsx(data) if data.startswith(b"PK") else _csv(data, filename)
    heads: list[str] = []
    rows: list[tuple[int, list[Cell]]] = []
    for number, line in enumerate(lines, start=1):
        if number == 1:
            heads = [str(cell or "").strip() for cell in line][:MOST_COLUMNS]
        elif any(cell not in ("", None) for cell in line):
            rows.append((number, list(line)))
        if number > MOST_ROWS:
            raise Refused(
                code="too_many_rows",
                field="file",
                message=_("超过 %(n)s 行，请拆分后上传。") % {"n": MOST_ROWS},
            )
    if not any(heads) or not rows:
        raise Refused(
            code="no_rows", field="file", message=_("没有读到数据行。第一行应为表头，请使用下载的模板。")
        )
    return Table(heads, rows)


def _xlsx(data: bytes) -> Iterator[list[Cell]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if (
                sum(item.file_size for item in archive.infolist()) > LARGEST_UNPACKED
                or len(archive.infolist()) > 2000
            ):
                raise Refused(code="file_bomb", field="file", message=_("文件解压后过大，已拒绝。"))
            if any(name.lower().endswith("vbaproject.bin") for name in archive.namelist()):
                raise Refused(
                    code="file_macros", field="file", message=_("文件含宏，请另存为不含宏的 .xlsx。")
                )
            formulas = _formulas(archive)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for number, line in enumerate(
            workbook.get_sheet_by_index(0).to_python(skip_empty_area=False), start=1
        ):
            yield [
                FORMULA if (number, place) in formulas else cell for place, cell in enumerate(line, start=1)
            ]
    except (
        zipfile.BadZipFile,
        CalamineError,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        RuntimeError,
    ) as error:
        raise Refused(
            code="file_unreadable", field="file", message=_("无法读取此文件，请确认是未加密的 .xlsx 文件。")
        ) from error


def _formulas(archive: zipfile.ZipFile) -> set[tuple[int, int]]:
    """(row, column) of the formula cells of the first sheet, from 1: a formula has a stored value only by chance."""
    book = archive.read("xl/workbook.xml").decode()
    first = re.search(r"<sheet\b[^>]*\br:id=\"([^\"]+)\"", book)
    targets = archive.read("xl/_rels/workbook.xml.rels").decode()
    relation = next(
        (r for r in re.findall(r"<Relationship\b[^>]*>", targets) if first and f'Id="{first[1]}"' in r), ""
    )
    target = re.search(r'Target="/?(?:xl/)?([^"]+)"', relation)
    sheet = archive.read(f"xl/{target[1]}").decode() if target else ""
    cells = re.findall(r'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f\b', sheet)
    return {(int(row), _column_number(letters)) for letters, row in cells}


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _csv(data: bytes, filename: str) -> Iterator[list[Cell]]:
    if filename.lower().endswith((".xls", ".et", ".xlsm", ".xlsb")) or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Refused(
            code="file_old", field="file", message=_("不支持旧版或带宏的表格，请另存为 .xlsx 后上传。")
        )
    text = _decode(data)
    if "\x00" in text:
        raise Refused(
            code="file_unreadable", field="file", message=_("这不是文本表格，请上传 .xlsx 或 .csv 文件。")
        )
    try:
        yield from csv.reader(io.StringIO(text), dialect=_dialect(text))
    except csv.Error as error:
        raise Refused(code="file_unreadable", field="file", message=_("无法按 CSV 读取此文件。")) from error


def _dialect(text: str) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = max((",", ";", "\t"), key=text.split("\n", 1)[0].count)

    return Found


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(
        code="file_encoding", field="file", message=_("无法识别文件编码，请存为 UTF-8 或 GB18030。")
    )


def template(heads: list[tuple[str, str, str]]) -> bytes:
    """An empty XLSX: one column a (code, name, unit), with a sheet of notes."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E8F0FB"})
        sheet = book.add_worksheet("数据")
        notes = book.add_worksheet("说明")
        for column, (code, name, unit) in enumerate(heads):
            sheet.write_string(0, column, f"{name}（{unit}）" if unit else name, bold)
            sheet.set_column(column, column, 18)
            notes.write_row(column, 0, [code, name, unit])
        notes.set_column(0, 1, 30)
        sheet.freeze_panes(1, 1)
    return buffer.getvalue()

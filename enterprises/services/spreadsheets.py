"""Reading uploaded tables within limits: XLSX by content, CSV in UTF-8, UTF-16 or GB18030; rows come one at a time.

A workbook is measured (`_Archive`) before anything parses it: what it really unpacks to, whether it holds macros, a
password or entity declarations, how far its cells reach, where its formulas are. Only then may calamine read it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import struct
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_lazy
from python_calamine import CalamineError, CalamineWorkbook

from innovscore.core.problems import Refused

LARGEST_FILE = 30 * 1024 * 1024
LARGEST_UNPACKED = 300 * 1024 * 1024
LARGEST_STRINGS = 64 * 1024 * 1024
MOST_PARTS = 2000
MOST_ROWS = 120_000
MOST_COLUMNS = 200
MOST_CELLS = 5_000_000
LONGEST_CELL = 32_767
MOST_SECONDS = 60.0
CHUNK = 1 << 20
OVERLAP = 256
Cell = object
Source = bytes | Path
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
FORMULA = "=…"
"""What stands for a formula cell."""
META = "_meta"
"""The hidden sheet of our own templates: what, year."""
SENTENCES = {
    "file_empty": gettext_lazy("所选文件为空，请重新选择。"),
    "file_too_large": gettext_lazy("文件大于 30 MB，请拆分后上传。"),
    "file_old": gettext_lazy("这是旧版 .xls 或 .et 表格，请在 Excel 或 WPS 中另存为 .xlsx 后上传。"),
    "file_binary": gettext_lazy("这是 .xlsb 二进制表格，请另存为 .xlsx 后上传。"),
    "file_password": gettext_lazy("所选文件设有密码，无法读取。请去掉密码后上传。"),
    "file_macros": gettext_lazy("文件含宏，请另存为不含宏的 .xlsx。"),
    "file_bomb": gettext_lazy("文件解压后过大或声明的大小不实，已拒绝。请用 Excel 或 WPS 重新保存。"),
    "file_entities": gettext_lazy("文件含有外部实体声明，已拒绝。请用 Excel 或 WPS 重新保存。"),
    "file_document": gettext_lazy("这是 Word、PPT 或其他文档，不是表格。请上传 .xlsx 或 .csv 文件。"),
    "file_archive": gettext_lazy("这是压缩包，请解压后上传其中的 .xlsx 或 .csv 文件。"),
    "file_pdf": gettext_lazy("这是 PDF 文件，不是表格。请上传 .xlsx 或 .csv 文件。"),
    "file_image": gettext_lazy("这是图片，不是表格。请上传 .xlsx 或 .csv 文件。"),
    "file_program": gettext_lazy("这是程序文件，扩展名与内容不符，已拒绝。"),
    "file_markup": gettext_lazy("这是网页或 XML 改名的文件，请用 Excel 或 WPS 打开后另存为 .xlsx。"),
    "file_unreadable": gettext_lazy("无法读取此文件，请确认是完整、未加密的 .xlsx 或 .csv 文件。"),
    "file_encoding": gettext_lazy("无法识别文件编码，请存为 UTF-8 或 GB18030。"),
    "file_slow": gettext_lazy("文件在规定时间内未能读完，请拆分后上传。"),
    "file_formulas": gettext_lazy("文件中有无法定位的公式，请全选后“粘贴为数值”再上传。"),
    "too_many_rows": gettext_lazy("超过 %(n)s 行，请拆分后上传。"),
    "too_many_columns": gettext_lazy("超过 %(n)s 列，请删去不需要的列。"),
    "too_many_cells": gettext_lazy("超过 %(n)s 个单元格，请拆分后上传。"),
    "no_rows": gettext_lazy("没有读到数据行。第一行应为表头，请使用下载的模板。"),
}
DISGUISES = (
    (b"%PDF", "file_pdf"),
    (b"\x89PNG", "file_image"),
    (b"\xff\xd8\xff", "file_image"),
    (b"GIF8", "file_image"),
    (b"MZ", "file_program"),
    (b"\x7fELF", "file_program"),
    (b"Rar!", "file_archive"),
    (b"7z\xbc\xaf", "file_archive"),
    (b"\x1f\x8b", "file_archive"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """Heads of the first row and the rows below; each row keeps its number in the file (from 2)."""

    heads: list[str]
    rows: list[tuple[int, list[Cell]]]


@dataclass(slots=True)
class Reading:
    """As `Table`, but the rows come from the file while they are asked for, once. `total` is a guess for progress."""

    heads: list[str]
    rows: Iterable[tuple[int, list[Cell]]]
    total: int = 0
    year: int | None = None
    """The year of the template it was filled from, when it says so."""


def refuse(code: str) -> Refused:
    """The refusal of a file, in the sentence of its code."""
    return Refused(code=code, field="file", message=SENTENCES[code])


def read_table(data: bytes, filename: str) -> Table:
    """The first sheet of a workbook, or a CSV, as a whole. Raises Refused saying what is wrong with the file."""
    reading = open_table(data, filename)
    return Table(reading.heads, list(reading.rows))


def open_table(source: Source, filename: str) -> Reading:
    """The heads of the first sheet (or CSV; its first row that is not empty) and its rows, streamed. Raises Refused, also while rows are read."""
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not size:
        raise refuse("file_empty")
    if size > LARGEST_FILE:
        raise refuse("file_too_large")
    with _opened(source) as file:
        start = file.read(4096)
    kind = _kind(start, source)
    lines, total, year = _xlsx(source) if kind == "xlsx" else (*_csv(source), None)
    numbered = _limited(lines)
    heads = next(numbered, (1, []))[1]
    names = [_head(cell) for cell in heads]
    first = next(numbered, None)
    if not any(names) or first is None:
        raise refuse("no_rows")
    return Reading(names, _chained(first, numbered), total, year)


def _head(cell: Cell) -> str:
    return str(cell if cell is not None else "").strip()[:200]


def _chained(
    first: tuple[int, list[Cell]], rest: Iterator[tuple[int, list[Cell]]]
) -> Iterator[tuple[int, list[Cell]]]:
    yield first
    yield from rest


def _limited(lines: Iterator[list[Cell]]) -> Iterator[tuple[int, list[Cell]]]:
    """Lines with their numbers, empty ones left out; stops at the limits."""
    ends, cells = time.monotonic() + MOST_SECONDS, 0
    for number, line in enumerate(lines, start=1):
        cells += len(line)
        _within(number, len(line), cells)
        if number % 1000 == 0 and time.monotonic() > ends:
            raise refuse("file_slow")
        if any(cell not in ("", None) for cell in line):
            yield number, line


def _within(rows: int, columns: int, cells: int) -> None:
    if rows > MOST_ROWS + 1:
        raise _too_many("too_many_rows", MOST_ROWS)
    if columns > MOST_COLUMNS:
        raise _too_many("too_many_columns", MOST_COLUMNS)
    if cells > MOST_CELLS:
        raise _too_many("too_many_cells", MOST_CELLS)


def _too_many(code: str, most: int) -> Refused:
    return Refused(code=code, field="file", message=str(SENTENCES[code]) % {"n": most})


def _opened(source: Source) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _kind(start: bytes, source: Source) -> str:
    """ "xlsx" or "csv" by content; anything else is refused in its own sentence."""
    if start.startswith(b"PK"):
        return "xlsx"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise refuse("file_password" if _has(source, ENCRYPTED) else "file_old")
    for mark, code in DISGUISES:
        if start.startswith(mark):
            raise refuse(code)
    if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|meta)", start, re.IGNORECASE):
        raise refuse("file_markup")
    return "csv"


def _has(source: Source, mark: bytes) -> bool:
    with _opened(source) as file:
        return mark in file.read()


# Workbooks


@dataclass(slots=True)
class _Archive:
    """What a workbook really holds, found by unpacking each part once, within limits."""

    file: BinaryIO
    archive: zipfile.ZipFile
    sheet: str = ""
    unpacked: int = 0
    columns: set[bytes] = field(default_factory=set)
    rows: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)
    formula_marks: int = 0

    def measure(self) -> None:
        parts = self.archive.infolist()
        names = {part.filename for part in parts}
        self._refuse_kind(names, parts)
        self.sheet = _first_sheet(self._text("xl/workbook.xml"), self._text("xl/_rels/workbook.xml.rels"))
        for part in parts:
            self._part(part)
        if self.formula_marks > len(self.formulas):
            raise refuse("file_formulas")
        width = max((_column_number(letters.decode()) for letters in self.columns), default=0)
        _within(self.rows, width, self.rows * width)

    def _refuse_kind(self, names: set[str], parts: list[zipfile.ZipInfo]) -> None:
        if "xl/workbook.bin" in names:
            raise refuse("file_binary")
        if "xl/workbook.xml" not in names:
            document = any(name.startswith(("word/", "ppt/")) or name == "mimetype" for name in names)
            raise refuse("file_document" if document else "file_archive")
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise refuse("file_macros")
        if any(part.flag_bits & 1 for part in parts):
            raise refuse("file_password")
        if len(parts) > MOST_PARTS or len(names) < len(parts):
            raise refuse("file_bomb")

    def _text(self, name: str) -> str:
        """A small part as text."""
        part = self.archive.getinfo(name)
        if part.file_size > CHUNK:
            raise refuse("file_bomb")
        return b"".join(self._inflate(part)).decode("utf-8", errors="replace")

    def _part(self, part: zipfile.ZipInfo) -> None:
        size, tail = 0, b""
        limit = LARGEST_STRINGS if part.filename.endswith("sharedStrings.xml") else LARGEST_UNPACKED
        for chunk in self._inflate(part):
            if size == 0 and (b"<!DOCTYPE" in chunk[:4096] or b"<!ENTITY" in chunk[:4096]):
                raise refuse("file_entities")
            size += len(chunk)
            self.unpacked += len(chunk)
            if size > limit or self.unpacked > LARGEST_UNPACKED:
                raise refuse("file_bomb")
            if part.filename == self.sheet:
                tail = self._scan(tail, chunk)
        if part.filename == self.sheet:
            self._cells(tail)
        if size != part.file_size:
            raise refuse("file_bomb")

    def _inflate(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """The part's bytes as its stream really is, whatever the directory says."""
        self.file.seek(part.header_offset)
        header = self.file.read(30)
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise zipfile.BadZipFile
        name_length, extra_length = struct.unpack("<HH", header[26:30])
        self.file.seek(name_length + extra_length, io.SEEK_CUR)
        left, machine = part.compress_size, zlib.decompressobj(-15)
        while left > 0:
            data = self.file.read(min(left, 1 << 16))
            if not data:
                raise zipfile.BadZipFile
            left -= len(data)
            if part.compress_type == zipfile.ZIP_STORED:
                yield data
                continue
            while data:
                yield machine.decompress(data, CHUNK)
                data = machine.unconsumed_tail

    def _scan(self, tail: bytes, chunk: bytes) -> bytes:
        """Look at all whole cells so far; gives back from where the last cell begins."""
        text = tail + chunk
        cut = text.rfind(b"<", 0, max(text.rfind(b"<c "), text.rfind(b":c ")) + 1)
        if cut <= 0:
            cut = max(0, len(text) - OVERLAP)
        if len(text) - cut > 4 * CHUNK:
            raise refuse("file_bomb")
        self._cells(text[:cut])
        return text[cut:]

    def _cells(self, text: bytes) -> None:
        """Every position that an attribute `r` names counts, wherever it stands: parsers differ in which they take."""
        self.columns.update(COLUMN.findall(text))
        for pattern in (ROW, FAR_ROW):
            self.rows = max(self.rows, *(int(number[:9]) for number in pattern.findall(text) or [b"0"]))
        if FORMULA_MARK.search(text):
            self.formula_marks += len(FORMULA_MARK.findall(text))
            self.formulas.update(
                (int(row), _column_number(letters.decode())) for letters, row in FORMULA_CELL.findall(text)
            )


COLUMN = re.compile(rb'\br\s*=\s*["\']?\s*([A-Za-z]{1,8})\d')
ROW = re.compile(rb'\br\s*=\s*["\']?\s*(\d+)')
FAR_ROW = re.compile(rb'\br\s*=\s*["\']?\s*[A-Za-z]{1,8}(\d{6,})')
FORMULA_MARK = re.compile(rb"<(?:\w+:)?f[\s/>]")
FORMULA_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Za-z]{1,3})(\d{1,7})"[^>]*>\s*<(?:\w+:)?f[\s/>]')


def _first_sheet(book: str, relations: str) -> str:
    """The part that holds the first sheet."""
    first = re.search(r"<(?:\w+:)?sheet\b[^>]*\b(?:\w+:)id=\"([^\"]+)\"", book)
    found = (one for one in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", relations) if first)
    relation = next((one for one in found if first and f'Id="{first[1]}"' in one), "")
    target = re.search(r'Target="/?(?:xl/)?([^"]+)"', relation)
    return f"xl/{target[1]}" if target else ""


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def column_letters(number: int) -> str:
    """Spreadsheet letters of a column counted from 1: 1 -> A, 27 -> AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _xlsx(source: Source) -> tuple[Iterator[list[Cell]], int, int | None]:
    with _reading_faults(), _opened(source) as file, zipfile.ZipFile(file) as archive:
        measured = _Archive(file, archive)
        measured.measure()
    with _reading_faults():
        book = (
            CalamineWorkbook.from_filelike(io.BytesIO(source))
            if isinstance(source, bytes)
            else CalamineWorkbook.from_path(str(source))
        )
        year = _template_year(book)
    return _sheet_lines(book, measured.formulas), measured.rows, year


def _template_year(book: CalamineWorkbook) -> int | None:
    if META not in book.sheet_names:
        return None
    facts = {str(row[0]): row[1] for row in book.get_sheet_by_name(META).to_python() if len(row) > 1}
    year = str(facts.get("year", "")).removesuffix(".0")
    return int(year) if year.isdigit() and len(year) == 4 else None


def _sheet_lines(book: CalamineWorkbook, formulas: set[tuple[int, int]]) -> Iterator[list[Cell]]:
    with _reading_faults():
        sheet = book.get_sheet_by_index(0)
        _above, left = sheet.start or (0, 0)  # empty rows above are given, empty columns before are not
        marked = {row for row, _column in formulas}
        for number, line in enumerate(sheet.iter_rows(), start=1):
            cells: list[Cell] = [*[""] * left, *line]
            if number in marked:
                cells = [
                    FORMULA if (number, place) in formulas else cell for place, cell in enumerate(cells, 1)
                ]
            yield cells


class _reading_faults:  # noqa: N801  # reads as a statement
    """What the parsers raise on a broken file becomes one refusal; so do the panics of the native one."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, Refused | GeneratorExit):
            return
        if isinstance(error, PARSER_FAULTS) or type(error).__name__ == "PanicException":
            raise refuse("file_unreadable") from error


PARSER_FAULTS = (
    zipfile.BadZipFile, CalamineError, KeyError, ValueError, IndexError, OSError, RuntimeError, NotImplementedError,
    zlib.error, struct.error, OverflowError, EOFError,
)  # fmt: skip


# Text


def _csv(source: Source) -> tuple[Iterator[list[Cell]], int]:
    encoding, lines, sample = _encoding(source)
    if "\x00" in sample:
        raise refuse("file_unreadable")
    return _csv_lines(source, encoding, _dialect(sample)), lines


def _csv_lines(source: Source, encoding: str, dialect: type[csv.Dialect]) -> Iterator[list[Cell]]:
    with _opened(source) as file, io.TextIOWrapper(file, encoding=encoding, newline="") as text:
        try:
            for line in csv.reader(text, dialect=dialect):
                yield list(line)
        except (csv.Error, UnicodeError) as error:
            raise refuse("file_unreadable") from error


def _dialect(text: str) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = max((",", ";", "\t"), key=text.split("\n", 1)[0].count)

    return Found


def _encoding(source: Source) -> tuple[str, int, str]:
    """The encoding in which the whole file can be read, its number of lines, its beginning as text."""
    with _opened(source) as file:
        start = file.read(2)
    wide = start in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        found = _decoded(source, encoding)
        if found is not None:
            return encoding, *found
    raise refuse("file_encoding")


def _decoded(source: Source, encoding: str) -> tuple[int, str] | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, sample = 0, ""
    with _opened(source) as file:
        try:
            while data := file.read(CHUNK):
                text = decoder.decode(data)
                sample = sample or text[:4096]
                lines += text.count("\n")
            decoder.decode(b"", final=True)
        except UnicodeError:
            return None
    return lines, sample

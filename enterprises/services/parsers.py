"""Parsers of uploaded tables, run in a confined child only (`innovscore.core.confined`); knows no Django and no room.

A workbook is measured (`_Archive`) before calamine or openpyxl may read it: what it really unpacks to, whether it holds
macros, a password or entity declarations, how far its cells reach, where its formulas are.
"""

from __future__ import annotations

import codecs
import csv
import html
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from python_calamine import CalamineWorkbook

from innovscore.core.confined import Unfit

LARGEST_UNPACKED = 300 * 1024 * 1024
LARGEST_STRINGS = 64 * 1024 * 1024
MOST_PARTS = 2000
MOST_ROWS = 120_000
MOST_COLUMNS = 200
MOST_CELLS = 5_000_000
LONGEST_CELL = 32_767
CHUNK = 1 << 20
OVERLAP = 256
PART = 4000
"""Cells that travel together."""
PART_TEXT = 1_000_000
Cell = Any
Line = tuple[int, list[Cell]]
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
FORMULA = "=…"
"""What stands for a formula cell."""
META = "_meta"
"""The hidden sheet of our own templates: what, year."""
SUMMARY = "检查结果"
"""The sheet that we put in front of a file given back; it is no data when the file comes again."""
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


def table(file: BinaryIO, *, only_measure: bool = False) -> Iterator[Any]:
    """What the table is ({rows, sheet, year}), then its rows as lists of (number, cells), empty ones left out.

    XLSX: the first sheet that can be seen. CSV in UTF-8, UTF-16 or GB18030. `only_measure` ends after the first value.
    """
    no_lines: Iterator[list[Cell]] = iter(())
    of_cells = is_workbook(file)
    with reading_faults():
        archive = measured(file) if of_cells else None
        if archive is not None:
            book = None if only_measure else _book(file)
            year = _template_year(book) if book is not None else None
            yield {"rows": archive.rows, "sheet": archive.title, "year": year}
            lines = _sheet_lines(book, archive) if book is not None else no_lines
        else:
            encoding, count, sample = _encoding(file)
            yield {"rows": count, "sheet": "", "year": None}
            lines = no_lines if only_measure else _csv_lines(file, encoding, _dialect(sample))
        yield from _parts(_limited(lines))


def _parts(lines: Iterator[Line]) -> Iterator[list[Line]]:
    part, cells, text = list[Line](), 0, 0
    for line in lines:
        part.append(line)
        cells += len(line[1])
        text += sum(len(cell) for cell in line[1] if type(cell) is str)
        if cells >= PART or text >= PART_TEXT:
            yield part
            part, cells, text = [], 0, 0
    if part:
        yield part


def _limited(lines: Iterator[list[Cell]]) -> Iterator[Line]:
    """Lines with their numbers, empty ones left out; stops at the limits."""
    cells = 0
    for number, line in enumerate(lines, start=1):
        if not any(cell not in ("", None) for cell in line):
            continue
        cells += len(line)
        _within(number, len(line), cells)
        yield number, [cell[:LONGEST_CELL] if type(cell) is str else cell for cell in line]


def _within(rows: int, columns: int, cells: int) -> None:
    if rows > MOST_ROWS + 1:
        raise Unfit("too_many_rows", MOST_ROWS)
    if columns > MOST_COLUMNS:
        raise Unfit("too_many_columns", MOST_COLUMNS)
    if cells > MOST_CELLS:
        raise Unfit("too_many_cells", MOST_CELLS)


def is_workbook(file: BinaryIO) -> bool:
    """By content; anything but a workbook or text is refused in its own sentence."""
    start = file.read(4096)
    if start.startswith(b"PK"):
        return True
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unfit("file_password" if ENCRYPTED in start + file.read() else "file_old")
    for mark, code in DISGUISES:
        if start.startswith(mark):
            raise Unfit(code)
    if re.match(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|meta)", start, re.IGNORECASE):
        raise Unfit("file_markup")
    return False


# Workbooks


@dataclass(slots=True)
class _Archive:
    """What a workbook really holds, found by unpacking each part once, within limits."""

    file: BinaryIO
    archive: zipfile.ZipFile
    title: str = ""
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
        book, relations = self._text("xl/workbook.xml"), self._text("xl/_rels/workbook.xml.rels")
        self.title, self.sheet = _first_sheet(book, relations)
        for part in parts:
            self._part(part)
        if self.formula_marks > len(self.formulas):
            raise Unfit("file_formulas")
        width = max((_column_number(letters.decode()) for letters in self.columns), default=0)
        _within(self.rows, width, self.rows * width)

    def _refuse_kind(self, names: set[str], parts: list[zipfile.ZipInfo]) -> None:
        if "xl/workbook.bin" in names:
            raise Unfit("file_binary")
        if "xl/workbook.xml" not in names:
            document = any(name.startswith(("word/", "ppt/")) or name == "mimetype" for name in names)
            raise Unfit("file_document" if document else "file_archive")
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise Unfit("file_macros")
        if any(part.flag_bits & 1 for part in parts):
            raise Unfit("file_password")
        if len(parts) > MOST_PARTS or len(names) < len(parts):
            raise Unfit("file_bomb")

    def _text(self, name: str) -> str:
        """A small part as text."""
        part = self.archive.getinfo(name)
        if part.file_size > CHUNK:
            raise Unfit("file_bomb")
        return b"".join(self._inflate(part)).decode("utf-8", errors="replace")

    def _part(self, part: zipfile.ZipInfo) -> None:
        size, tail = 0, b""
        limit = LARGEST_STRINGS if part.filename.endswith("sharedStrings.xml") else LARGEST_UNPACKED
        for chunk in self._inflate(part):
            if size == 0 and (b"<!DOCTYPE" in chunk[:4096] or b"<!ENTITY" in chunk[:4096]):
                raise Unfit("file_entities")
            size += len(chunk)
            self.unpacked += len(chunk)
            if size > limit or self.unpacked > LARGEST_UNPACKED:
                raise Unfit("file_bomb")
            if part.filename == self.sheet:
                tail = self._scan(tail, chunk)
        if part.filename == self.sheet:
            self._cells(tail)
        if size != part.file_size:
            raise Unfit("file_bomb")

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
        row = text.rfind(b"<row ", max(0, cut - OVERLAP), cut)
        if row > 0 and b"<c " not in text[row:cut]:
            cut = row  # with its first cell
        if len(text) - cut > 4 * CHUNK:
            raise Unfit("file_bomb")
        self._cells(text[:cut])
        return text[cut:]

    def _cells(self, text: bytes) -> None:
        """Every position that an attribute `r` names counts, wherever it stands: parsers differ in which they take.

        Cells and rows that only carry a format do not: people format whole columns.
        """
        if b"/>" in text:
            text = BARE_ROW.sub(b"", BARE_CELL.sub(b"", text))
        self.columns.update(COLUMN.findall(text))
        for pattern in (ROW, FAR_ROW):
            self.rows = max(self.rows, *(int(number[:9]) for number in pattern.findall(text) or [b"0"]))
        if FORMULA_MARK.search(text):
            self.formula_marks += len(FORMULA_MARK.findall(text))
            self.formulas.update(
                (int(row), _column_number(letters.decode())) for letters, row in FORMULA_CELL.findall(text)
            )


BARE_CELL = re.compile(rb"<(?:\w+:)?c\s[^<>]*/>")
BARE_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*(?:/>|>\s*</(?:\w+:)?row>)")
COLUMN = re.compile(rb'\br\s*=\s*["\']?\s*([A-Za-z]{1,8})\d')
ROW = re.compile(rb'\br\s*=\s*["\']?\s*(\d+)')
FAR_ROW = re.compile(rb'\br\s*=\s*["\']?\s*[A-Za-z]{1,8}(\d{6,})')
FORMULA_MARK = re.compile(rb"<(?:\w+:)?f[\s/>]")
FORMULA_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Za-z]{1,3})(\d{1,7})"[^>]*>\s*<(?:\w+:)?f[\s/>]')


def _first_sheet(book: str, relations: str) -> tuple[str, str]:
    """Name and part of the first sheet that can be seen and holds data."""
    targets = {
        _attribute(one, "Id"): _attribute(one, "Target")
        for one in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", relations)
    }
    sheets = re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book)
    seen = [one for one in sheets if _attribute(one, "state") in ("", "visible")]
    data = [one for one in seen if _attribute(one, "name") not in (SUMMARY, META)]
    chosen = next(iter(data or seen or sheets), "")
    target = targets.get(_attribute(chosen, r"\w+:id"), "").removeprefix("/").removeprefix("xl/")
    return _attribute(chosen, "name"), f"xl/{target}" if target else ""


def _attribute(element: str, name: str) -> str:
    found = re.search(rf"""\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)')""", element)
    return html.unescape(found[1] or found[2] or "") if found else ""


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def measured(file: BinaryIO) -> _Archive:
    """A workbook that may be parsed. Raises Unfit."""
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        found = _Archive(file, archive)
        found.measure()
    return found


def _book(file: BinaryIO) -> CalamineWorkbook:
    file.seek(0)
    return CalamineWorkbook.from_filelike(file)


def _template_year(book: CalamineWorkbook) -> int | None:
    if META not in book.sheet_names:
        return None
    facts = {str(row[0]): row[1] for row in book.get_sheet_by_name(META).to_python() if len(row) > 1}
    year = str(facts.get("year", "")).removesuffix(".0")
    return int(year) if year.isdigit() and len(year) == 4 else None


def _sheet_lines(book: CalamineWorkbook, archive: _Archive) -> Iterator[list[Cell]]:
    sheet = book.get_sheet_by_name(archive.title)
    _above, left = sheet.start or (0, 0)  # empty rows above are given, empty columns before are not
    formulas = archive.formulas
    marked = {row for row, _column in formulas}
    for number, line in enumerate(sheet.iter_rows(), start=1):
        cells: list[Cell] = [*[""] * left, *line]
        if number in marked:
            cells = [FORMULA if (number, place) in formulas else cell for place, cell in enumerate(cells, 1)]
        yield cells


class reading_faults:  # noqa: N801  # reads as a statement
    """What the parsers raise on a broken file becomes one refusal; so do the panics of the native one."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, Unfit | GeneratorExit | BrokenPipeError | MemoryError):
            return
        module = type(error).__module__
        if isinstance(error, PARSER_FAULTS) or module.startswith(("python_calamine", "pyo3", "openpyxl")):
            raise Unfit("file_unreadable") from error


PARSER_FAULTS = (
    zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, RuntimeError, NotImplementedError,
    SyntaxError, zlib.error, struct.error, OverflowError, EOFError, csv.Error,
)  # fmt: skip


# Text


def _csv_lines(file: BinaryIO, encoding: str, dialect: type[csv.Dialect]) -> Iterator[list[Cell]]:
    file.seek(0)
    yield from csv.reader(io.TextIOWrapper(file, encoding=encoding, newline=""), dialect=dialect)


def _dialect(text: str) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = max((",", ";", "\t"), key=text.split("\n", 1)[0].count)

    return Found


def _encoding(file: BinaryIO) -> tuple[str, int, str]:
    """The encoding in which the whole file can be read, its number of lines, its beginning as text."""
    file.seek(0)
    wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        found = _decoded(file, encoding)
        if found is not None:
            if "\x00" in found[1]:
                raise Unfit("file_unreadable")
            return encoding, *found
    raise Unfit("file_encoding")


def _decoded(file: BinaryIO, encoding: str) -> tuple[int, str] | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, sample = 0, ""
    file.seek(0)
    try:
        while data := file.read(CHUNK):
            text = decoder.decode(data)
            sample = sample or text[:4096]
            lines += text.count("\n")
        decoder.decode(b"", final=True)
    except UnicodeError:
        return None
    return lines, sample

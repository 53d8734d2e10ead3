"""Whole workbooks by openpyxl, run in a confined child only: the cells of a small one, and one given back with its faults."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill

from .parsers import is_workbook, measured, reading_faults


def cells(file: BinaryIO, *, rows: int, columns: int) -> Iterator[Any]:
    """Each sheet of a small workbook: [name, rows of [value, kind of cell]], up to so many rows and columns."""
    with reading_faults():
        is_workbook(file)
        measured(file)
        file.seek(0)
        for sheet in load_workbook(file, keep_links=False).worksheets:
            lines = sheet.iter_rows(max_row=min(rows, sheet.max_row), max_col=columns)
            yield [sheet.title, [[[cell.value, cell.data_type] for cell in line] for line in lines]]


def annotated(
    file: BinaryIO,
    *,
    marks: Sequence[tuple[str, str, str]],
    title: str,
    lines: Sequence[Sequence[Any]],
    folder: str,
) -> Iterator[bytes]:
    """The workbook with its wrong cells coloured and explained, and a sheet `title` in front whose last lines lead to them.

    `marks`: (sheet, cell, why), one for each of the last lines. `folder` takes what the writer needs meanwhile.
    """
    tempfile.tempdir = folder
    red, blue = PatternFill("solid", fgColor="FDECEA"), Font(color="1557B0", underline="single")
    with reading_faults():
        book = load_workbook(file)
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        for name, place, why in marks:
            cell = sheets[name][place]
            if not isinstance(cell, MergedCell):
                cell.fill = red
                cell.comment = Comment(_explained(cell.comment, why), "Innovscore", width=280, height=90)
        if title in book.sheetnames:
            del book[title]
        front = book.create_sheet(title, 0)
        for line in lines:
            front.append(list(line))
        for row, (name, place, _why) in enumerate(marks, start=len(lines) - len(marks) + 1):
            cell = front.cell(row=row, column=1)
            cell.hyperlink, cell.font = f"#'{name}'!{place}", blue
        for letters, width in zip("ABCD", (14, 28, 36, 60), strict=True):
            front.column_dimensions[letters].width = width
        book.active = 0
        for one in book.worksheets:
            one.sheet_view.tabSelected = one is front
        buffer = io.BytesIO()
        book.save(buffer)
    yield buffer.getvalue()


def _explained(comment: Any, why: str) -> str:
    """The reason, after a note that the user had there."""
    earlier = f"{comment.text}\n" if comment is not None and why not in comment.text else ""
    return f"{earlier}{why}"[:2000]

"""Reading uploaded tables within limits: XLSX by content, CSV in UTF-8, UTF-16 or GB18030; rows come one at a time.

The file is parsed in a confined child (`parsers`), which streams the rows; here its refusals become sentences.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy

from innovscore.core import confined
from innovscore.core.confined import Limits
from innovscore.core.problems import Refused

from .parsers import Cell, Line

LARGEST_FILE = 30 * 1024 * 1024
WEB = Limits(memory=256 << 20, seconds=10)
"""What a parser may take while somebody waits."""
JOB = Limits(memory=400 << 20, seconds=120)
"""What a parser may take in a job: 100,000 rows of 40 columns need their room."""
HEAD_ROWS = 10
"""Rows among which the heads are looked for: titles and merged cells may stand above."""
KEY_HEADS = {
    "uscc", "统一社会信用代码", "信用代码", "社会信用代码", "纳税人识别号", "统一社会信用代码（纳税人识别号）", "统一社会信用代码/纳税人识别号",
}  # fmt: skip
"""How departments head the column that names the firm."""
Source = bytes | Path
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
    "file_heavy": gettext_lazy(
        "读取此文件所需的内存或时间超出上限，已停止。请只保留数据、清除多余格式后另存为新文件，或拆分后上传。"
    ),
    "file_formulas": gettext_lazy("文件中有无法定位的公式，请全选后“粘贴为数值”再上传。"),
    "too_many_rows": gettext_lazy("超过 %(n)s 行，请拆分后上传；末尾有空行的请删去。"),
    "too_many_columns": gettext_lazy("超过 %(n)s 列，请删去不需要的列。"),
    "too_many_cells": gettext_lazy("超过 %(n)s 个单元格，请拆分后上传。"),
    "no_rows": gettext_lazy("没有读到数据行。第一行应为表头，请使用下载的模板。"),
}


@dataclass(slots=True)
class Reading:
    """Heads, and the rows below with their numbers in the file, which come while they are asked for, once.

    `total` is a guess for progress.
    """

    heads: list[str]
    rows: Iterable[Line]
    total: int = 0
    year: int | None = None
    """The year of the template it was filled from, when it says so."""
    sheet: str = ""


def refuse(code: str, most: int = 0) -> Refused:
    """The refusal of a file, in the sentence of its code."""
    return Refused(
        code=code, field="file", message=str(SENTENCES[code]) % {"n": most} if most else SENTENCES[code]
    )


def measure(source: Source) -> int:
    """Rows of a file that is only measured, not parsed. Raises Refused saying what is wrong with the file."""
    _sized(source)
    with refusals(), closing(confined.run(PARSE, source, WEB, only_measure=True)) as values:
        return int(next(values)["rows"])


def open_table(source: Source, limits: Limits = WEB) -> Reading:
    """The heads of the first sheet that can be seen (or CSV) and the rows below, streamed. Raises Refused, also while
    rows are read. The heads are the first of ten rows that names the firm's column, else that has two texts."""
    _sized(source)
    values = _values(source, limits)
    about = next(values)
    lines = (line for part in values for line in part)
    top = list(itertools.islice(lines, HEAD_ROWS))
    place = _head_place(top)
    if place is None or len(top) == place + 1:
        raise refuse("no_rows")
    heads = [_head(cell) for cell in top[place][1]]
    return Reading(
        heads, itertools.chain(top[place + 1 :], lines), about["rows"], about["year"], about["sheet"]
    )


def read_table(source: Source, limits: Limits = JOB) -> Reading:
    """The table as a whole, its rows in a list."""
    reading = open_table(source, limits)
    reading.rows = list(reading.rows)
    return reading


PARSE = "enterprises.services.parsers:table"


def _sized(source: Source) -> None:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not size:
        raise refuse("file_empty")
    if size > LARGEST_FILE:
        raise refuse("file_too_large")


def _values(source: Source, limits: Limits) -> Iterator[Any]:
    with refusals():
        yield from confined.run(PARSE, source, limits)


@contextmanager
def refusals() -> Iterator[None]:
    """What a confined parser says becomes a sentence."""
    try:
        yield
    except confined.Unfit as unfit:
        raise refuse(unfit.code, unfit.most) from unfit
    except confined.Excess as excess:
        raise refuse("file_heavy") from excess


def _head_place(top: list[Line]) -> int | None:
    named = (n for n, (_number, cells) in enumerate(top) if any(is_key_head(_head(cell)) for cell in cells))
    wide = (n for n, (_number, cells) in enumerate(top) if sum(bool(_head(cell)) for cell in cells) > 1)
    return next(named, next(wide, 0 if top else None))


def is_key_head(head: str) -> bool:
    """Does this column name the firm?"""
    return "".join(head.split()).lower().replace("(", "（").replace(")", "）") in KEY_HEADS


def _head(cell: Cell) -> str:
    return " ".join(str(cell if cell is not None else "").split())[:200]


def column_letters(number: int) -> str:
    """Spreadsheet letters of a column counted from 1: 1 -> A, 27 -> AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters

"""What every list has in common: filter, sort, pages, export. One call in a view.

page = listing(request, queryset, filterset=..., columns=(...), filename="...")
if isinstance(page, HttpResponse): return page      # an export
return render(request, "...", {"page": page})
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django.core.paginator import Page, Paginator
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django_filters import FilterSet

from innovscore.core.problems import Refused

from .clock import BEIJING
from .heads import HEADS

PAGE_SIZES = (20, 50, 100)
EXPORT_LIMIT = 100_000
"""Rows of a file; a longer list is narrowed first, never cut."""
AT_ONCE = 2_000
WIDTH = 18
"""Characters of a column of an exported sheet."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list, all that was `found`, the filter form and the state of the sorting."""

    rows: Page
    found: QuerySet[Any]
    filterset: FilterSet | None
    sort: str
    sortable: frozenset[str]
    size: int
    query: str
    is_filtered: bool

    def __iter__(self) -> Any:
        return iter(self.rows)


def listing(
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    filterset: Callable[..., FilterSet] | None = None,
    columns: Sequence[str] = (),
    filename: str = "export",
    sortable: Sequence[str] = (),
) -> Listing | HttpResponse:
    """Filter, sort and cut a queryset by the request's query string; `?export=csv|xlsx` gives a file.

    `columns` are the attribute paths of the export (their heads stand in `HEADS`), `sortable` the fields a reader may sort by.
    """
    filtered = filterset(request.GET, queryset=queryset, request=request) if filterset else None
    rows = filtered.qs if filtered is not None else queryset
    allowed = frozenset(sortable)
    sort = request.GET.get("sort", "")
    if sort.removeprefix("-") in allowed:
        rows = rows.order_by(sort, "pk")
    export = request.GET.get("export")
    if export in ("csv", "xlsx") and columns:
        return export_rows(_whole(rows), columns=columns, filename=filename, kind=export)
    size = next((size for size in PAGE_SIZES if str(size) == request.GET.get("size")), PAGE_SIZES[0])
    query = request.GET.copy()
    for key in ("page", "export"):
        query.pop(key, None)
    return Listing(
        rows=Paginator(rows, size).get_page(request.GET.get("page")),
        found=rows,
        filterset=filtered,
        sort=sort,
        sortable=allowed,
        size=size,
        query=query.urlencode(),
        is_filtered=any(value for key, value in query.items() if key not in ("sort", "size")),
    )


def _whole(rows: QuerySet[Any]) -> Iterable[Any]:
    """All rows, a part in memory at a time. Raises Refused when they are too many for a file."""
    count = rows.count()
    if count > EXPORT_LIMIT:
        raise Refused(
            code="export_too_long",
            message=_("共 %(n)s 行，一次最多导出 %(most)s 行。请先筛选，再导出。")
            % {"n": f"{count:,}", "most": f"{EXPORT_LIMIT:,}"},
        )
    return rows.iterator(chunk_size=AT_ONCE)


def export_rows(rows: Iterable[Any], *, columns: Sequence[str], filename: str, kind: str) -> HttpResponse:
    """A CSV (UTF-8 with BOM) or XLSX download, written row by row; no cell can be a live formula."""
    table = ([_value(row, column) for column in columns] for row in rows)
    heads = [str(HEADS.get(f"{filename}:{column}") or HEADS.get(column) or column) for column in columns]
    return _xlsx(heads, table, filename) if kind == "xlsx" else _csv(heads, table, filename)


def safe_text(value: object) -> str:
    """Text of a cell that no spreadsheet program takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) and not isinstance(value, int | Decimal) else text


def _value(row: Any, path: str) -> Any:
    value = row
    for name in path.split("__"):
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
        value = value() if callable(value) else value
    if isinstance(value, dt.datetime):
        return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, DateRange | DateTimeTZRange):
        return f"{_day(value.lower)} – {_day(value.upper)}"
    return "；".join(map(str, value)) if isinstance(value, list) else value


def _day(end: dt.date | None) -> str:
    return str(end.astimezone(BEIJING).date() if isinstance(end, dt.datetime) else end or "")


def _csv(heads: list[str], table: Iterable[list[Any]], filename: str) -> HttpResponse:
    buffer = io.StringIO()
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    writer.writerow(heads)
    writer.writerows([safe_text(cell) for cell in row] for row in table)
    return download(buffer.getvalue(), "text/csv; charset=utf-8", f"{filename}.csv")


def _xlsx(heads: list[str], table: Iterable[list[Any]], filename: str) -> HttpResponse:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(
        buffer, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    ) as book:
        sheet, money = book.add_worksheet(), book.add_format({"num_format": "#,##0.00"})
        sheet.set_row(0, None, book.add_format({"bold": True}))
        sheet.set_column(0, len(heads) - 1, WIDTH)
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(itertools.chain([heads], table)):
            for column, cell in enumerate(row):
                if isinstance(cell, int | Decimal):
                    is_money = isinstance(cell, Decimal) and cell.as_tuple().exponent == -2
                    sheet.write_number(number, column, cell, money if is_money else None)
                else:
                    sheet.write_string(number, column, safe_text(cell))
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return download(buffer.getvalue(), kind, f"{filename}.xlsx")


def download(content: str | bytes, kind: str, filename: str) -> HttpResponse:
    """A file to be saved; `kind` is its media type."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(filename)}"
    return response

"""Tables in and out: CSV, Parquet, XLSX to plain rows, by column name or through a mapping file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from python_calamine import CalamineError

from .errors import FactsError
from .facts import fact_row
from .scheme import Input, Scheme


@dataclass(frozen=True)
class Table:
    """Rows that can be used, rejects as (line, id, reason), and notes on columns nobody reads."""

    rows: list[dict[str, Any]]
    rejects: list[tuple[int, str, str]]
    notes: list[str]


@dataclass(frozen=True)
class ColumnMap:
    """A mapping file: id and group column, and for each input its column and the factor to its unit (yuan)."""

    id: str = "id"
    group: str = "group"
    columns: Mapping[str, tuple[str, Decimal]] | None = None


def read_mapping(path: Path | None) -> ColumnMap:
    """id: external_id / group: industry / columns: {input: column} or {input: {column: c, factor: 10000}}."""
    if path is None:
        return ColumnMap()
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, ValueError) as error:
        raise FactsError(f"{path}: not a mapping file: {error}") from error
    if not isinstance(body, dict) or set(body) - {"id", "group", "columns"}:
        raise FactsError(f"{path}: a mapping file has the keys id, group and columns, and no others")
    columns = body.get("columns") or {}
    if not isinstance(columns, dict):
        raise FactsError(f"{path}: columns: a line 'input: column' for each input is needed")
    found = {str(code): _column(f"{path}: columns.{code}", value) for code, value in columns.items()}
    return ColumnMap(str(body.get("id", "id")), str(body.get("group", "group")), found)


def _column(where: str, value: Any) -> tuple[str, Decimal]:
    """The column of an input, and what its numbers are multiplied by."""
    column, factor = (value.get("column"), value.get("factor", 1)) if isinstance(value, dict) else (value, 1)
    if not isinstance(column, str | int) or (isinstance(value, dict) and set(value) - {"column", "factor"}):
        raise FactsError(f"{where}: a column is needed, or {{column: …, factor: …}}")
    try:
        number = plain_number(str(factor))
    except ValueError as error:
        raise FactsError(f"{where}: factor: {factor!r} is {error}") from error
    if number <= 0:
        raise FactsError(f"{where}: a factor is above 0, not {factor}")
    return str(column), number


def read_frame(path: Path) -> pd.DataFrame:
    """All cells as text, empty = missing. Raises FactsError when the file is no table of its kind."""
    try:
        frame = _read(path)
    except pd.errors.EmptyDataError as error:
        raise FactsError(f"{path}: the file is empty") from error
    except UnicodeDecodeError as error:
        raise FactsError(f"{path}: not UTF-8 text; save the file as CSV UTF-8") from error
    except (ValueError, CalamineError) as error:  # what pandas and pyarrow say of a broken file
        raise FactsError(f"{path}: not a readable {path.suffix[1:] or 'table'} file: {error}") from error
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise FactsError(f"{path}: column {twice[0]!r} is there twice")
    return frame


def _read(path: Path) -> pd.DataFrame:
    """Cells by row number (the names are row 1); rows without anything are left out."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        frame = pd.read_parquet(path)
        frame = frame.astype(object).where(frame.notna(), "").map(str)
        return frame.set_axis(range(2, len(frame) + 2))
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "header": None}
    if kind == ".xlsx":
        frame = pd.read_excel(path, engine="calamine", **options)
    else:
        frame = pd.read_csv(path, encoding="utf-8-sig", skip_blank_lines=False, **options)
    frame = frame.fillna("").set_axis(range(1, len(frame) + 1))
    # The first row is taken as names here: pandas would rename a column that is there twice without a word.
    names = [str(name).strip() for name in frame.iloc[0]] if len(frame) else []
    cells = frame.iloc[1:].set_axis(names, axis="columns")
    return cells[(cells != "").any(axis=1)]


def read_rows(path: Path, scheme: Scheme, mapping: ColumnMap) -> Table:
    """Read a file of facts; every row ends up in `rows` or, with the reason, in `rejects`."""
    frame = read_frame(path)
    columns = mapping.columns or {item.code: (item.code, Decimal(1)) for item in scheme.inputs}
    _check_columns(frame, scheme, mapping, columns)
    table = Table([], [], [])
    seen: set[str] = set()
    for line, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        unit = unicodedata.normalize("NFKC", str(cells[mapping.id])).strip()
        try:
            row = _row(unit, {str(k): str(v) for k, v in cells.items()}, scheme, mapping, columns)
            _check_id(unit, seen)
            fact_row(scheme, row)
            seen.add(unit)
            table.rows.append(row)
        except (ValueError, ArithmeticError) as error:
            table.rejects.append((int(line), unit, str(error).removeprefix(f"{unit}: ")))
    table.notes.extend(_notes(frame, scheme, mapping, columns))
    return table


def _check_id(unit: str, seen: set[str]) -> None:
    if not unit:
        raise ValueError("no id")
    if unit in seen:
        raise ValueError("the id occurs twice")
    if len(unit) > LONGEST_ID or not unit.isprintable():
        raise ValueError(f"an id has at most {LONGEST_ID} characters, and none that cannot be seen")


def _notes(
    frame: pd.DataFrame, scheme: Scheme, mapping: ColumnMap, columns: Mapping[str, tuple[str, Decimal]]
) -> Iterator[str]:
    """What a reader may have overlooked: columns that nothing reads, inputs that no column gives."""
    read = {columns[item.code][0]: item.code for item in scheme.inputs if item.code in columns}
    known = {mapping.id, mapping.group, *read, *(item.column for item in scheme.penalties)}
    known |= {f"{item.code}.state" for item in scheme.inputs}
    unread = [str(column) for column in frame.columns if str(column) not in known]
    if unread:
        yield f"columns not read: {', '.join(unread)}"
    there = {read[column] for column in map(str, frame.columns) if column in read}
    missing = [item.code for item in scheme.inputs if item.code not in there]
    if missing:
        yield f"inputs without a column, missing for every unit: {', '.join(missing)}"


def _check_columns(
    frame: pd.DataFrame, scheme: Scheme, mapping: ColumnMap, columns: Mapping[str, Any]
) -> None:
    if mapping.id not in frame.columns:
        found = ", ".join(map(str, frame.columns[:SHOWN]))
        raise FactsError(f"there is no id column {mapping.id!r}; the columns are: {found or 'none'}")
    for code, (column, _factor) in columns.items():
        if code not in scheme.input_by_code:
            raise FactsError(f"mapping: {code!r} is not an input of the scheme")
        if mapping.columns and column not in frame.columns:
            raise FactsError(f"mapping: the file has no column {column!r}")


def _row(
    unit: str, cells: Mapping[str, str], scheme: Scheme, mapping: ColumnMap, columns: Mapping[str, Any]
) -> dict[str, Any]:
    row: dict[str, Any] = {"id": unit, "group": cells.get(mapping.group, "").strip()}
    if row["group"] and not scheme.group_column and row["group"] not in scheme.group_codes:
        raise ValueError(f"there is no group {row['group']!r}")
    for item in scheme.inputs:
        column, factor = columns.get(item.code, (item.code, Decimal(1)))
        text = unicodedata.normalize("NFKC", cells.get(column, "")).strip()
        try:
            row[item.code] = _value(item, text, factor)
        except (ValueError, ArithmeticError) as error:
            raise ValueError(f"{column}: {text!r} cannot be read: {error}") from error
        if state := cells.get(f"{item.code}.state", "").strip():
            row[f"{item.code}.state"] = state
    for penalty in scheme.penalties:
        row[penalty.column] = _truth(penalty.column, cells.get(penalty.column, ""))
    return row


def _value(item: Input, text: str, factor: Decimal) -> Any:
    if text.lower() in ("", "n/a"):
        return text.lower() or None
    if item.is_list and item.levels:
        # "-" says: the list is known and empty.
        entries = [part.strip() for part in text.split(";") if part.strip() not in ("", "-", "0")]
        return [tuple(_ranked(entry)) if item.ranks else entry for entry in entries]
    number = plain_number(text) * factor
    if item.type not in ("money", "number") and number != number.to_integral_value():
        raise ValueError("a whole number is needed")
    return number


LONGEST_ID = 500
SHOWN = 20
MOST_DIGITS = 30  # on either side of the point: money and counts have fewer
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_YES, _NO = ("1", "true", "yes", "y", "x", "是"), ("", "0", "false", "no", "n", "否")


def plain_number(text: str) -> Decimal:
    """1234.5, 1,234.5 or 1.2345e3; a comma anywhere but between thousands is refused: 12,5 is not 125."""
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    try:
        if "_" in text:
            raise InvalidOperation
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("no number") from error
    if not number.is_finite():
        raise ValueError("not a finite number")
    if number and abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError("too large or too small")
    return number


def _truth(column: str, text: str) -> bool:
    word = unicodedata.normalize("NFKC", text).strip().lower().removesuffix(".0")
    if word not in _YES + _NO:
        raise ValueError(f"{column}: {text!r} is neither yes nor no")
    return word in _YES


def _ranked(entry: str) -> tuple[str, str]:
    """ "national_2#1" = level and place among the completing units."""
    level, _, place = entry.partition("#")
    return level, place


def read_comparisons(path: Path | None) -> dict[tuple[str, str], float]:
    """Columns a, b, ratio: a outweighs b `ratio` times (5, 0.2 or 1/5)."""
    if path is None:
        return {}
    frame = read_frame(path)
    if not {"a", "b", "ratio"} <= set(frame.columns):
        raise FactsError(f"{path}: the columns a, b and ratio are needed")
    found: dict[tuple[str, str], float] = {}
    for line, cells in zip(frame.index, frame.to_dict("records"), strict=True):
        try:
            upper, _, lower = str(cells["ratio"]).partition("/")
            ratio = Decimal(upper.strip()) / Decimal(lower.strip() or 1)
        except (InvalidOperation, ArithmeticError) as error:
            raise FactsError(f"{path} row {line}: {cells['ratio']!r} is no ratio") from error
        if not ratio.is_finite() or not Decimal(1) / 9 - Decimal("0.001") <= ratio <= 9:
            raise FactsError(f"{path} row {line}: a ratio lies between 1/9 and 9, not {cells['ratio']}")
        found[str(cells["a"]).strip(), str(cells["b"]).strip()] = float(ratio)
    return found


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """CSV, Parquet or XLSX by the file's ending; text that a spreadsheet would run as a formula stays text."""
    kind = path.suffix.lower()
    if kind == ".parquet":
        frame.to_parquet(path, index=False)
    elif kind == ".csv":
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    elif kind == ".xlsx":
        options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
        with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as book:
            frame.to_excel(book, index=False, freeze_panes=(1, 1))
    else:
        raise FactsError(f"{path}: write .csv, .parquet or .xlsx")

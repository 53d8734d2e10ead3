"""Tables in and out: CSV, Parquet, XLSX to plain rows, by column name or through a mapping file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = {}
        for code, value in (body.get("columns") or {}).items():
            column, factor = (
                (value["column"], value.get("factor", 1)) if isinstance(value, dict) else (value, 1)
            )
            found[code] = (str(column), Decimal(str(factor)))
        return ColumnMap(str(body.get("id", "id")), str(body.get("group", "group")), found)
    except (yaml.YAMLError, AttributeError, KeyError, InvalidOperation) as error:
        raise FactsError(f"{path}: not a mapping file: {error}") from error


def read_frame(path: Path) -> pd.DataFrame:
    """All cells as text, empty = missing. Raises FactsError when the file is no table of its kind."""
    try:
        frame = _read(path)
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
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        frame = frame.astype(object).where(frame.notna(), "").map(str)
        return frame.set_axis(range(2, len(frame) + 2))
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "header": None}
    if path.suffix == ".xlsx":
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
            if not unit or unit in seen:
                raise ValueError("no id" if not unit else "the id occurs twice")
            fact_row(scheme, row)
            seen.add(unit)
            table.rows.append(row)
        except (ValueError, ArithmeticError) as error:
            table.rejects.append((int(line), unit, str(error).removeprefix(f"{unit}: ")))
    used = {column for column, _ in columns.values()} | {mapping.id, mapping.group}
    unread = [
        str(c) for c in frame.columns if c not in used and str(c).split(".")[0] not in ("penalty", *columns)
    ]
    if unread:
        table.notes.append(f"columns not read: {', '.join(unread)}")
    return table


def _check_columns(
    frame: pd.DataFrame, scheme: Scheme, mapping: ColumnMap, columns: Mapping[str, Any]
) -> None:
    if mapping.id not in frame.columns:
        raise FactsError(f"there is no id column {mapping.id!r}")
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
        if not Decimal(1) / 9 - Decimal("0.001") <= ratio <= 9:
            raise FactsError(f"{path} row {line}: a ratio lies between 1/9 and 9, not {cells['ratio']}")
        found[str(cells["a"]).strip(), str(cells["b"]).strip()] = float(ratio)
    return found


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """CSV, Parquet or XLSX by the file's ending; text that a spreadsheet would run as a formula stays text."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    elif path.suffix == ".xlsx":
        options = {"strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
        with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as book:
            frame.to_excel(book, index=False, freeze_panes=(1, 1))
    else:
        raise FactsError(f"{path}: write .csv, .parquet or .xlsx")

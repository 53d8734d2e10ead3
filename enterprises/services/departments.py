"""Department data: upload, map columns, check every cell, then write; nothing is ever overwritten."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core import uscc as codes
from innovscore.core.money import UNITS, NotANumber, parse_money, parse_number
from innovscore.core.problems import Conflict, Refused
from parks import audit, jobs
from parks.actors import Actor
from parks.bulk import copy_rows
from parks.clock import db_now
from scoring.engine import Scheme

from ..models import Cycle, DepartmentBatch, DepartmentValue, Enterprise
from ..states import BatchState
from . import prefill
from .spreadsheets import Table, read_table

APPLY = "enterprises.apply_batch"
MOST_FAULTS = 500
GoodValue = tuple[str, str, str | None, str | None]
"""USCC, input code, amount, list items as JSON."""
KEY_HEADS = {"uscc", "统一社会信用代码", "信用代码", "社会信用代码"}
BY_USCC, BY_EXTERNAL_ID = "uscc", "external_id"
FACTORS = {"1": "", "10000": "万元", "100000000": "亿元"}
"""Factors to yuan of a mapping file, as units."""
REASONS = {
    "empty": gettext_lazy("没有数值"),
    "approximate": gettext_lazy("不能是约数"),
    "range": gettext_lazy("不能是区间"),
    "form": gettext_lazy("不是数字"),
    "too_large": gettext_lazy("数值过大"),
    "precision": gettext_lazy("小数位过多"),
}


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds what: `key` the enterprise, `columns` head -> (input code, unit of its money).

    `by` says what the key column holds: the USCC, or the id of an external register.
    """

    key: str
    columns: dict[str, tuple[str, str]]
    by: str = BY_USCC

    def as_data(self) -> dict[str, Any]:
        columns = {head: {"input": code, "unit": unit} for head, (code, unit) in self.columns.items()}
        return {"key": self.key, "by": self.by, "columns": columns}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ColumnMapping:
        """From a mapping file: {key, columns: {head: {input, unit}}}, or as the engine reads it, by an external id:
        {id, columns: {input: {column, factor}}}. Raises Refused naming the key that is wrong."""
        try:
            if "id" in data:
                return cls(
                    str(data["id"]),
                    dict(_engine_column(*pair) for pair in data["columns"].items()),
                    BY_EXTERNAL_ID,
                )
            columns = {
                str(head): (str(entry["input"]), str(entry.get("unit", "")))
                for head, entry in data["columns"].items()
            }
            return cls(
                str(data["key"]), columns, BY_EXTERNAL_ID if data.get("by") == BY_EXTERNAL_ID else BY_USCC
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise Refused(
                code="mapping_wrong",
                field="mapping",
                message=_("映射文件缺少或写错了 %(key)s。") % {"key": error},
            ) from error


def _engine_column(code: str, entry: Any) -> tuple[str, tuple[str, str]]:
    if not isinstance(entry, Mapping):
        return str(entry), (str(code), "")
    return str(entry["column"]), (str(code), FACTORS[str(entry.get("factor", 1))])


@dataclass(slots=True)
class Report:
    """What a dry run found. A fault names row, column, the text and why."""

    read: int = 0
    matched: int = 0
    unmatched: list[str] = field(default_factory=list)
    values: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    fault_count: int = 0
    bad_rows: int = 0

    def fault(self, row: int, column: str, text: object, why: str) -> None:
        self.fault_count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"row": row, "column": column, "text": str(text)[:80], "why": why})

    def as_data(self) -> dict[str, Any]:
        return {
            "read": self.read, "matched": self.matched, "unmatched": self.unmatched[:MOST_FAULTS], "unmatched_count": len(self.unmatched),
            "values": self.values, "faults": self.faults, "fault_count": self.fault_count, "bad_rows": self.bad_rows,
        }  # fmt: skip


def guess_mapping(scheme: Scheme, heads: list[str]) -> ColumnMapping:
    """Columns by input code or Chinese name; a unit in brackets (万元, 元) is understood."""
    by_name = {item.code: item for item in scheme.inputs} | {_wide(item.zh): item for item in scheme.inputs}
    key, columns = "", {}
    for head in heads:
        bare, unit = _split_unit(head)
        if bare.lower() in KEY_HEADS or bare in KEY_HEADS:
            key = head
        elif bare in by_name:
            item = by_name[bare]
            columns[head] = (item.code, (unit or "万元") if item.type == "money" else "")
    return ColumnMapping(key, columns)


def _wide(head: str) -> str:
    """Brackets of either width are the same."""
    return head.replace("(", "（").replace(")", "）").strip()


def _split_unit(head: str) -> tuple[str, str]:
    """A head without its unit of money, and the unit; other brackets belong to the name."""
    text = _wide(head)
    bare, _sep, unit = text.removesuffix("）").rpartition("（")
    return (bare.strip(), unit.strip()) if text.endswith("）") and unit.strip() in UNITS else (text, "")


def upload(
    *,
    by: Actor,
    cycle: Cycle,
    source: str,
    as_of: dt.date,
    data: bytes,
    filename: str,
    mapping: ColumnMapping | None = None,
) -> DepartmentBatch:
    """Keep a file and check it. Raises Conflict when this file was written already, Refused when it cannot be read."""
    digest = hashlib.sha256(data).hexdigest()
    if DepartmentBatch.objects.filter(
        year=cycle.year, source=source, sha256=digest, state=BatchState.APPLIED
    ).exists():
        raise Conflict(
            code="same_file", field="file", message=_("这个文件已经写入过，内容没有变化，无需再次导入。")
        )
    scheme = scheme_of(cycle.scheme_version)
    table = read_table(data, filename)
    chosen = mapping or guess_mapping(scheme, table.heads)
    report = _first_check(scheme, table, chosen)
    path = file_path(digest)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(data)
    with transaction.atomic():
        batch = DepartmentBatch.objects.create(
            year=cycle.year, source=source, as_of=as_of, filename=filename[:200], sha256=digest, mapping=chosen.as_data(),
            state=BatchState.CHECKED, rows_read=report.read, rows_refused=report.bad_rows, report=report.as_data(),
            uploaded_by_ref=by.person_id, uploaded_by_name=by.person_name,
        )  # fmt: skip
        audit.record(by=by, action="batch.uploaded", obj=batch, after={"sha256": digest, "rows": report.read})
    return batch


def _first_check(scheme: Scheme, table: Table, mapping: ColumnMapping) -> Report:
    """The report; a file whose heads say nothing is kept too, its columns are chosen afterwards."""
    try:
        return check(scheme, table, mapping)[0]
    except Refused as refused:
        if refused.code not in ("no_key_column", "no_value_columns"):
            raise
        return Report(read=len(table.rows))


def remap(*, by: Actor, batch: DepartmentBatch, cycle: Cycle, mapping: ColumnMapping) -> DepartmentBatch:
    """Check the kept file again with other columns."""
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state != BatchState.CHECKED:
            raise Conflict(code="not_checked", message=_("这个批次已写入或已失败，不能再改映射。"))
        report, _values = check(scheme_of(cycle.scheme_version), _table(locked), mapping)
        locked.mapping, locked.report = mapping.as_data(), report.as_data()
        locked.rows_read, locked.rows_refused = report.read, report.bad_rows
        locked.save()
        audit.record(by=by, action="batch.mapped", obj=locked)
    return locked


def file_path(digest: str) -> Path:
    return Path(settings.EVIDENCE_ROOT) / "batches" / digest[:2] / digest


def _table(batch: DepartmentBatch) -> Table:
    return read_table(file_path(batch.sha256).read_bytes(), batch.filename)


def heads_of(batch: DepartmentBatch) -> list[str]:
    """Column heads of the kept file, for choosing."""
    return _table(batch).heads


def check(scheme: Scheme, table: Table, mapping: ColumnMapping) -> tuple[Report, list[GoodValue]]:
    """Read every mapped cell. Gives the report and the good values."""
    if mapping.key not in table.heads:
        raise Refused(
            code="no_key_column",
            field="mapping",
            message=_("没有找到“统一社会信用代码”列，请选择哪一列是它。"),
        )
    places = {head: table.heads.index(head) for head in mapping.columns if head in table.heads}
    if not places:
        raise Refused(
            code="no_value_columns",
            field="mapping",
            message=_("没有一列对应到指标，请使用模板，或在映射中选择。"),
        )
    reading = _Reading(scheme, mapping, places, table.heads.index(mapping.key), _known(mapping.by))
    values = [value for number, row in table.rows for value in reading.row(number, row)]
    reading.report.values = len(values)
    return reading.report, values


def _known(by: str) -> dict[str, str]:
    """USCC by normalised key of the firms that belong to the park."""
    members = Enterprise.objects.filter(member_to__isnull=True).exclude(**{by: ""}).values_list(by, "uscc")
    return {codes.normalise(key): uscc for key, uscc in members}


def key_text(cell: object) -> str:
    """An id as text; spreadsheets give whole numbers as floats."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell or "").strip()


@dataclass(slots=True)
class _Reading:
    """One pass over the rows of a table; `places` are the mapped heads with their position."""

    scheme: Scheme
    mapping: ColumnMapping
    places: dict[str, int]
    key_place: int
    known: dict[str, str]
    report: Report = field(default_factory=Report)
    seen: set[str] = field(default_factory=set)

    def row(self, number: int, row: list[Any]) -> list[GoodValue]:
        """The good values of a row; what is wrong goes into the report."""
        self.report.read += 1
        before = self.report.fault_count
        key = codes.normalise(key_text(row[self.key_place] if self.key_place < len(row) else ""))
        good = self._values(number, row, self.known[key]) if self._counts(number, key) else []
        self.report.bad_rows += int(self.report.fault_count > before)
        return good

    def _counts(self, number: int, key: str) -> bool:
        if key not in self.known:
            self.report.unmatched.append(f"{number}: {key or '—'}")
            self.report.fault(number, self.mapping.key, key, _("园区内没有这家企业"))
            return False
        if key in self.seen:
            self.report.fault(number, self.mapping.key, key, _("同一企业出现两次"))
            return False
        self.seen.add(key)
        self.report.matched += 1
        return True

    def _values(self, number: int, row: list[Any], uscc: str) -> list[GoodValue]:
        good = []
        for head, place in self.places.items():
            code, unit = self.mapping.columns[head]
            item = self.scheme.input_by_code.get(code)
            cell = row[place] if place < len(row) else ""
            if item is None or cell in ("", None):
                continue
            try:
                amount, entries = _value(item, cell, unit)
            except NotANumber as error:
                self.report.fault(number, head, cell, str(REASONS[error.code]))
            except ValueError as error:
                self.report.fault(number, head, cell, str(error))
            else:
                good.append((uscc, code, amount, entries))
        return good


def _value(item: Any, cell: object, unit: str) -> tuple[str | None, str | None]:
    """(amount, entries as JSON) of one cell. Raises NotANumber or ValueError with the reason."""
    if isinstance(cell, bool | dt.date | dt.datetime | dt.time | dt.timedelta):
        raise NotANumber("form")
    text = f"{Decimal(repr(cell)):f}" if isinstance(cell, float) else str(cell)
    if text.startswith("="):
        raise ValueError(_("单元格是公式，请粘贴为数值"))
    if item.is_list:
        return None, json.dumps(_entries(item, text), ensure_ascii=False)
    if item.type == "money":
        return str(parse_money(text, unit=unit or "元")), None
    number, _unit = parse_number(text)
    if number != number.to_integral_value() or number < 0:
        raise ValueError(_("应为不小于 0 的整数"))
    return str(number), None


def _entries(item: Any, text: str) -> list[dict[str, str]]:
    """ "provincial;rd_center" or "national_2#1;…"; for inputs without levels a count."""
    if not item.levels:
        count, _unit = parse_number(text)
        return [{"level": "", "name": name_of(item), "number": str(n + 1)} for n in range(int(count))]
    entries = []
    for part in text.replace("；", ";").replace("，", ";").replace(",", ";").split(";"):
        level, _sep, rank = part.strip().partition("#")
        if not level:
            continue
        if level not in item.levels:
            raise ValueError(
                _("未知级别 %(level)s，可用：%(known)s") % {"level": level, "known": "、".join(item.levels)}
            )
        entries.append(
            {"level": level, "name": name_of(item.levels[level]), "number": ""}
            | ({"rank": rank} if rank else {})
        )
    return entries


def request_apply(*, by: Actor, batch: DepartmentBatch, only_good: bool) -> DepartmentBatch:
    """Ask for writing a checked batch; without `only_good` one fault refuses the whole."""
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state != BatchState.CHECKED:
            raise Conflict(code="not_checked", message=_("这个批次已经处理过。"))
        if locked.rows_refused and not only_good:
            raise Refused(
                code="has_faults",
                message=_("有 %(n)s 行有误。请改正文件后重新上传，或选择只写入通过的单元格。")
                % {"n": locked.rows_refused},
            )
        if not locked.report.get("values"):
            raise Refused(code="no_values", message=_("没有可写入的数值。"))
        locked.job = jobs.request(
            kind=APPLY, park_id=by.park_id, dedupe_key=f"batch:{locked.pk}", by=by, args={"batch": locked.pk}
        )
        locked.save(update_fields=["job"])
    return locked


def apply(*, by: Actor, batch: DepartmentBatch, report: Callable[[int, int, str], None]) -> dict[str, Any]:
    """Write the good values and bring them into open declarations, in one transaction; done already = nothing."""
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state == BatchState.APPLIED:
            return {"values": 0}
        cycle = Cycle.objects.select_related("scheme_version").get(year=locked.year)
        report(0, 3, _("检查文件"))
        found, values = check(
            scheme_of(cycle.scheme_version), _table(locked), ColumnMapping.from_data(locked.mapping)
        )
        report(1, 3, _("写入部门数据"))
        columns = ("batch_id", "uscc", "year", "code", "amount", "entries", "source", "as_of")
        rows = (
            (locked.pk, uscc, locked.year, code, amount, entries, locked.source, locked.as_of)
            for uscc, code, amount, entries in values
        )
        copy_rows(DepartmentValue, columns, rows)
        report(2, 3, _("更新填报中的预填值"))
        changed = prefill.refresh_from(batch_id=locked.pk, year=locked.year)
        locked.state, locked.applied_at = BatchState.APPLIED, db_now()
        locked.rows_applied = found.matched
        locked.save()
        audit.record(
            by=by, action="batch.applied", obj=locked, after={"values": len(values), "prefilled": changed}
        )
    return {"values": len(values), "prefilled": changed}

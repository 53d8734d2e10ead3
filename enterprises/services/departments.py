"""Department data: upload, map columns, check every cell, then write; nothing is ever overwritten.

A file is read row by row in one pass, never held as a whole; writing streams what is good into the database.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core.confined import Limits
from innovscore.core.problems import Conflict, Refused
from parks import audit, jobs
from parks.actors import Actor
from parks.bulk import copy_rows
from parks.clock import db_now
from scoring.engine import Scheme

from ..models import Cycle, DepartmentBatch, DepartmentValue, RegisterRecord, WriteMode
from ..queries.verified import amounts_of_firms
from ..signals import batch_to_write
from ..states import BatchState
from . import mappings, prefill, workbooks
from .checking import MOST_CHANGES, MOST_FAULTS, Checker, Report, Row, Slips, Value, key_text, known_firms
from .mappings import ColumnMapping, guess_mapping
from .spreadsheets import JOB, WEB, Reading, measure, open_table

__all__ = ["ColumnMapping", "guess_mapping", "key_text"]
CHECK, APPLY = "enterprises.check_batch", "enterprises.apply_batch"
SMALL = 1_000_000
"""Bytes up to which a file is checked while its sender waits; larger ones in a job."""
FEW = 5000
"""Rows up to which a file is checked while its sender waits."""
ENOUGH = 1000
"""Figures of a column that are compared with what was known before its unit is trusted."""
PART = 2000
REGISTER_COLUMNS = ("name", "legal_representative", "registered_address", "founded_on", "status")
VALUE_COLUMNS = ("batch_id", "uscc", "year", "code", "amount", "entries", "source", "as_of")
Progress = Callable[[int, int, str], None]


def upload(
    *,
    by: Actor,
    cycle: Cycle,
    source: str,
    as_of: dt.date,
    data: bytes,
    filename: str,
    mapping: ColumnMapping | None = None,
    in_background: bool = False,
) -> DepartmentBatch:
    """Keep a file and check it, a large one `in_background`; the same file still waiting is given back as it is.

    Raises Conflict when this file was written already, Refused when it cannot be read or is of another year.
    """
    digest = hashlib.sha256(data).hexdigest()
    known = _same_file(cycle, source, digest, as_of)
    if known is not None and mapping is None:
        return known
    scheme = scheme_of(cycle.scheme_version)
    later = in_background and (measure(data) > FEW or len(data) > SMALL)
    if later:
        chosen, saved, report = mapping, False, Report()
    else:
        reading = open_table(data, WEB if in_background else JOB)
        chosen, saved, report = _first_check(scheme, reading, mapping, source=source, year=cycle.year)
    _keep(digest, data)
    with transaction.atomic():
        batch = DepartmentBatch.objects.create(
            year=cycle.year, source=source, as_of=as_of, filename=Path(filename).name[:200], sha256=digest,
            mapping=chosen.as_data() if chosen else {}, saved_mapping=saved, state=BatchState.UPLOADED if later else BatchState.CHECKED,
            rows_read=report.read, rows_refused=report.bad_rows, report=report.as_data(), uploaded_by_ref=by.person_id,
            uploaded_by_name=by.person_name,
        )  # fmt: skip
        if later:
            _request(by, batch, CHECK)
        audit.record(by=by, action="batch.uploaded", obj=batch, after={"sha256": digest, "rows": report.read})
    return batch


def _same_file(cycle: Cycle, source: str, digest: str, as_of: dt.date) -> DepartmentBatch | None:
    """The batch of this file that waits for a decision. Raises Conflict when one was written."""
    found = DepartmentBatch.objects.filter(year=cycle.year, source=source, sha256=digest).order_by("-pk")
    if found.filter(state=BatchState.APPLIED).exists():
        raise Conflict(
            code="same_file", field="file", message=_("这个文件已经写入过，内容没有变化，无需再次导入。")
        )
    return found.filter(state__in=(BatchState.UPLOADED, BatchState.CHECKED), as_of=as_of).first()


def _keep(digest: str, data: bytes) -> None:
    path = file_path(digest)
    if path.exists():
        path.touch()
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.chmod(0o600)
    part.rename(path)


def _request(by: Actor, batch: DepartmentBatch, kind: str) -> None:
    batch.job = jobs.request(
        kind=kind, park_id=by.park_id, dedupe_key=f"batch:{batch.pk}", by=by, args={"batch": batch.pk}
    )
    batch.save(update_fields=["job"])


def _first_check(
    scheme: Scheme,
    reading: Reading,
    mapping: ColumnMapping | None,
    *,
    source: str,
    year: int,
    progress: Progress | None = None,
    most: int = MOST_FAULTS,
) -> tuple[ColumnMapping, bool, Report]:
    """Columns, whether they are remembered ones, and the report. A file whose heads say too little is kept too, its
    columns are chosen afterwards. Raises Refused for the template of another year."""
    if reading.year not in (None, year):
        raise Refused(
            code="other_year",
            field="file",
            message=_("这是 %(found)s 年度的模板，请使用 %(year)s 年度的模板。") % {"found": reading.year, "year": year},
        )  # fmt: skip
    chosen, saved = (mapping, False) if mapping else mappings.choose(scheme, reading.heads, source)
    try:
        report = preview(scheme, reading, chosen, year, progress, most=most)
    except Refused as refused:
        if refused.code not in mappings.TO_BE_CHOSEN:
            raise
        report = Report(read=sum(1 for _row in reading.rows), heads=reading.heads, note=str(refused.message))
    return chosen, saved, report


def preview(
    scheme: Scheme,
    reading: Reading,
    mapping: ColumnMapping,
    year: int,
    progress: Progress | None = None,
    *,
    most: int = MOST_FAULTS,
) -> Report:
    """Check every cell and compare what is good with what departments said before. Writes nothing."""
    checker = Checker(scheme, mapping, reading.heads, known_firms(mapping.by), most=most)
    report = checker.report
    money = {item.code for item in scheme.inputs if item.type == "money"}
    rows = _told(checker.rows(reading.rows), reading.total, progress)
    while part := list(itertools.islice(rows, PART)):
        _compare(report, [value for row in part for value in row.values], year, money)
    report.ask_units(mapping)
    return report


def _told(rows: Iterator[Row], total: int, progress: Progress | None) -> Iterator[Row]:
    """The rows, telling the progress now and then."""
    for count, row in enumerate(rows, start=1):
        if progress is not None and count % PART == 0:
            progress(count, max(total, count), _("已读 %(n)s 行") % {"n": count})
        yield row


def _compare(report: Report, values: list[Value], year: int, money: set[str]) -> None:
    known = prefill.newest(year=year, codes={uscc for uscc, *_rest in values}) if values else {}
    for uscc, code, amount, entries in values:
        before = known.get(uscc, {}).get(code)
        if before is None:
            report.new += 1
        elif prefill.is_same(before, amount, entries):
            report.same += 1
        else:
            report.changed += 1
            if len(report.changes) < MOST_CHANGES:
                report.changes.append(prefill.change(uscc, code, before, amount, entries))
    amounts = [(uscc, code, amount) for uscc, code, amount, _entries in values if code in money and amount]
    if amounts and all(found.compared < ENOUGH for found in report.slips.values()):
        _compare_units(report, amounts, year, known)


def _compare_units(
    report: Report, amounts: list[tuple[str, str, str]], year: int, known: Mapping[str, Mapping[str, Any]]
) -> None:
    """Each figure beside last year's verified one, else beside what a department said, as a declaration does it."""
    firms, codes = {uscc for uscc, *_rest in amounts}, {code for _uscc, code, _amount in amounts}
    verified = amounts_of_firms(year=year - 1, usccs=firms, codes=codes)
    last = prefill.newest(year=year - 1, codes=firms)
    for uscc, code, amount in amounts:
        said = known.get(uscc, {}).get(code) or last.get(uscc, {}).get(code) or {}
        earlier = verified.get((uscc, code)) or said.get("prefilled_amount")
        if earlier:
            report.slips.setdefault(code, Slips()).add(uscc, Decimal(amount), earlier)


def check_batch(*, by: Actor, batch: DepartmentBatch, report: Progress) -> dict[str, Any]:
    """The check of a large file, as a job; checked already = nothing. The marked rows are kept for download."""
    if batch.state not in (BatchState.UPLOADED, BatchState.FAILED):
        return {"rows": batch.rows_read}
    cycle = Cycle.objects.select_related("scheme_version").get(year=batch.year)
    mapping = ColumnMapping.from_data(batch.mapping) if batch.mapping else None
    chosen, saved, found = _first_check(
        scheme_of(cycle.scheme_version), reading_of(batch, JOB), mapping, source=batch.source, year=batch.year,
        progress=report, most=workbooks.MOST_MARKED,
    )  # fmt: skip
    if found.faults:
        data = workbooks.marked(file_path(batch.sha256), reading_of(batch, JOB), found)
        result_path(batch).write_bytes(data)
    batch.mapping, batch.saved_mapping = chosen.as_data(), saved
    batch.state, batch.report = BatchState.CHECKED, found.as_data()
    batch.rows_read, batch.rows_refused = found.read, found.bad_rows
    batch.save()
    return {"rows": found.read, "faults": found.fault_count}


def fail(*, batch: DepartmentBatch) -> None:
    """The check in the background found that the file cannot be read."""
    DepartmentBatch.objects.filter(pk=batch.pk, state=BatchState.UPLOADED).update(state=BatchState.FAILED)


def result_path(batch: DepartmentBatch) -> Path:
    return file_path(batch.sha256).with_suffix(f".{batch.pk}.result")


def result(batch: DepartmentBatch, cycle: Cycle) -> bytes:
    """The batch's file given back as a workbook with each wrong cell marked and explained."""
    kept = result_path(batch)
    if kept.exists():
        return kept.read_bytes()
    report = faults_of(batch, cycle, most=workbooks.MOST_MARKED)
    return workbooks.marked(file_path(batch.sha256), reading_of(batch), report)


def remap(
    *, by: Actor, batch: DepartmentBatch, cycle: Cycle, mapping: ColumnMapping, remember: bool = False
) -> DepartmentBatch:
    """Check the kept file again with other columns; `remember` offers them with the department's next file."""
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state != BatchState.CHECKED:
            raise Conflict(code="not_checked", message=_("这个批次已写入或已失败，不能再改映射。"))
        later = file_path(locked.sha256).stat().st_size > SMALL or locked.rows_read > FEW
        report = (
            Report()
            if later
            else preview(scheme_of(cycle.scheme_version), reading_of(locked), mapping, cycle.year)
        )
        locked.mapping, locked.report, locked.saved_mapping = mapping.as_data(), report.as_data(), False
        locked.rows_read, locked.rows_refused = report.read, report.bad_rows
        locked.state = BatchState.UPLOADED if later else locked.state
        locked.save()
        result_path(locked).unlink(missing_ok=True)
        if later:
            _request(by, locked, CHECK)
        if remember:
            mappings.remember(by=by, source=locked.source, mapping=mapping)
        audit.record(by=by, action="batch.mapped", obj=locked)
    return locked


def settle_units(
    *, by: Actor, batch: DepartmentBatch, cycle: Cycle, units: Mapping[str, str]
) -> DepartmentBatch:
    """Say of columns (head -> unit) what their money is in, and check again; they are not asked about any more."""
    mapping = ColumnMapping.from_data(batch.mapping).with_units(units)
    return remap(by=by, batch=batch, cycle=cycle, mapping=mapping)


def _refuse_unsure(batch: DepartmentBatch) -> None:
    questions = batch.report.get("questions", ())
    if questions:
        raise Refused(
            code="unit_unsure",
            field="unit",
            message=_("请先核对金额单位：%(heads)s。数值与已有数据相差约一万倍，可能把元和万元弄混了。")
            % {"heads": "、".join(question["head"] for question in questions)},
            params={
                "errors": [{"column": question["head"], "unit": question["unit"]} for question in questions]
            },
        )


def file_path(digest: str) -> Path:
    return Path(settings.EVIDENCE_ROOT) / "batches" / digest[:2] / digest


def reading_of(batch: DepartmentBatch, limits: Limits = WEB) -> Reading:
    """The kept file of a batch, opened again. Raises Refused when the store has lost it."""
    path = file_path(batch.sha256)
    if not path.is_file():
        raise Refused(code="file_lost", message=_("原文件已不在存储中，请重新上传。"))
    return open_table(path, limits)


def heads_of(batch: DepartmentBatch) -> list[str]:
    """Column heads of the kept file, for choosing."""
    heads: list[str] = batch.report.get("heads") or reading_of(batch).heads
    return heads


def faults_of(batch: DepartmentBatch, cycle: Cycle, *, most: int) -> Report:
    """The kept file checked again, up to `most` faults listed: for marking them in the workbook."""
    reading = reading_of(batch)
    mapping = ColumnMapping.from_data(batch.mapping)
    checker = Checker(
        scheme_of(cycle.scheme_version), mapping, reading.heads, known_firms(mapping.by), most=most
    )
    for _row in checker.rows(reading.rows):
        pass
    return checker.report


def request_apply(*, by: Actor, batch: DepartmentBatch, mode: str = WriteMode.FILE) -> DepartmentBatch:
    """Ask for writing a checked batch: the whole `file` or nothing, sound `row`s only, or good `cell`s only."""
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        _may_apply(locked, mode)
        locked.mode = mode
        locked.save(update_fields=["mode"])
        _request(by, locked, APPLY)
    return locked


def _may_apply(batch: DepartmentBatch, mode: str) -> None:
    if batch.state != BatchState.CHECKED:
        raise Conflict(code="not_checked", message=_("这个批次已经处理过，或仍在检查。"))
    if mode not in WriteMode.values:
        raise Refused(code="mode_unknown", field="mode", message=_("请选择写入方式。"))
    _refuse_unsure(batch)
    if batch.rows_refused and mode == WriteMode.FILE:
        raise Refused(
            code="has_faults",
            message=refusal(batch.rows_refused),
        )
    values = batch.report.get("row_values" if mode == WriteMode.ROW else "values")
    if not values and not batch.report.get("register"):
        raise Refused(code="no_values", message=_("没有可写入的数值。"))
    batch_to_write.send(DepartmentBatch, batch=batch)


def apply(*, by: Actor, batch: DepartmentBatch, report: Progress, mode: str | None = None) -> dict[str, Any]:
    """Write a batch in one pass and one transaction, and bring it into open declarations; done already = nothing.

    `mode` overrides what was chosen. Raises Refused, leaving nothing written, when the whole file was wanted and a
    cell is wrong.
    """
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state == BatchState.APPLIED:
            return {"values": 0}
        if locked.state != BatchState.CHECKED:
            raise Conflict(code="not_checked", message=_("这个批次还不能写入。"))
        _refuse_unsure(locked)
        batch_to_write.send(DepartmentBatch, batch=locked)
        locked.mode = mode or locked.mode
        cycle = Cycle.objects.select_related("scheme_version").get(year=locked.year)
        found, written = _write(locked, cycle, report)
        report(found.read, found.read, _("更新填报中的预填值"))
        locked.state, locked.applied_at, locked.rows_applied = BatchState.APPLIED, db_now(), found.matched
        locked.rows_refused = found.bad_rows
        locked.save()
        changed = prefill.refresh_from(batch_id=locked.pk, year=locked.year)
        after = {"values": written, "prefilled": changed, "mode": locked.mode, "sha256": locked.sha256}
        audit.record(by=by, action="batch.applied", obj=locked, after=after)
    return {"values": written, "prefilled": changed}


def _write(batch: DepartmentBatch, cycle: Cycle, progress: Progress) -> tuple[Report, int]:
    reading, mapping = reading_of(batch, JOB), ColumnMapping.from_data(batch.mapping)
    checker = Checker(scheme_of(cycle.scheme_version), mapping, reading.heads, known_firms(mapping.by))
    records = list[dict[str, Any]]()
    rows = _told(checker.rows(reading.rows), reading.total, progress)
    written = copy_rows(DepartmentValue, VALUE_COLUMNS, _value_rows(batch, rows, records))
    if batch.mode == WriteMode.FILE and checker.report.fault_count:
        raise Refused(
            code="has_faults",
            message=_("检查之后情况有变，现有 %(n)s 行有误，未写入任何数据。请重新检查。")
            % {"n": checker.report.bad_rows},
        )
    _write_register(batch, records)
    return checker.report, written


def _value_rows(
    batch: DepartmentBatch, rows: Iterable[Row], records: list[dict[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    """Rows of the value table; register particulars are put aside."""
    start, end = batch.pk, (batch.source, batch.as_of)
    for row in rows:
        if not row.is_sound and batch.mode == WriteMode.ROW:
            continue
        if row.particulars is not None:
            records.append(row.particulars)
        for uscc, code, amount, entries in row.values:
            yield (start, uscc, batch.year, code, amount, entries, *end)


def _write_register(batch: DepartmentBatch, records: list[dict[str, Any]]) -> None:
    if not records:
        return
    copy_rows(
        RegisterRecord,
        ("batch_id", "uscc", "as_of", *REGISTER_COLUMNS),
        (
            (batch.pk, one["uscc"], batch.as_of, *(_field(one, name) for name in REGISTER_COLUMNS))
            for one in records
        ),
    )


def _field(record: dict[str, Any], name: str) -> Any:
    return record.get(name) if name == "founded_on" else record.get(name, "")


def withdraw(*, by: Actor, batch: DepartmentBatch, reason: str) -> int:
    """Take a written batch back: its values count no more (they stay for the record), pre-filled ones return to what
    departments said before. Returns how many declared values went back.

    Raises Conflict when it is not written, the year is frozen, or a firm has built on a value: confirmed, corrected
    or submitted it.
    """
    if not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请填写撤回的原因。"))
    with transaction.atomic():
        locked = DepartmentBatch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state != BatchState.APPLIED:
            raise Conflict(code="not_applied", message=_("只有已写入的批次可以撤回。"))
        cycle = Cycle.objects.select_for_update().get(year=locked.year)
        if cycle.state != "open":
            raise Conflict(
                code="cycle_not_open", message=_("%(year)s 年度已不在填报期。") % {"year": cycle.year}
            )
        built_on = prefill.built_on(batch_id=locked.pk)
        if built_on:
            raise Conflict(
                code="built_on",
                message=_(
                    "已有 %(n)s 家企业确认、更正或提交了这个批次的数值，不能撤回。可导入更新的数据替代。"
                )
                % {"n": built_on},
            )
        locked.state, locked.withdrawn_at = BatchState.WITHDRAWN, db_now()
        locked.withdrawn_by_name, locked.withdrawn_reason = by.person_name, reason.strip()
        locked.save()
        back = prefill.take_back(batch_id=locked.pk, year=locked.year)
        audit.record(
            by=by, action="batch.withdrawn", obj=locked, after={"prefilled": back}, reason=reason.strip()
        )
    return back


def source_codes(cycle: Cycle) -> set[str]:
    """Codes of the departments that hold an input of the year's scheme."""
    return {source for item in scheme_of(cycle.scheme_version).inputs for source in item.sources} - {
        "enterprise"
    }


def refusal(rows: int) -> str:
    """Why nothing was written of a file that was wanted whole."""
    return _("有 %(n)s 行有误。请改正文件后重新上传，或选择只写入没有错误的行。") % {"n": rows}


def unknown_source(code: str) -> str:
    return _("没有数据来源 %(code)s。") % {"code": code[:32]}


def unknown_inputs(cycle: Cycle, codes: Iterable[str]) -> list[str]:
    """Codes that are no input of the year's scheme."""
    return sorted(set(codes) - scheme_of(cycle.scheme_version).input_by_code.keys())


def unknown_input(code: str) -> str:
    return _("没有数据项 %(code)s。") % {"code": code[:64]}

"""The Excel round trip: differences first, then written through the same rules, undone for a day."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from enterprises.models import WorkbookUpload
from enterprises.services import declarations, parsers
from enterprises.services import own_workbook as services
from innovscore.core.problems import Conflict, Refused
from parks.clock import db_now
from tests.factories import enterprises as make

pytestmark = pytest.mark.django_db


def filled(declaration: Any, **cells: Any) -> bytes:
    """The downloaded workbook with cells of the figures' sheet filled: code -> {column number: value}."""
    book = load_workbook(io.BytesIO(services.download(declaration)))
    sheet = book[services.FIGURES]
    rows = {sheet.cell(row, 1).value: row for row in range(2, sheet.max_row + 1)}
    for code, columns in cells.items():
        for column, value in columns.items():
            sheet.cell(rows[code], column).value = value
    return saved(book)


def saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def upload(by: Any, declaration: Any, data: bytes, name: str = "a.xlsx") -> WorkbookUpload:
    return services.upload(by=by, declaration=declaration, data=data, filename=name)


A, R, E = services.AMOUNT, services.REASON, services.EXPLANATION


def test_an_untouched_workbook_changes_nothing(declaration: Any, agent: Any) -> None:
    row = upload(agent, declaration, filled(declaration))
    assert (row.differences, row.faults) == ([], [])


def test_differences_are_shown_then_written_then_undone(declaration: Any, agent: Any) -> None:
    data = filled(
        declaration,
        rd_expense={A: 702.5, R: "以审计报告为准"},
        fresh_graduates={A: "１２ 人"},
        revenue_prev={E: "口径一致"},
    )
    row = upload(agent, declaration, data)
    assert {one["code"]: one["after"] for one in row.differences} == {
        "rd_expense": "7025000.00",
        "fresh_graduates": "12",
        "revenue_prev": None,
    }
    assert make.value(declaration, "rd_expense").state == "prefilled"
    assert services.apply(by=agent, upload=row, only_good=False) == (3, [])
    assert make.value(declaration, "rd_expense").declared_amount == Decimal(7_025_000)
    assert make.value(declaration, "revenue_prev").explanation == "口径一致"
    with pytest.raises(Conflict):
        services.apply(by=agent, upload=row, only_good=False)
    row.refresh_from_db()
    assert services.undo(by=agent, upload=row) == 3
    value = make.value(declaration, "rd_expense")
    assert (value.state, value.declared_amount, value.reason) == ("prefilled", None, "")


def test_seven_faults_are_named_by_cell_and_the_rest_can_be_written(declaration: Any, agent: Any) -> None:
    data = filled(
        declaration,
        rd_expense={A: "约七百", R: "以审计报告为准"},
        revenue={A: "=1+1"},
        staff_total={A: -5, R: "以名册为准"},
        tax_paid_total={A: 1},
        fresh_graduates={A: 12},
    )
    book = load_workbook(io.BytesIO(data))
    book[services.FIGURES].append(["nonsense", "x"])
    names = [name for name in book.sheetnames if "平台" in name]
    book[names[0]].append(["国家实验室", "没有这一级", "", "1", "2025-02-31"])
    row = upload(agent, declaration, saved(book))
    assert len(row.faults) == 7
    assert {fault["code"] for fault in row.faults} == {
        "rd_expense", "revenue", "staff_total", "tax_paid_total", "nonsense", "platforms",
    }  # fmt: skip
    with pytest.raises(Refused, match="有误"):
        services.apply(by=agent, upload=row, only_good=False)
    marked = load_workbook(io.BytesIO(services.marked(row)))
    noted = {
        f"{sheet.title}!{cell.coordinate}"
        for sheet in marked
        for line in sheet.iter_rows()
        for cell in line
        if cell.comment
    }
    assert noted == {f"{fault['sheet']}!{fault['cell']}" for fault in row.faults}
    assert services.apply(by=agent, upload=row, only_good=True) == (1, [])


def test_what_changed_since_the_download_is_a_conflict_and_the_rest_goes_in(
    declaration: Any, agent: Any
) -> None:
    data = filled(declaration, rd_expense={A: 702, R: "以审计报告为准"}, fresh_graduates={A: 12})
    declarations.confirm(by=agent, declaration=declaration, codes=["rd_expense"])
    row = upload(agent, declaration, data)
    assert services.apply(by=agent, upload=row, only_good=False) == (1, ["研发费用"])
    assert make.value(declaration, "rd_expense").state == "confirmed"


def test_undo_leaves_what_somebody_changed_since_and_ends_after_a_day(declaration: Any, agent: Any) -> None:
    row = upload(agent, declaration, filled(declaration, fresh_graduates={A: 12}, ip_class1={A: 3}))
    services.apply(by=agent, upload=row, only_good=False)
    value = make.value(declaration, "ip_class1")
    declarations.correct(
        by=agent,
        declaration=declaration,
        code="ip_class1",
        version=value.version,
        reason="",
        amount=Decimal(4),
    )
    WorkbookUpload.objects.update(applied_at=db_now() - dt.timedelta(hours=25))
    with pytest.raises(Conflict, match="24"):
        services.undo(by=agent, upload=row)
    WorkbookUpload.objects.update(applied_at=db_now())
    assert services.undo(by=agent, upload=row) == 1
    assert make.value(declaration, "ip_class1").declared_amount == 4


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/_rels/workbook.xml.rels", b"<Relationships/>")
        archive.writestr("xl/media/a.bin", b"0" * (parsers.LARGEST_UNPACKED + 1))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.xlsx", b"", "为空"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + b"0" * 99, "旧版"),
        ("a.csv", b"a,b", ".xlsx"),
        ("a.xlsx", b"MZ" + b"0" * 99, "程序文件"),
        ("a.xlsx", b"%PDF-1.4", ".xlsx 文件"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "设有密码"),
        ("a.xlsx", b"PK\x03\x04" + b"0" * 99, "无法读取"),
        ("a.xlsx", bomb(), "过大"),
        ("a.xlsx", b"PK" + b"0" * (6 * 1024 * 1024), "5 MB"),
    ],
)
def test_each_wrong_file_has_its_own_sentence(
    declaration: Any, agent: Any, name: str, data: bytes, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        upload(agent, declaration, data, name)


def test_another_firms_years_or_a_made_up_workbook_is_refused(
    declaration: Any, agent: Any, admin: Any
) -> None:
    earlier = make.cycle(admin, declaration.cycle.year - 1)
    with pytest.raises(Refused, match="其他年度"):
        upload(
            agent, declaration, filled(make.declaration(admin, declaration.enterprise, earlier, **make.SOUND))
        )
    other = make.declaration(admin, make.enterprise(2), declaration.cycle, **make.SOUND)
    with pytest.raises(Refused, match="其他企业"):
        upload(agent, declaration, filled(other))
    book = load_workbook(io.BytesIO(filled(declaration)))
    book[services.META]["A1"].value = "made up"
    with pytest.raises(Refused, match="本年度工作簿"):
        upload(agent, declaration, saved(book))


def test_a_damaged_workbook_is_never_a_500(declaration: Any, agent: Any) -> None:
    """Every part cut off or turned into nonsense is either refused with words or read."""
    whole = filled(declaration)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for broken in parts:
        for content in (b"", b"<x", b"<?xml version='1.0'?><a/>", parts[broken][: len(parts[broken]) // 2]):
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                for name, data in parts.items():
                    archive.writestr(name, content if name == broken else data)
            try:
                upload(agent, declaration, out.getvalue())
            except Refused:
                continue

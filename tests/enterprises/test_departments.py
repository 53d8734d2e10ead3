"""Department data: reading files, refusing what is wrong, never overwriting."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import translation
from openpyxl import load_workbook

from enterprises.models import DepartmentBatch, DepartmentValue, Enterprise
from enterprises.services import declarations, departments, mappings, spreadsheets
from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Refused
from tests.factories import enterprises as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
ONE, TWO, NOBODY = codes.synthetic(1), codes.synthetic(2), codes.synthetic(99)
HEADS = ("统一社会信用代码", "营业收入（万元）", "职工总数（年平均）", "研发与创新平台")


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


@pytest.fixture
def admin(in_park: Any) -> Any:
    return people.actor("park_admin", in_park)


@pytest.fixture
def cycle(admin: Any) -> Any:
    make.enterprise(1)
    make.enterprise(2)
    return make.cycle(admin)


def workbook(*rows: Any) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return buffer.getvalue()


def test_good_rows_become_values_in_yuan(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, "1,234.56", "160", ""), (TWO, "0", "", "")))
    assert batch.report["faults"] == []
    make.apply(admin, batch)
    found = {(v.uscc, v.code): v.amount for v in DepartmentValue.objects.all()}
    assert found == {(ONE, "revenue"): Decimal("12345600"), (ONE, "staff_total"): 160, (TWO, "revenue"): 0}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_of_csv(admin: Any, cycle: Any, encoding: str) -> None:
    data = make.table(HEADS, (ONE, "100", "1", "")).decode().encode(encoding)
    assert make.batch(admin, cycle, data).report["values"] == 2


def test_a_workbook_is_read_and_units_are_understood(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, workbook(("uscc", "revenue（元）"), (ONE, 123456.78)), filename="x.xlsx")
    make.apply(admin, batch)
    assert DepartmentValue.objects.get().amount == Decimal("123456.78")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("source", ["", "tax", "hrss", "amr", "ipo", "sti", "stats", "talent_office", "eic"])
def test_the_template_that_is_downloaded_can_be_uploaded(
    admin: Any, cycle: Any, client_as: Any, source: str, language: str
) -> None:
    from python_calamine import CalamineWorkbook

    from indicators.queries.schemes import scheme_of

    client = client_as(admin)
    with translation.override(language):
        response = client.get(
            f"/p/cq/office/batches/template/?source={source}", headers={"accept-language": language}
        )
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    scheme = scheme_of(cycle.scheme_version)
    mapping = mappings.guess_mapping(scheme, [str(head) for head in rows[0]], source)
    assert mapping.key == "统一社会信用代码"
    codes_found = {code for code, _unit in mapping.columns.values() if not code.startswith("register:")}
    assert codes_found == {i.code for i in scheme.inputs if not source or source in i.sources}


def test_the_talent_office_fills_its_template_and_the_firm_need_not_type_again(
    admin: Any, cycle: Any, in_park: Any, client_as: Any
) -> None:
    office, firm = client_as(admin), Enterprise.objects.get(uscc=ONE)
    book = load_workbook(
        io.BytesIO(office.get("/p/cq/office/batches/template/?source=talent_office").content)
    )
    sheet = book["数据"]
    heads = {cell.value: cell.column for cell in sheet[1]}
    written = {
        "统一社会信用代码": ONE,
        "高层次人才名单": "国家级|钱工|国才〔2024〕7号|2024/5/1；市级｜孙工｜渝才〔2025〕1号｜2025年3月1日",
        "金凤凰人才名单": "周工|JFH0001|2023-09-01",
    }
    for head, text in written.items():
        sheet.cell(row=2, column=heads[head], value=text)
    buffer = io.BytesIO()
    book.save(buffer)
    sent = {
        "source": "talent_office",
        "as_of": "2026-06-12",
        "file": SimpleUploadedFile("人才.xlsx", buffer.getvalue()),
    }
    page = office.post("/p/cq/office/batches/", sent)
    batch = DepartmentBatch.objects.get()
    assert page.status_code == 302 and batch.report["faults"] == [], batch.report["faults"]
    make.apply(admin, batch)
    declaration = make.declaration(admin, firm, cycle)
    value = make.value(declaration, "high_level_talents")
    assert value.entries == [
        {"level": "national", "name": "钱工", "number": "国才〔2024〕7号", "date": "2024-05-01"},
        {"level": "municipal", "name": "孙工", "number": "渝才〔2025〕1号", "date": "2025-03-01"},
    ]
    agent = client_as(people.actor("enterprise_agent", in_park, organisation=firm.organisation))
    page = agent.get(f"/p/cq/e/declaration/{cycle.year}/item/high_level_talents/").content.decode()
    assert "钱工 · 国家级 · 国才〔2024〕7号 · 2024-05-01" in page and "组织部/人才办" in page
    page = agent.get(f"/p/cq/e/declaration/{cycle.year}/item/golden_phoenix/").content.decode()
    assert "周工" in page and "JFH0001" in page


@pytest.mark.parametrize(
    ("text", "why"),
    [("国家级|钱工|1|2024-02-30", "不是有效的日期"), ("宇宙级|钱工", "未知级别"), ("国家级#9|钱工|1", "")],
)
def test_a_wrong_particular_of_a_row_is_named(admin: Any, cycle: Any, text: str, why: str) -> None:
    row = make.batch(
        admin, cycle, make.table(("uscc", "高层次人才名单"), (ONE, text)), source="talent_office"
    )
    assert [why in fault["why"] for fault in row.report["faults"]] == ([True] if why else [])


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((ONE, "约100", "", ""), "约数"),
        ((ONE, "10-20", "", ""), "区间"),
        ((ONE, "1.2.3", "", ""), "不是数字"),
        ((ONE, "1e400", "", ""), "不是数字"),
        ((ONE, "0.0000001", "", ""), "小数位"),
        ((ONE, "9" * 30, "", ""), "数值过大"),
        ((ONE, "", "1.5", ""), "整数"),
        ((ONE, "", "-1", ""), "整数"),
        ((NOBODY, "1", "", ""), "没有这家企业"),
        (("", "1", "", ""), "没有这家企业"),
        ((ONE, "=1+1", "", ""), "公式"),
    ],
)
def test_a_bad_cell_is_named_with_row_column_and_reason(admin: Any, cycle: Any, row: Any, why: str) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (TWO, "5", "", ""), row))
    (fault,) = batch.report["faults"]
    assert fault["row"] == 3
    assert fault["column"] in HEADS
    assert why in fault["why"]
    with pytest.raises(Refused, match="1 行有误"):
        departments.request_apply(by=admin, batch=batch, mode="file")
    departments.request_apply(by=admin, batch=batch, mode="row")
    make.apply(admin, batch)
    assert [v.uscc for v in DepartmentValue.objects.all()] == [TWO]


def test_a_firm_that_occurs_twice_is_a_fault(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, "5", "", ""), (ONE, "6", "", "")))
    assert "两次" in batch.report["faults"][0]["why"]


def test_formula_cells_are_refused(admin: Any, cycle: Any) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ("uscc", "revenue", "staff_total"))
        sheet.write_string(1, 0, ONE)
        sheet.write_formula(1, 1, "=1+1", value=2)
        sheet.write_number(1, 2, 7)
    batch = make.batch(admin, cycle, buffer.getvalue(), filename="x.xlsx")
    (fault,) = batch.report["faults"]
    assert (fault["row"], fault["column"]) == (2, "revenue")
    assert "公式" in fault["why"]
    assert batch.report["values"] == 1


@pytest.mark.parametrize(
    ("data", "filename", "why"),
    [
        (b"", "a.csv", "为空"),
        (b"\xd0\xcf\x11\xe0rest", "a.xls", "旧版"),
        (b"PKnothing", "a.xlsx", "无法读取"),
        (b"\x81\xff\x00\x01\xff", "a.csv", "编码|文本表格|数据行"),
        (b"a,b\n", "a.csv", "没有读到数据行"),
        (b"uscc,revenue\n" + b"x,1\n" * 120_001, "a.csv", "行"),
        (b"x" * (spreadsheets.LARGEST_FILE + 1), "a.csv", "30 MB"),
    ],
)
def test_files_that_cannot_be_read_are_refused_in_words(
    admin: Any, cycle: Any, data: bytes, filename: str, why: str
) -> None:
    with pytest.raises(Refused, match=why) as caught:
        make.batch(admin, cycle, data, filename=filename)
    assert caught.value.field in ("file", "mapping")
    assert not DepartmentBatch.objects.exists()


def test_a_zip_bomb_is_refused_before_it_is_unpacked(admin: Any, cycle: Any) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as entry,
    ):
        for _n in range(32):
            entry.write(b"0" * (10 * 1024 * 1024))
    assert len(buffer.getvalue()) < 1024 * 1024
    with pytest.raises(Refused):
        make.batch(admin, cycle, buffer.getvalue(), filename="bomb.xlsx")


def test_the_same_file_again_changes_nothing(admin: Any, cycle: Any) -> None:
    data = make.table(HEADS, (ONE, "1", "", ""))
    batch = make.batch(admin, cycle, data)
    make.apply(admin, batch)
    assert make.apply(admin, batch) == {"values": 0}
    with pytest.raises(Conflict, match="已经写入过"):
        make.batch(admin, cycle, data)
    assert DepartmentValue.objects.count() == 1


def test_values_are_append_only_in_the_database(admin: Any, cycle: Any) -> None:
    make.apply(admin, make.batch(admin, cycle, make.table(HEADS, (ONE, "1", "", ""))))
    for act in (
        lambda: DepartmentValue.objects.update(amount=2),
        lambda: DepartmentValue.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_open_declarations_take_the_newest_value_and_keep_disputes(admin: Any, cycle: Any) -> None:
    one, two = (
        make.declaration(admin, make.Enterprise.objects.get(uscc=code), cycle, revenue=100)
        for code in (ONE, TWO)
    )
    declarations.correct(
        by=admin, declaration=two, code="revenue", version=1, reason="以审计报告为准", amount=Decimal(300)
    )
    older = make.batch(admin, cycle, make.table(HEADS, (ONE, "9", "", "")), as_of=dt.date(2026, 1, 1))
    make.apply(admin, older)
    assert make.value(one, "revenue").amount == 100
    newer = make.batch(
        admin, cycle, make.table(HEADS, (ONE, "2", "30", ""), (TWO, "2", "", "")), as_of=dt.date(2026, 7, 1)
    )
    make.apply(admin, newer)
    assert (make.value(one, "revenue").amount, make.value(one, "staff_total").amount) == (20_000, 30)
    disputed = make.value(two, "revenue")
    assert (disputed.state, disputed.amount, disputed.prefilled_amount) == ("disputed", 300, 100)


def test_columns_can_be_chosen_afterwards(admin: Any, cycle: Any) -> None:
    data = make.table(("统一社会信用代码", "营业收入", "B"), (ONE, "5", "160"))
    batch = make.batch(admin, cycle, data)
    assert batch.report["values"] == 1
    mapping = departments.ColumnMapping(
        "统一社会信用代码", {"营业收入": ("revenue", "元"), "B": ("staff_total", "")}
    )
    assert departments.remap(by=admin, batch=batch, cycle=cycle, mapping=mapping).report["values"] == 2


def test_a_file_whose_heads_say_nothing_waits_for_a_mapping(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table(("A", "B"), (ONE, "5")))
    assert batch.report["values"] == 0
    mapping = departments.ColumnMapping.from_data(
        {"key": "A", "columns": {"B": {"input": "revenue", "unit": "万元"}}}
    )
    assert departments.remap(by=admin, batch=batch, cycle=cycle, mapping=mapping).report["values"] == 1


def test_lists_are_read_by_level(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table(("uscc", "platforms"), (ONE, "national;nonsense")))
    assert "未知级别" in batch.report["faults"][0]["why"]


def test_the_command_imports_and_says_what_it_refused(
    admin: Any, cycle: Any, tmp_path: Path, capsys: Any
) -> None:
    path = tmp_path / "tax.csv"
    path.write_bytes(make.table(HEADS, (ONE, "5", "", ""), (TWO, "x", "", "")))
    common = [
        "--park",
        "cq",
        "--year",
        "2025",
        "--source",
        "tax",
        "--file",
        str(path),
        "--as-of",
        "2026-06-12",
    ]
    with pytest.raises(CommandError, match="--only-good"):
        call_command("import_department", *common, skip_checks=True)
    assert "row 3" in capsys.readouterr().err
    call_command("import_department", *common, "--only-good", skip_checks=True)
    assert DepartmentValue.objects.count() == 1
    with pytest.raises(CommandError, match="no park"):
        call_command("import_department", *["--park", "zz", *common[2:]], skip_checks=True)

"""What is around the cells of a department's file: columns remembered, results given back, batches taken back, the API."""

from __future__ import annotations

import datetime as dt
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from enterprises import tasks
from enterprises.models import DepartmentBatch, DepartmentValue, RegisterRecord
from enterprises.queries import batches
from enterprises.services import declarations, departments, workbooks
from innovscore.core import uscc as codes
from innovscore.core.problems import Conflict, Refused
from parks import jobs
from parks.models import AuditEvent, Job
from tests.factories import enterprises as make
from tests.factories import files
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
ONE, TWO, NOBODY = codes.synthetic(1), codes.synthetic(2), codes.synthetic(99)
HEADS = ("统一社会信用代码", "营业收入（万元）", "职工总数（年平均）")
API = "/api/v1/parks/cq/department-data/"


@pytest.fixture(autouse=True)
def evidence_root(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT = tmp_path


@pytest.fixture
def cycle(admin: Any) -> Any:
    make.enterprise(1)
    make.enterprise(2)
    return make.cycle(admin)


def amounts() -> dict[tuple[str, str], Decimal | None]:
    return {(v.uscc, v.code): v.amount for v in DepartmentValue.objects.all()}


# what may be written


@pytest.mark.parametrize(
    ("mode", "written"),
    [
        ("row", {(ONE, "revenue"), (ONE, "staff_total")}),
        ("cell", {(ONE, "revenue"), (ONE, "staff_total"), (TWO, "staff_total")}),
    ],
)
def test_rows_or_cells_that_are_right_are_written_as_chosen(
    admin: Any, cycle: Any, mode: str, written: Any
) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160), (TWO, "x", 20)))
    departments.request_apply(by=admin, batch=batch, mode=mode)
    make.apply(admin, batch)
    assert amounts().keys() == written


def test_a_file_that_is_wanted_whole_leaves_nothing_when_a_firm_has_left_meanwhile(
    admin: Any, cycle: Any
) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160), (TWO, 6, 20)))
    departments.request_apply(by=admin, batch=batch)
    make.Enterprise.objects.filter(uscc=TWO).update(member_to=dt.date(2026, 1, 1))
    with pytest.raises(Refused, match="情况有变"):
        make.apply(admin, batch)
    assert amounts() == {}


def test_binary_noise_of_spreadsheets_is_no_fault(admin: Any, cycle: Any) -> None:
    data = files.workbook(HEADS, (ONE, 0.1 + 0.2, 160.0))
    make.apply(admin, make.batch(admin, cycle, data, filename="x.xlsx"))
    assert amounts()[ONE, "revenue"] == 3000


def test_cells_are_named_as_the_spreadsheet_names_them(admin: Any, cycle: Any) -> None:
    shifted = files.workbook((), (), ("", *HEADS), ("", ONE, 5, 160), (), ("", TWO, "x", 3))
    batch = make.batch(admin, cycle, shifted, filename="x.xlsx")
    assert [(f["cell"], f["row"]) for f in batch.report["faults"]] == [("C6", 6)]
    assert batch.report["values"] == 3


def test_a_preview_says_what_is_new_same_and_changed(admin: Any, cycle: Any) -> None:
    make.apply(admin, make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160))))
    report = make.batch(admin, cycle, make.table(HEADS, (ONE, 6, 160), (TWO, 1, 2))).report
    assert (report["new"], report["same"], report["changed"]) == (2, 1, 1)
    (change,) = report["changes"]
    assert (change["before"], change["after"]) == ("50,000", "60,000")


def test_the_same_file_waiting_for_a_decision_is_one_batch(admin: Any, cycle: Any) -> None:
    data = make.table(HEADS, (ONE, 5, 160))
    assert make.batch(admin, cycle, data).pk == make.batch(admin, cycle, data).pk


def test_last_years_template_is_refused(admin: Any, cycle: Any) -> None:
    data = workbooks.template(
        departments.scheme_of(cycle.scheme_version), source="tax", source_name="税务局", year=cycle.year - 1
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    book["数据"]["A2"] = ONE
    buffer = io.BytesIO()
    book.save(buffer)
    with pytest.raises(Refused, match="2025 年度的模板"):
        make.batch(admin, cycle, buffer.getvalue(), filename="x.xlsx")


def test_a_template_has_drop_downs_units_and_notes(admin: Any, cycle: Any) -> None:
    data = workbooks.template(
        departments.scheme_of(cycle.scheme_version), source="sti", source_name="科技局", year=2025
    )
    book = openpyxl.load_workbook(io.BytesIO(data))
    lists = {v.formula1 for v in book["数据"].data_validations.dataValidation if v.type == "list"}
    assert "levels_platforms" in {text.lstrip("=") for text in lists}
    assert "levels_platforms" in book.defined_names
    assert book["_meta"].sheet_state == "veryHidden"
    assert any("万元" in str(cell.value) for row in book["填写说明"].rows for cell in row)


def test_levels_may_be_written_by_name(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table(("uscc", "platforms"), (ONE, "国家级平台；区级研发中心")))
    assert batch.report["faults"] == []


# columns


def test_columns_chosen_once_are_offered_with_the_next_file(admin: Any, cycle: Any) -> None:
    first = make.batch(admin, cycle, make.table(("代码", "收入", "人"), (ONE, 5, 160)))
    assert first.report["values"] == 0
    mapping = departments.ColumnMapping("代码", {"收入": ("revenue", "元"), "人": ("staff_total", "")})
    departments.remap(by=admin, batch=first, cycle=cycle, mapping=mapping, remember=True)
    later = make.batch(admin, cycle, make.table(("代码", "收入", "人"), (TWO, 7, 20)))
    assert (later.saved_mapping, later.report["values"]) == (True, 2)
    other = make.batch(admin, cycle, make.table(("代码", "收入", "人"), (TWO, 7, 20)), source="hrss")
    assert (other.saved_mapping, other.report["values"]) == (False, 0)


# the file given back


def test_the_users_own_workbook_comes_back_with_bad_cells_marked(admin: Any, cycle: Any) -> None:
    data = files.workbook(
        (*HEADS, "备注"),
        (ONE, "约七百", 160, "=内部"),
        (NOBODY, 1, 1, ""),
        (TWO, 3, -1, ""),
        formulas=[(3, 1)],
    )
    batch = make.batch(admin, cycle, data, filename="税务.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(departments.result(batch, cycle)))
    sheet = book["数据"]
    marked = {cell.coordinate: cell.comment.text for row in sheet.rows for cell in row if cell.comment}
    assert set(marked) == {fault["cell"] for fault in batch.report["faults"]} == {"B2", "A3", "B4", "C4"}
    assert "约数" in marked["B2"]
    assert sheet["B2"].fill.fgColor.rgb.endswith("FDECEA")
    assert sheet["D2"].value == "=内部"
    assert book.sheetnames[0] == "检查结果"
    assert any(cell.value == "B2" and cell.hyperlink for row in book["检查结果"].rows for cell in row)


def test_of_a_text_file_a_workbook_is_made_and_no_cell_is_a_live_formula(admin: Any, cycle: Any) -> None:
    batch = make.batch(admin, cycle, make.table((*HEADS, "备注"), (ONE, "x", 1, "=cmd()"), (TWO, 1, 2, "")))
    book = openpyxl.load_workbook(io.BytesIO(departments.result(batch, cycle)))
    sheet = book["数据"]
    assert sheet["C2"].comment.text == "不是数字"
    assert sheet["E2"].value == "'=cmd()"
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [2, 3]


def test_a_large_file_is_checked_by_a_job_and_gives_back_its_bad_rows(
    admin: Any, cycle: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(departments, "SMALL", 10)
    monkeypatch.setattr(workbooks, "LARGEST_MARKED", 3)
    data = make.table(HEADS, (ONE, 5, 160), (TWO, "x", 20))
    batch = departments.upload(
        by=admin, cycle=cycle, source="tax", as_of=dt.date(2026, 6, 12), data=data, filename="t.csv", in_background=True
    )  # fmt: skip
    assert batch.state == "uploaded"
    jobs.run(Job.objects.get().pk)
    batch.refresh_from_db()
    assert (batch.state, batch.rows_refused, Job.objects.get().state) == ("checked", 1, "succeeded")
    sheet = openpyxl.load_workbook(io.BytesIO(departments.result(batch, cycle)))["数据"]
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [3]


def waiting(admin: Any, cycle: Any, monkeypatch: Any) -> DepartmentBatch:
    monkeypatch.setattr(departments, "SMALL", 10)
    data = make.table(HEADS, (ONE, 5, 160))
    return departments.upload(
        by=admin, cycle=cycle, source="tax", as_of=dt.date(2026, 6, 12), data=data, filename="t.csv", in_background=True
    )  # fmt: skip


def test_a_check_that_breaks_ends_as_not_written_and_can_be_asked_for_again(
    admin: Any, cycle: Any, monkeypatch: Any
) -> None:
    batch = waiting(admin, cycle, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(departments, "check_batch", lambda **_given: {}["nothing"])
        jobs.run(batch.job_id or 0)
    batch.refresh_from_db()
    assert batch.state == "failed"
    jobs.run(jobs.retry(job_id=batch.job_id or 0, by=admin).pk)
    batch.refresh_from_db()
    assert batch.state == "checked"


def test_a_worker_that_lost_its_job_changes_no_batch(
    admin: Any, cycle: Any, monkeypatch: Any, in_park: Any
) -> None:
    batch = waiting(admin, cycle, monkeypatch)
    lost = jobs.JobHandle(batch.job_id or 0, in_park.pk, fence=0, args={"batch": batch.pk}, actor=admin)
    with pytest.raises(jobs.LeaseLost):
        tasks.check_batch(lost)
    batch.refresh_from_db()
    assert batch.state == "uploaded"


# taking back


def test_a_batch_is_taken_back_to_what_was_known_before(admin: Any, cycle: Any) -> None:
    of = make.declaration(admin, make.Enterprise.objects.get(uscc=ONE), cycle, revenue=100)
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160)), as_of=dt.date(2026, 7, 1))
    make.apply(admin, batch)
    assert make.value(of, "revenue").amount == 50_000
    assert departments.withdraw(by=admin, batch=batch, reason="口径有误") == 2
    revenue, staff = make.value(of, "revenue"), make.value(of, "staff_total")
    assert (revenue.amount, revenue.state) == (100, "prefilled")
    assert (staff.amount, staff.state, staff.source) == (None, "missing", "")
    assert DepartmentValue.objects.filter(batch=batch).count() == 2
    assert AuditEvent.objects.filter(action="batch.withdrawn", reason="口径有误").exists()
    history = [
        (v.amount, v.is_applied, v.place) for v in batches.history(uscc=ONE, year=2025) if v.code == "revenue"
    ]
    assert history == [(100, True, 1), (50_000, False, 2)]
    again = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160)))
    assert again.pk != batch.pk


def test_a_batch_that_somebody_has_built_on_stays(admin: Any, cycle: Any) -> None:
    of = make.declaration(admin, make.Enterprise.objects.get(uscc=ONE), cycle)
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160)))
    make.apply(admin, batch)
    declarations.confirm(by=admin, declaration=of, codes=["revenue"])
    with pytest.raises(Conflict, match="1 家企业"):
        departments.withdraw(by=admin, batch=batch, reason="口径有误")
    assert DepartmentBatch.objects.get(pk=batch.pk).state == "applied"
    with pytest.raises(Refused, match="原因"):
        departments.withdraw(by=admin, batch=batch, reason=" ")


# the register


def test_the_market_register_is_kept_for_firms_that_are_not_here_yet(admin: Any, cycle: Any) -> None:
    heads = ("统一社会信用代码", "企业名称", "法定代表人", "住所", "成立日期", "登记状态")
    rows = (
        (ONE, "甲公司", "李法人", "创新大道1号", "2015-03-01", "存续"),
        (NOBODY, "乙公司", "张三", "", "2015/2/31", "注销"),
    )
    batch = make.batch(admin, cycle, make.table(heads, *rows), source="amr")
    (fault,) = batch.report["faults"]
    assert (fault["cell"], "有效的日期" in fault["why"]) == ("E3", True)
    rows = (rows[0], (*rows[1][:4], "2015年2月1日", "注销"))
    good = make.batch(admin, cycle, make.table(heads, *rows), source="amr")
    make.apply(admin, good)
    assert RegisterRecord.objects.count() == 2
    assert batches.register_record(NOBODY).founded_on == dt.date(2015, 2, 1)


@pytest.mark.parametrize("text", ["key: 2020-13-45", "key: [", "- key"])
def test_a_mapping_file_that_is_none_is_refused(admin: Any, cycle: Any, client_as: Any, text: str) -> None:
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160)))
    sent = {"mapping": io.BytesIO(text.encode())}
    assert client_as(admin).post(f"/p/cq/office/batches/{batch.pk}/mapping/", sent).status_code == 422


# the API


def post(client: Any, body: Any, key: str = "k1") -> Any:
    return client.post(
        API, json.dumps(body), content_type="application/json", headers={"idempotency-key": key}
    )


def body(*rows: Any, **changes: Any) -> dict[str, Any]:
    made = [{"uscc": code, "values": values} for code, values in rows]
    return {"source": "tax", "year": 2025, "as_of": "2026-06-12", "rows": made} | changes


def test_departments_bring_rows_by_the_api_once(admin: Any, cycle: Any, client_as: Any) -> None:
    client = client_as(admin)
    sent = body((ONE, {"revenue": "123456.78", "staff_total": 160, "platforms": [{"level": "national"}]}))
    first = post(client, sent)
    assert (first.status_code, first.json()["values"]) == (201, 3)
    assert post(client, sent).json() == first.json()
    assert amounts()[ONE, "revenue"] == Decimal("123456.78")
    assert DepartmentBatch.objects.count() == 1
    assert post(client, body((ONE, {"revenue": "1"}))).status_code == 422
    assert post(client, sent, key="k2").status_code == 409
    assert client.get(f"{API}{first.json()['id']}/").json()["state"] == "applied"


@pytest.mark.parametrize(
    ("sent", "key", "status", "code"),
    [
        (body((ONE, {"revenue": "1"})), "", 400, "idempotency_key_missing"),
        (body((ONE, {"revenue": "x"}), (TWO, {"revenue": "5"})), "k", 422, "rows_refused"),
        (body((NOBODY, {"revenue": "1"})), "k", 422, "rows_refused"),
        (body((ONE, {"nonsense": "1"})), "k", 422, "input_unknown"),
        (body((ONE, {"revenue": "1"}), source="mars"), "k", 422, "source_unknown"),
        (body((ONE, {"revenue": "1"}), year=2001), "k", 404, "not_found"),
        (body(), "k", 400, "invalid"),
        ({"rows": "x"}, "k", 400, "invalid"),
        ([1], "k", 400, "invalid"),
        (body((ONE, {"revenue": {"a": 1}})), "k", 422, "rows_refused"),
        (body((ONE + "\x00", {"revenue": "1"})), "k", 400, "invalid"),
    ],
)
def test_a_refused_call_writes_nothing_and_says_why(  # noqa: PLR0917  # fixtures and the case
    admin: Any, cycle: Any, client_as: Any, sent: Any, key: str, status: int, code: str
) -> None:  # fmt: skip
    client = client_as(admin)
    client.raise_request_exception = False
    answer = post(client, sent, key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not DepartmentBatch.objects.exists()
    if code == "rows_refused":
        assert answer.json()["errors"][0]["row"] == 1


def test_the_api_writes_sound_rows_when_asked_to(admin: Any, cycle: Any, client_as: Any) -> None:
    answer = post(client_as(admin), body((ONE, {"revenue": "x"}), (TWO, {"revenue": "5"}), mode="row"))
    assert (answer.status_code, answer.json()["rows_refused"], answer.json()["values"]) == (201, 1, 1)
    assert amounts() == {(TWO, "revenue"): 5}


# units


def known(admin: Any, cycle: Any, year: int, **amounts_of: int) -> None:
    batch = DepartmentBatch.objects.create(
        year=year, source="tax", as_of=dt.date(year + 1, 6, 1), filename="k", sha256="1" * 64, state="applied"
    )
    for uscc, amount in ((ONE, amounts_of["one"]), (TWO, amounts_of["two"])):
        batch.values.create(
            uscc=uscc, year=year, code="revenue", amount=Decimal(amount), source="tax", as_of=batch.as_of
        )


@pytest.mark.parametrize(
    ("unit", "one", "two", "other"),
    [("万元", 52_000_000, 9_100_000, "元"), ("元", 5200, 910, "万元"), ("万元", 5100, 900, "")],
)
def test_a_column_in_the_wrong_unit_is_asked_about_before_it_is_written(  # noqa: PLR0917  # fixtures and the case
    admin: Any, cycle: Any, unit: str, one: int, two: int, other: str
) -> None:  # fmt: skip
    """Compared with what departments said last year: 5,000 and 900 万元."""
    known(admin, cycle, 2024, one=50_000_000, two=9_000_000)
    head = f"营业收入（{unit}）"
    batch = make.batch(admin, cycle, make.table(("统一社会信用代码", head), (ONE, one), (TWO, two)))
    assert [(q["head"], q["other"], q["count"]) for q in batch.report["questions"]] == (
        [(head, other, 2)] if other else []
    )
    if not other:
        return
    for write in (departments.request_apply, lambda **given: make.apply(given["by"], given["batch"])):
        with pytest.raises(Refused, match="核对金额单位"):
            write(by=admin, batch=batch)
    assert (ONE, "revenue") not in {(u, c) for u, c in amounts() if DepartmentValue.objects.count() > 2}
    settled = departments.settle_units(by=admin, batch=batch, cycle=cycle, units={head: other})
    assert not settled.report["questions"]
    make.apply(admin, settled)
    assert DepartmentValue.objects.get(batch=batch, uscc=ONE).amount == Decimal(52_000_000)


def test_somebody_may_say_that_the_unit_is_right(admin: Any, cycle: Any, client_as: Any) -> None:
    known(admin, cycle, 2025, one=50_000_000, two=9_000_000)
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 52_000_000, 160), (TWO, 900, 20)))
    assert not batch.report["questions"], "one of two may be right: the firm is asked, not the department"
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 52_000_000, 160)))
    client, page = client_as(admin), f"/p/cq/office/batches/{batch.pk}/"
    shown = client.get(page).content.decode()
    assert "请核对金额单位" in shown
    assert "全部写入" not in shown
    assert client.post(page, {"mode": "file"}).status_code == 422
    assert client.post(page, {"act": "units", "head": HEADS[1]}).status_code == 422
    assert client.post(page, {"act": "units", "head": HEADS[1], "unit_0": "万元"}).status_code == 302
    assert "全部写入" in client.get(page).content.decode()


def test_the_api_asks_for_units_in_the_same_words(admin: Any, cycle: Any, client_as: Any) -> None:
    known(admin, cycle, 2024, one=50_000_000, two=9_000_000)
    client, row = client_as(admin), (ONE, {"revenue": "5200"})
    answer = post(client, body(row))
    assert (answer.status_code, answer.json()["code"]) == (422, "unit_unsure")
    assert [error["column"] for error in answer.json()["errors"]] == ["revenue"]
    assert post(client, body(row, units_confirmed=["revenue"]), key="k2").status_code == 201


# pages


def test_the_pages_of_a_batch(admin: Any, cycle: Any, client_as: Any) -> None:
    client = client_as(admin)
    batch = make.batch(admin, cycle, make.table(HEADS, (ONE, 5, 160), (TWO, "x", 20)))
    page = f"/p/cq/office/batches/{batch.pk}/"
    assert "只写入没有错误的行" in client.get(page).content.decode()
    assert client.get(f"{page}result/")["Content-Type"] == workbooks.XLSX
    assert client.get(f"{page}mapping/").status_code == 200
    assert client.post(page, {"mode": "file"}).status_code == 422
    assert client.post(page, {"mode": "row"}).status_code == 302
    make.apply(admin, batch)
    assert client.post(page, {"act": "withdraw", "reason": ""}).status_code == 422
    assert "当前" in client.get("/p/cq/office/batches/values/", {"uscc": ONE}).content.decode()
    assert client.post(page, {"act": "withdraw", "reason": "口径有误"}).status_code == 302
    assert "已撤回" in client.get(page).content.decode()
    reviewer = client_as(people.actor("park_reviewer", cycle.park))
    assert reviewer.post(page, {"mode": "row"}).status_code == 403

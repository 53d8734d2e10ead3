"""R&D platforms: entered by one, checked by another, reported yearly, promoted, ended, totalled, fed to the score's list."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from openpyxl import load_workbook

from cultivation.forms.platforms import OfficePlatformForm
from cultivation.models import Platform, PlatformLevel, PlatformReport, PlatformType
from cultivation.queries import feeds as feed_queries
from cultivation.queries import platforms as queries
from cultivation.services import feeds, platform_tables, platforms
from enterprises.models import DepartmentBatch, DepartmentValue
from enterprises.services import departments
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import jobs
from parks.clock import db_today
from parks.models import Notification
from parks.todo import todos_for
from tests.factories import parks as people
from tests.factories import policies as make

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    platforms.add_shipped(by=office["admin"])
    return office


def url(name: str, **kwargs: Any) -> str:
    return reverse(f"cultivation:{name}", kwargs={"park": "cq"} | kwargs)


def entry(
    type_: str = "rd_center", level: str = "district", number: str = "高新科〔2024〕1号", **more: Any
) -> dict[str, Any]:
    return {
        "type": PlatformType.objects.get(code=type_), "level": PlatformLevel.objects.get(code=level), "name": "示例研发中心",
        "head": "李明", "approver": "高新区科技局", "approval_number": number, "approved_on": db_today() - 400 * DAY,
    } | more  # fmt: skip


def live(office: make.Office, firm: Any, **more: Any) -> Platform:
    row = platforms.propose(by=firm.agent, enterprise_id=firm.enterprise.pk, **entry(**more))
    return platforms.check(by=office["reviewer"], platform_id=row.pk, accepts=True)


def fed() -> dict[str, list[str]]:
    return {
        uscc: [queries.counts_as(row) for row in rows] for uscc, rows in queries.counting(db_today()).items()
    }


def test_who_enters_a_platform_does_not_check_it(office: make.Office) -> None:
    firm = make.firm(office.park)
    row = platforms.propose(by=office["reviewer"], enterprise_id=firm.enterprise.pk, **entry())
    with pytest.raises(Forbidden, match="same_person"):
        platforms.check(by=office["reviewer"], platform_id=row.pk, accepts=True)
    with pytest.raises(IntegrityError, match="platform_two_persons"), transaction.atomic():
        Platform.objects.filter(pk=row.pk).update(checked_by_ref=row.proposed_by_ref)
    assert [one.count for one in todos_for(office["admin"]) if one.label == "研发平台待核对"] == [1]
    assert platforms.check(by=office["admin"], platform_id=row.pk, accepts=True).state == "in_force"
    with pytest.raises(Refused, match="reason_missing"):
        platforms.revoke(by=office["admin"], platform_id=row.pk, note=" ")


def test_what_was_approved_stays_even_by_sql(office: make.Office) -> None:
    row = live(office, make.firm(office.park))
    for change in ({"approval_number": "x"}, {"state": "proposed"}, {"checked_by_ref": 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Platform.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Platform.objects.create(enterprise_id=row.enterprise_id, state="in_force", **entry(number="2"))


def test_an_approval_is_registered_once(office: make.Office) -> None:
    firm = make.firm(office.park)
    live(office, firm)
    with pytest.raises(Conflict, match="number_known"):
        platforms.propose(by=firm.agent, enterprise_id=firm.enterprise.pk, **entry())


def test_a_promoted_platform_counts_once_at_the_higher_level(office: make.Office) -> None:
    firm = make.firm(office.park)
    first = live(office, firm)
    with pytest.raises(Refused, match="not_higher"):
        platforms.propose(
            by=firm.agent, enterprise_id=firm.enterprise.pk, before_id=first.pk, **entry(number="2")
        )
    assert fed() == {firm.enterprise.uscc: ["rd_center"]}
    second = platforms.propose(
        by=firm.agent, enterprise_id=firm.enterprise.pk, before_id=first.pk, **entry(number="2", level="municipal")
    )  # fmt: skip
    platforms.check(by=office["admin"], platform_id=second.pk, accepts=True)
    first.refresh_from_db()
    assert first.state == "upgraded"
    assert fed() == {firm.enterprise.uscc: ["provincial"]}


def test_a_firm_reports_on_its_phone_until_the_day(office: make.Office) -> None:
    firm, stranger = make.firm(office.park, 1), make.firm(office.park, 2)
    row = live(office, firm)
    year = platforms.open_year(by=office["admin"], year=2025, due_on=db_today() + 3 * DAY)
    assert [one.label for one in todos_for(firm.agent) if "2025" in one.label]
    page = url("platform_report", platform_id=row.pk, year_id=year.pk)
    client = people.client_for(firm.agent)
    wrong = client.post(page, {"staff": "3", "senior": "5"})
    assert wrong.status_code == 422 and "不能多于专职研发人员" in wrong.content.decode()
    desk = people.client_for(office["officer"])
    assert row.name in desk.get(url("platform_registry"), {"unreported": "true"}).content.decode()
    client.post(page, {"staff": "12", "senior": "5", "outlay": "30.5", "projects": "4", "work": "新建中试线"})
    client.post(page, {"staff": "13", "senior": "5", "outlay": "30.5", "projects": "4"})
    row.refresh_from_db()
    assert (row.staff, row.outlay, row.projects) == (13, 305_000, 4)
    assert row.name not in desk.get(url("platform_registry"), {"unreported": "true"}).content.decode()
    assert PlatformReport.objects.get().staff == 13
    assert not [one for one in todos_for(firm.agent) if "2025" in one.label]
    with pytest.raises(NotFound):
        platforms.report(by=stranger.agent, platform_id=row.pk, year_id=year.pk)
    type(year).objects.filter(pk=year.pk).update(due_on=db_today() - DAY)
    with pytest.raises(Conflict, match="late"):
        platforms.report(by=firm.agent, platform_id=row.pk, year_id=year.pk, staff=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        PlatformReport.objects.update(staff=99)


def test_reminders_come_once_a_step_and_the_end_ends_it(office: make.Office) -> None:
    firm = make.firm(office.park)
    row = live(office, firm, valid_until=db_today() + 2 * DAY)
    platforms.open_year(by=office["admin"], year=2025, due_on=db_today() + 2 * DAY)
    before = Notification.objects.count()
    assert platforms.remind(by=office["admin"]) == 2
    assert platforms.remind(by=office["admin"]) == 0
    assert Notification.objects.count() == before + 2
    assert platforms.expire(by=office["admin"]) == 0
    past = live(office, firm, number="2", valid_until=db_today() - DAY)
    assert platforms.expire(by=office["admin"]) == 1
    past.refresh_from_db()
    row.refresh_from_db()
    assert (past.state, row.state) == ("expired", "in_force")


def test_a_platform_sees_what_it_could_become(office: make.Office) -> None:
    office.release(make.text("upgrade_rd_center_municipal"))
    firm = make.firm(office.park)
    row = live(office, firm, staff=6, senior=5, area=120)
    page = people.client_for(firm.agent).get(url("platform", platform_id=row.pk)).content.decode()
    assert "重庆市中小企业技术研发中心" in page and "差 2" in page


def test_totals_are_one_sentence_with_the_same_by_group_and_list(office: make.Office) -> None:
    live(
        office,
        make.firm(office.park, 1),
        staff=20,
        projects=3,
        patents=7,
        contracts=2,
        contract_amount=2_060_000,
    )
    live(office, make.firm(office.park, 2), number="2", type_="key_lab", level="municipal", staff=30)
    client = people.client_for(office["officer"])
    page = client.get(url("platform_registry"), {"by": "level"}).content.decode()
    assert (
        "2 个有效平台，专职研发人员 50 人，在研项目 3 项，有效发明专利 7 件，技术合同 2 项、206.00 万元"
        in page
    )
    assert "市级（视同省级）" in page
    rows = client.get(url("platform_registry"), {"type": "重点实验室", "export": "csv"}).content.decode()
    assert "示例企业2" in rows and "示例企业1" not in rows


def test_what_is_in_force_becomes_a_batch_of_department_data(office: make.Office) -> None:
    firm = make.firm(office.park)
    row = live(office, firm, level="municipal", name="示例，研发中心")
    year = DepartmentBatch.objects.order_by("-year").values_list("year", flat=True).first() or 2025
    batch = DepartmentBatch.objects.get(pk=feeds.make(by=office["officer"], year=year))
    assert (batch.source, batch.state, batch.rows_read, batch.rows_refused) == ("sti", "checked", 1, 0)
    assert feeds.make(by=office["officer"], year=year) == batch.pk
    departments.request_apply(by=office["officer"], batch=batch)
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    written = DepartmentValue.objects.get(batch=batch)
    assert (written.uscc, written.entries) == (
        firm.enterprise.uscc,
        [
            {
                "level": "provincial",
                "name": "示例 研发中心",
                "number": row.approval_number,
                "date": str(row.approved_on),
            }
        ],
    )


def put_in(office: make.Office, year: int) -> DepartmentBatch:
    """The registry as a batch, written."""
    batch = DepartmentBatch.objects.get(pk=feeds.make(by=office["officer"], year=year))
    departments.request_apply(by=office["officer"], batch=batch)
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    return batch


def test_a_platform_counts_in_the_years_in_which_it_was_one(office: make.Office) -> None:
    firm, today = make.firm(office.park), db_today()
    row = live(office, firm)
    platforms.revoke(by=office["admin"], platform_id=row.pk, note="停止运行", ended_on=today - 100 * DAY)
    assert queries.counting(today) == {} and queries.counting(today - 100 * DAY) == {}
    assert list(queries.counting(today - 101 * DAY)) == [firm.enterprise.uscc]
    assert queries.counting(row.approved_on - DAY) == {}
    late = live(office, firm, number="2", valid_until=today - 10 * DAY)
    assert queries.counting(today) == {}  # the nightly step that ends it has not come yet
    platforms.expire(by=office["admin"])
    assert [one.pk for one in queries.counting(today - 10 * DAY)[firm.enterprise.uscc]] == [late.pk]
    with pytest.raises(DatabaseError), transaction.atomic():
        Platform.objects.filter(pk=row.pk).update(ended_on=today)
    with pytest.raises(Refused, match="day_wrong"):
        again = live(office, firm, number="3")
        platforms.revoke(by=office["admin"], platform_id=again.pk, note="x", ended_on=today + DAY)


def test_a_batch_is_not_written_once_a_platform_of_it_has_ended(office: make.Office) -> None:
    year = DepartmentBatch.objects.order_by("-year").values_list("year", flat=True).first() or 2025
    one, two = make.firm(office.park, 1), make.firm(office.park, 2)
    row = live(office, one)
    live(office, two, number="2")
    batch = DepartmentBatch.objects.get(pk=feeds.make(by=office["officer"], year=year))
    platforms.revoke(by=office["admin"], platform_id=row.pk, note="认定有误", ended_on=row.approved_on)
    with pytest.raises(Refused, match="platforms_changed"):
        departments.request_apply(by=office["officer"], batch=batch)
    assert not DepartmentValue.objects.filter(batch=batch).exists()
    put_in(office, year)
    assert list(
        DepartmentValue.objects.filter(code="platforms", entries__0__number="2").values_list(
            "uscc", flat=True
        )
    )


def test_the_office_is_told_what_is_no_longer_so_and_a_new_batch_puts_it_right(office: make.Office) -> None:
    year = DepartmentBatch.objects.order_by("-year").values_list("year", flat=True).first() or 2025
    firm = make.firm(office.park, 1)
    row = live(office, firm)
    put_in(office, year)
    client = people.client_for(office["officer"])
    assert feed_queries.stale() == []
    platforms.revoke(by=office["admin"], platform_id=row.pk, note="认定有误", ended_on=row.approved_on)
    (stale,) = feed_queries.stale()
    assert [(one.platform, one.is_gone) for one in stale.differences] == [(row, True)]
    page = client.get(url("platform_registry")).content.decode()
    assert "已不属实" in page and "新批次会改正这些行" in page
    assert [one.count for one in todos_for(office["officer"]) if "与登记不符" in one.label] == [1]
    batch = put_in(office, year)
    assert DepartmentValue.objects.get(batch=batch).entries == []
    assert feed_queries.stale() == []


def filled(**changed: Any) -> bytes:
    """A workbook made from the template with one row."""
    book = load_workbook(io.BytesIO(platform_tables.template()))
    sheet = book["数据"]
    row = {
        "统一社会信用代码": "", "平台名称": "表格中心", "类型": "企业研发中心", "级别": "区级", "负责人": "李明", "批准单位": "科技局",
        "批准文号": "表1", "批准日期": dt.date(2024, 5, 1), "专职研发人员": 9, "仪器设备原值（万元）": 12.5,
    } | changed  # fmt: skip
    for cell in sheet[1]:
        if cell.value in row:
            sheet.cell(2, cell.column, row[cell.value])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_table_is_entered_as_a_whole_or_not_at_all(office: make.Office) -> None:
    firm = make.firm(office.park)
    client = people.client_for(office["reviewer"])

    def send(**changed: Any) -> Any:
        file = SimpleUploadedFile("p.xlsx", filled(**{"统一社会信用代码": firm.enterprise.uscc} | changed))
        return client.post(url("platform_import"), {"file": file})

    wrong = send(级别="镇级", 批准日期="去年").content.decode()
    assert "第 2 行" in wrong and "级别" in wrong and "批准日期" in wrong
    assert not Platform.objects.exists()
    assert (
        "第 2 行：本园区没有这个信用代码的企业"
        in send(统一社会信用代码="91500107MA5U00099X").content.decode()
    )
    assert send().status_code == 302
    assert "第 2 行：这个批准文号已经登记过" in send(平台名称="又一次").content.decode()
    row = Platform.objects.get()
    assert (row.state, row.staff, row.equipment, row.enterprise) == ("proposed", 9, 125_000, firm.enterprise)
    checker = people.client_for(office["admin"])
    checker.post(url("platform_check_all"), {"event": "take_back", "own": [row.pk]})
    row.refresh_from_db()
    assert row.state == "proposed"  # only who entered it takes it back
    client.post(url("platform_check_all"), {"event": "take_back", "own": [row.pk]})
    row.refresh_from_db()
    assert row.state == "withdrawn" and send().status_code == 302
    again = Platform.objects.get(state="proposed")
    checker.post(url("platform_check_all"), {"ids": [again.pk]})
    again.refresh_from_db()
    assert again.state == "in_force"


@pytest.mark.parametrize(
    ("head", "cell", "why"),
    [
        ("平台名称", "", "第 2 行 B 平台名称"),
        ("类型", "研究院", "第 2 行 C 类型"),
        ("批准日期", "2999-01-01", "批准日期不能晚于今天"),
        ("有效期至", "2020-01-01", "有效期应晚于批准日期"),
        ("专职研发人员", "九", "第 2 行 K 专职研发人员"),
        ("其中中高级职称或研究生", 10, "不能多于专职研发人员"),
        ("仪器设备原值（万元）", -1, "不能为负数"),
        ("技术合同金额（万元）", "约两百", "请填写金额"),
    ],
)  # fmt: skip
def test_each_kind_of_fault_is_named_by_its_cell_and_nothing_is_entered(
    office: make.Office, head: str, cell: Any, why: str
) -> None:
    firm = make.firm(office.park)
    data = filled(**{"统一社会信用代码": firm.enterprise.uscc, head: cell})
    with pytest.raises(Refused) as refused:
        platform_tables.load(by=office["reviewer"], data=data, form_of=OfficePlatformForm)
    assert why in str(refused.value.message) and "第 2 行" in str(refused.value.message)
    assert not Platform.objects.exists()

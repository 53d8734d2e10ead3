"""Visits, events, notices and technical needs in a browser, from the office to the firm and back."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from parks.clock import BEIJING
from tests.journeys import firms
from tests.journeys.test_lending import press_together

pytestmark = pytest.mark.browser
AGENT, LEGAL = "ent.agent@demo", "ent.legal@demo"


def day(ahead: int = 0) -> str:
    return (dt.datetime.now(BEIJING).date() + dt.timedelta(days=ahead)).isoformat()


def test_a_visit_brings_an_appeal_that_the_firm_alone_closes(visit: Any) -> None:
    firm = visit(AGENT, width=360)
    name = firm.page.locator("main .lead").inner_text().split(" · ")[0]
    visitor = visit("park.review1@demo", width=360)
    visitor.go("/p/cq/office/visits/new/")
    visitor.fill(firm=name, visited_on=day(), visitors="赵慧、钱进", note="新厂房月底交付").press(
        "保存"
    ).looks_right()
    visitor.fill(category="space", text="新厂房需要 10 千伏专线").press("登记诉求").sees(
        "新厂房需要 10 千伏专线"
    ).looks_right()
    visitor.press("S0").sees("待答复").looks_right()
    appeal = visitor.page.url.removeprefix(visitor.address)
    visitor.fill(text="已请供电公司本周勘察。").press("答复").sees("待企业确认")
    firm.go("/p/cq/e/appeals/").sees("新厂房需要")
    firm.go(appeal).looks_right().fill(text="勘察了，还没有排期。").press("还没有解决").sees("待答复")
    visitor.go(appeal).fill(text="12 月 10 日前送电。").press("答复")
    firm.go(appeal).press("确认已解决").sees("已解决", "12 月 10 日前送电")
    visit("park.admin@demo").go(f"/p/cq/office/visits/coverage/?name={name}").sees(f"{day()}").looks_right()


def test_two_firms_race_for_the_last_seat_and_who_waits_moves_up(visit: Any, site: Any) -> None:
    made = firms.inside(site, 2)
    officer = visit("park.score@demo", zone="蓉城示例高新区")
    officer.go("/p/cd/office/events/new/").press("保存").sees("处需要修改")
    start = f"{day(7)}T14:00"
    officer.fill(
        title="研发费用加计扣除辅导", kind="training", starts_at=start, ends_at=f"{day(7)}T16:00", sign_up_until=start,
        place="创新大厦 301", seats="1", contact="郑文 028-00000000",
    )  # fmt: skip
    officer.press("保存").press("发布并邀请企业").sees("已发布")
    own = officer.page.url.removeprefix(officer.address).replace("/office/", "/e/")
    phones = [firms.sign_in(visit(width=360), "agent", firm) for firm in made]
    for phone in phones:
        phone.go(own).fill(names="王经办", phone="13800000000")
    texts = press_together(phones, "main form:has([name=names]) button", "我的报名")
    assert sorted("候补" in text for text in texts) == [False, True]
    winner, waiting = sorted(phones, key=lambda phone: "候补" in phone.page.locator("main").inner_text())
    waiting.looks_right()
    winner.press("取消报名")
    waiting.go(own).sees("已报名")
    waiting.go("/p/cd/messages/").sees("有了空位")
    officer.go(own.replace("/e/", "/office/")).sees("1 / 1").looks_right()


def test_a_notice_counts_who_opened_it(visit: Any) -> None:
    writer = visit("park.score@demo")
    writer.go("/p/cq/office/notices/new/").looks_right()
    writer.fill(title="高企复审材料清单", text="请于月底前备齐。").press("发出").sees(
        "0 家已读"
    ).looks_right()
    page = writer.page.url.removeprefix(writer.address)
    phone = visit(AGENT, width=360)
    phone.go("/p/cq/messages/")
    for _wait in range(20):
        if "高企复审材料清单" in phone.page.locator("main").inner_text():
            break
        phone.page.wait_for_timeout(500)
        phone.page.reload()
    phone.press("高企复审材料清单").sees("请于月底前备齐").looks_right()
    writer.go(page).sees("1 家已读").looks_right()
    writer.go("/p/cq/office/notices/").looks_right()


def test_a_need_meets_an_expert_and_becomes_a_contract(visit: Any) -> None:
    firm = visit(AGENT, width=360)
    firm.go("/p/cq/e/tech-needs/").looks_right()
    firm.page.check("main [name=fields_of][value=materials]")
    firm.fill(
        title="耐高温封装胶",
        text="长期使用温度不低于 260 ℃。",
        budget_from="50",
        budget_to="80",
        until=day(60),
    ).press("发布").looks_right()
    need = firm.page.url.removeprefix(firm.address)
    office = visit("park.review1@demo")
    office.go("/p/cq/office/tech-needs/").looks_right()
    office.go(need).looks_right().press("对接").sees("登记对接结果").looks_right()
    firm.go(need).page.locator("main summary:has-text('登记对接结果')").click()
    firm.fill(outcome="contract", amount="65").press("登记").sees("65.00").looks_right()
    office.go(need).sees("签约")


CREDIT = """
    SELECT count(*), count(DISTINCT enterprise_id), count(*) FILTER (WHERE granted),
           count(DISTINCT enterprise_id) FILTER (WHERE granted), sum(amount)
      FROM (SELECT a.enterprise_id, a.amount, bool_or(e.to_state = 'approved') AND a.status NOT IN ('declined', 'withdrawn', 'lapsed') AS granted
              FROM finance_application a JOIN finance_applicationevent e ON e.application_id = a.id
             WHERE e.at >= make_timestamptz(%s, 1, 1, 0, 0, 0, 'Asia/Shanghai') GROUP BY a.id) AS loans
"""
BOARDS = """
    SELECT count(DISTINCT b.id), count(DISTINCT e.uscc) FROM rankings_publishedboard b JOIN rankings_publishedentry e ON e.published_id = b.id
     WHERE b.year = %s AND b.state = 'final'
"""


def test_the_year_report_adds_up_to_the_pages_it_names(visit: Any, site: Any) -> None:
    """Its figures, counted again from the lists as they are exported, and of loans and boards from what was written event by event."""
    admin = visit("park.admin@demo")
    admin.go("/p/cq/office/year-reports/").press("生成报告").waits_for("已完成")
    admin.press("查看报告").sees("走访与诉求")
    report = sheet(admin, admin.page.url.removeprefix(admin.address))
    told = {(row[0], row[1]): row[2] for row in report if len(row) > 2}
    year = str(dt.datetime.now(BEIJING).year)

    claims = [row for row in table(admin, "claims") if row["提交时间"].startswith(year)]
    filed = [row for row in claims if row["状态"] not in ("不予兑现", "已撤回")]
    paid = [row for row in claims if row["状态"] == "已兑现"]
    assert told["政策兑现", "受理申请"] == len(filed)
    assert told["政策兑现", "受理金额"] == wan(filed, "金额（元）")
    assert told["政策兑现", "兑现申请"] == len(paid)
    assert told["政策兑现", "兑现金额"] == (wan(paid, "金额（元）") if len(firms_of(paid)) > 2 else "—")

    visits = [row for row in table(admin, "visits") if row["走访日期"].startswith(year)]
    assert told["走访与诉求", "走访"] == len(visits)
    assert told["走访与诉求", "走访企业"] == len(firms_of(visits))
    appeals = [row for row in table(admin, "appeals") if row["提出时间"].startswith(year)]
    states = [row["状态"] for row in appeals]
    assert told["走访与诉求", "收到诉求"] == len(appeals)
    assert told["走访与诉求", "已答复诉求"] == len(appeals) - states.count("待答复")
    assert told["走访与诉求", "企业确认解决"] == states.count("已解决")

    now = dt.datetime.now(BEIJING).isoformat(sep=" ")
    held = [
        row for row in table(admin, "events") if row["状态"] == "已发布" and year <= row["开始时间"] < now
    ]
    assert told["宣传培训", "举办活动"] == len(held)
    assert told["宣传培训", "报名"] == sum(int(row["已报名"]) for row in held)
    assert told["宣传培训", "到场"] == sum(int(row["到场人数"]) for row in held)

    needs = [row for row in table(admin, "tech-needs") if row["发布时间"].startswith(year)]
    assert told["技术需求", "发布的需求"] == len(needs)
    assert told["技术需求", "对接专家"] == sum(int(row["已对接专家"]) for row in needs)

    ((applied, _firms, granted, granted_firms, amount),) = site.sql("cq", CREDIT, int(year))
    credit = [told["积分贷", name] for name in ("申请", "申请金额", "批准", "获批企业")]
    assert credit == [applied, float(amount / 10_000), granted, granted_firms]
    stands = collections.Counter((row["层级"], standing(row)) for row in table(admin, "ladder"))
    rungs = {rung for rung, _standing in stands}
    for row in report:
        if row[1] in rungs:
            assert list(row[2:5]) == [stands[row[1], where] for where in ("已具备", "可申报", "只差一项")]
            rungs.remove(row[1])
    assert stands and not rungs

    admin.go("/p/cq/office/year-reports/").fill(year="2025").press("生成报告").waits_for("已完成")
    admin.press("查看报告")
    told = {
        (row[0], row[1]): row[2]
        for row in sheet(admin, admin.page.url.removeprefix(admin.address))
        if len(row) > 2
    }
    (boards,) = site.sql("cq", BOARDS, 2024)
    assert boards == (told["2024 年度榜单", "已发布榜单"], told["2024 年度榜单", "上榜企业"])


def standing(row: dict[str, str]) -> str:
    """Where a firm stands on a rung, as the list tells it."""
    return "已具备" if row["已具备"] == "是" else "可申报" if row["符合条件"] == "是" else "只差一项"


def table(window: Any, name: str) -> list[dict[str, str]]:
    """A list of the office as its export tells it."""
    answer = window.context.request.get(f"{window.address}/p/cq/office/{name}/?export=csv")
    return list(csv.DictReader(io.StringIO(answer.body().decode("utf-8-sig"))))


def sheet(window: Any, path: str) -> list[tuple[Any, ...]]:
    answer = window.context.request.get(f"{window.address}{path}?export=xlsx")
    return list(openpyxl.load_workbook(io.BytesIO(answer.body())).worksheets[0].iter_rows(values_only=True))


def firms_of(rows: list[dict[str, str]]) -> set[str]:
    return {row["统一社会信用代码"] for row in rows}


def wan(rows: list[dict[str, str]], column: str) -> float:
    return float(round(sum((Decimal(row[column]) for row in rows), Decimal(0)) / 10_000, 2))

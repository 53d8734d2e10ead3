"""Visits, events, notices and technical needs in a browser, from the office to the firm and back."""

from __future__ import annotations

import datetime as dt
from typing import Any

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

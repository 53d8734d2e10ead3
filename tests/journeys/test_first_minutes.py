"""J25: by a role card to the desk, whose first tasks are ticked by doing them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.conftest import wait_until
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
YEAR = dt.date.today().year - 1  # the demo zone's newest year
BANNER = "演示模式"


def ticked(person: Visitor) -> list[str]:
    """What the desk shows as done."""
    person.go("/p/cq/").sees(BANNER)
    rows = person.page.locator("#starter-tasks ~ ol li:has(.mark-ok)").all_inner_texts()
    return [row.removeprefix("✓ 已做").strip() for row in rows]


def begin(person: Visitor, task: str) -> Visitor:
    return person.go("/p/cq/").press(task).sees(BANNER)


def test_an_enterprise_does_its_first_tasks_on_a_phone(visit: Any) -> None:
    agent = visit("ent.agent@demo", width=360)
    agent.go("/p/cq/").sees("新手任务", "做过一次就会打勾").looks_right()
    begin(agent, "确认一页预填的数据").press("研发投入").press("项无误").sees("已确认")
    begin(agent, "更正一项数据").go(f"/p/cq/e/declaration/{YEAR}/item/rd_expense_prev/")
    agent.fill(text="550", reason="以专项审计报告为准").press("保存", within="#correct").sees("已保存")
    begin(agent, "看积分画像").page.locator("main tbody a").first.click()
    agent.sees("总分").press("研发费用占营业收入比例").sees("怎么算的")
    assert ticked(agent) == ["确认一页预填的数据", "更正一项数据，附上材料", "看积分画像：总分、名次、和同行比", "点开一项指标，看它怎么算的"]  # fmt: skip
    begin(agent, "改一个数字").page.locator("main tbody a").first.click()
    agent.press("试一试").page.locator(".what-if-row select").first.select_option("rd_expense")
    agent.page.locator(".what-if-row input[name=value]").first.fill("860")
    agent.page.locator("main form button:has-text('算一算')").first.click()
    agent.waits_for("改动后的估算")
    begin(agent, "看一条政策").page.locator("main .card a, main tbody a").first.click()
    agent.page.wait_for_load_state()
    assert ticked(agent) == []
    agent.sees_not("做过一次就会打勾").press("重新开始新手任务").sees("做过一次就会打勾").sees_not("✓ 已做")


def test_a_publisher_and_a_bank_officer_do_theirs(visit: Any) -> None:
    publisher = visit("park.publish@demo")
    begin(publisher, "打开一期榜单").press(f"{YEAR - 1}").press("第 1 版").press("追溯")
    begin(publisher, "看公众和企业的异议")
    certificates = begin(publisher, "看一张上榜证书").page
    wait_until(
        lambda: certificates.reload() and certificates.locator("main tbody a").count()
    )  # the worker signs them
    certificates.locator("main tbody a").first.click()
    certificates.wait_for_load_state()
    assert ticked(publisher) == []
    officer = visit("bank.maker@demo", width=360)
    begin(officer, "打开一笔贷款申请").page.locator("main tbody a").first.click()
    officer.page.wait_for_load_state()
    begin(officer, "看本行的敞口")
    begin(officer, "读一条企业的融资需求").page.locator("main tbody a").first.click()
    officer.page.wait_for_load_state()
    assert len(ticked(officer)) == 3
    officer.looks_right()


def test_the_keys_lead_to_search_help_and_home_until_they_are_switched_off(visit: Any) -> None:
    admin = visit("park.admin@demo")
    page = admin.go("/p/cq/office/audit/").page
    page.keyboard.press("/")
    page.keyboard.type("研发费用")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/cq/search/?q=*")
    admin.sees("各项指标", "研发费用金额").looks_right()
    page.locator("h1").click()
    page.keyboard.press("?")
    page.wait_for_url("**/p/cq/help/")
    admin.sees("快捷键").looks_right()
    page.keyboard.type("gh")
    page.wait_for_url("**/p/cq/")
    admin.go("/p/cq/help/").press("快捷键已开").page.keyboard.press("/")
    assert not page.locator("input:focus").count()
    admin.sees("快捷键已关").press("快捷键已关").page.keyboard.press("/")
    assert page.locator("input[name=q]:focus").count()

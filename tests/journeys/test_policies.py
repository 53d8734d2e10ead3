"""Policies in a browser: a firm on a phone from sign-in to a filed claim, the office and the fund to the confirmed payment."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
TITLE = "国产化装备采购奖励"
TAP, SEARCH, READING, TYPING = 1.2, 15.0, 6.0, 1.0
"""Seconds a tap and to find the entry on the desk; letters read and typed a second."""
ACCOUNT = {"account_bank": "江城银行高新支行", "account_number": "622200001234567"}


def test_a_firm_claims_in_five_minutes_on_a_phone(visit: Any) -> None:
    """Seven taps; with the desk searched and the two pages after it read to the last letter, well within five minutes."""
    firm = visit("ent.agent@demo", width=360)
    firm.press("政策匹配")
    read = len(firm.page.locator("main").inner_text())
    firm.press("补充数据并申请").looks_right()
    read += len(firm.page.locator("main").inner_text())
    firm.sees(TITLE)
    assert firm.page.input_value("main [name=account_name]")
    firm.fill(in_in_catalogue="1", in_investment="350", **ACCOUNT).press("提交申请")
    firm.sees("待初审", "17.50", "还有 60 个").looks_right()
    assert firm.taps == 7
    typed = sum(map(len, ACCOUNT.values())) + len("350")
    assert firm.taps * TAP + SEARCH + read / READING + typed / TYPING < 300
    firm.press("打印申请表").sees("企业填报", "江城银行高新支行")


def test_a_claim_goes_through_the_office_to_the_money(visit: Any, site: Any) -> None:
    number = site.rows("cq", "SELECT min(id) FROM cultivation_claim WHERE state = 'submitted'")[0][0]
    page = f"/p/cq/claims/{number}/"
    for login, button, after in (
        ("park.review1@demo", "初审通过", "待联审"),
        ("park.review2@demo", "联审通过", "待公示"),
        ("park.publish@demo", "公示", "公示中"),
    ):
        visit(login).go(page).press(button).sees(after)
    visit("park.publish@demo").go(page).sees("公示期未满").sees_not("审定\n")
    visit(None).go("/zones/cq/claim-notices/").sees("公示至")
    site.sql(
        "cq",
        "UPDATE cultivation_claim SET notice_ends_at = now() - interval '1 minute' WHERE id = %s",
        number,
    )
    for login in ("park.publish@demo", "park.publish2@demo"):
        visit(login).go(page).press("审定")
    paying = visit("fund@demo").go(page).looks_right()
    paying.fill(paid_reference="GK-1").press("登记拨付").sees("待确认到账")
    visit("fund2@demo").go(page).press("确认到账").sees("已兑现")


def test_a_ready_made_claim_needs_the_account_only(visit: Any) -> None:
    """免申即享: the office makes drafts, the firm's desk says so, one form remains."""
    officer = visit("park.score@demo")
    officer.go("/p/cq/office/matching/").looks_right()
    officer.page.locator("main button[aria-label^='生成免申即享申请：研发投入增长奖励']").click()
    officer.sees("已开始生成申请").waits_for("份申请，等待企业确认账户")


def test_a_policy_is_written_checked_and_released(visit: Any) -> None:
    writer = visit("park.score@demo")
    writer.go("/p/cq/office/policies/new/?example=hz32_rd_growth").looks_right()
    text = writer.page.locator("textarea[name=text]").input_value()
    writer.fill(text=text.replace("amount_wan: 200", "amount_wan: 201"))
    writer.waits_for("未通过")
    writer.fill(text=text)
    writer.press("保存").sees("已保存").looks_right()
    page = writer.page.url.removeprefix(writer.address).partition("?")[0]
    writer.press("试算").sees("需要", "符合和只差一项的企业").looks_right()
    writer.go(page).press("提请发布").sees("待发布")
    visit("park.publish@demo").go(page).press("发布").sees("已发布").looks_right()
    visit(None, width=360).go("/zones/cq/policies/?title=研发投入增量").sees("研发投入增量补助").looks_right()
    writer.go("/p/cq/office/matching/").looks_right().press("匹配全部企业").looks_right()

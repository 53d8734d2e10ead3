"""Lending in a browser: a bank sees nothing without a consent; consent, read, revoke; two people; the last of a pool."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import Any

import pytest
from celery import Celery

from tests.bankapi.receiver import receiving
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
FIRM, BANK = "ent.legal@demo", "bank.maker@demo"
FIRST_APPLICANT = "SELECT e.name FROM finance_application a JOIN enterprises_enterprise e ON e.id = a.enterprise_id ORDER BY a.id LIMIT 1"
PAPER = "研发费用专项审计报告.pdf"


def consent(firm: Visitor, product: str, more: str = "") -> None:
    """Sign for six months, unless a consent holds already (journeys share their zone); with `more` groups than needed."""
    firm.go(f"/p/cq/e/finance/{product}/consent/").looks_right()
    if not firm.page.locator("main input[name=months]").count():
        return
    if more:
        firm.page.check(f"main input[name=more][value={more}]")
        firm.press("重新生成授权书").sees(PAPER).looks_right()
    for box in firm.page.locator("main form[method=post] input[type=checkbox]").all():
        box.check()
    firm.page.check("main input[name=months][value='6']")
    firm.press("签署")


def apply(firm: Visitor, product: str, amount: str) -> str:
    """Apply in 万元; returns the address of the application."""
    firm.go(f"/p/cq/e/finance/{product}/apply/")
    firm.fill(amount=amount, term_months="12", purpose="采购研发设备").press("提交")
    firm.sees("已预留")
    return str(firm.page.url.rstrip("/").rpartition("/")[2])


def press_together(windows: list[Visitor], button: str, answers: str) -> list[str]:
    """Press in all windows before any has answered; what each says."""
    for window in windows:
        window.page.locator(button).last.click(no_wait_after=True)
    for window in windows:
        window.page.wait_for_load_state()
        window.page.locator(f"main :text-matches('{answers}')").first.wait_for()
    return [str(window.page.locator("main").inner_text()) for window in windows]


def test_a_bank_sees_nothing_of_a_firm_without_consent(visit: Any, site: Any) -> None:
    """J20: addresses that are guessed answer as if there were nothing; lists, searches and totals do not know the firm."""
    other = visit("bank2.maker@demo")
    name = site.rows("cq", FIRST_APPLICANT)[0][0]
    for real, absent in (
        ("/p/cq/bank/applications/1/", "/p/cq/bank/applications/987654/"),
        ("/p/cq/bank/applications/1/print/", "/p/cq/bank/applications/987654/print/"),
        ("/p/cq/bank/applications/1/memo/", "/p/cq/bank/applications/987654/memo/"),
        ("/p/cq/bank/applications/1/documents/1/", "/p/cq/bank/applications/987654/documents/1/"),
        ("/p/cq/desk/loans/1/", "/p/cq/desk/loans/987654/"),
    ):
        answers = [other.go(path).page.locator("main").inner_text() for path in (real, absent)]
        assert answers[0] == answers[1], real
    for path in (
        "/p/cq/bank/applications/",
        "/p/cq/desk/loans/",
        "/p/cq/desk/report/",
        "/p/cq/desk/consents/",
    ):
        other.go(path).looks_right().sees_not("A000001", name)
        assert "A000001" not in other.go(f"{path}?q={name}").page.locator("main").inner_text()


def test_consent_read_revoke(visit: Any) -> None:
    """J21: package previewed and a paper added; each read is in the firm's log within seconds, by name; revoked, all is gone at
    once and the application waits."""
    firm, officer = visit(FIRM, width=360), visit(BANK)
    consent(firm, "points-first", more="evidence")
    number = apply(firm, "points-first", "30")
    case = f"/p/cq/bank/applications/{number}/"
    start = time.monotonic()
    officer.go(case).sees("本次查看已记入", "总分", "没有授权的信息", "历年积分").looks_right()
    officer.press(PAPER).sees("记入企业的访问记录").looks_right()
    paper = officer.page.url
    firm.go("/p/cq/e/access-log/").sees("周维", "积分", PAPER).looks_right()
    assert time.monotonic() - start < 15
    officer.go(f"{case}print/").sees("总分").looks_right()
    firm.press("提出疑问").fill(text="为什么查看财务区间？").press("提交疑问").sees("待答复")
    officer.go("/p/cq/desk/questions/").fill(answer="用于本次授信审批。").press("答复").sees(
        "用于本次授信审批"
    )
    officer.go(case).sees("总分")
    firm.go("/p/cq/e/consents/").press("撤回", within="tr:has-text('创新积分首贷')").sees("暂停")
    firm.page.check("main [name=confirm]")
    firm.press("撤回").sees("银行已不能查询")
    officer.go("/p/cq/bank/applications/")
    officer.page.go_back()  # to the case that was open before: nothing of it is kept
    officer.sees("授权已撤回或到期").sees_not("总分", PAPER)
    officer.go(f"{case}print/").sees("授权已撤回或到期").sees_not("总分", PAPER)
    officer.page.goto(paper)
    officer.sees_not(PAPER)
    firm.go(f"/p/cq/e/loans/{number}/").sees("暂停").looks_right()
    firm.press("撤回申请").sees("已撤回")


def test_two_people_decide_and_the_firm_follows(visit: Any) -> None:
    """J22 and on to the money: own approval refused, another person approves, contract, payment out by two."""
    firm, maker, checker = visit(FIRM, width=360), visit(BANK), visit("bank.check@demo")
    consent(firm, "points-first", more="evidence")
    number = apply(firm, "points-first", "50")
    maker.go(f"/p/cq/bank/applications/{number}/").fill(amount="40", rate="3.45", term_months="12").press(
        "提交复核"
    )
    maker.sees("待银行复核")
    maker.go(f"/p/cq/bank/check/{number}/")
    assert "403" in maker.page.title() or maker.page.locator("form [name=outcome]").count() == 0
    checker.go(f"/p/cq/bank/check/{number}/").looks_right()
    checker.page.check("main [name=outcome][value=approve]")
    checker.page.locator("main form:has([name=outcome]) button").click()
    checker.page.wait_for_load_state()
    checker.sees("复核意见已记录")
    one, two = visit("bank.ops@demo"), visit("bank.ops2@demo", width=360)
    ends_on = str(dt.date.today() + dt.timedelta(days=365))
    one.go(f"/p/cq/desk/loans/{number}/").fill(number="HT-J22", ends_on=ends_on).press("登记合同").sees(
        "待企业签署"
    )
    firm.go(f"/p/cq/e/loans/{number}/").sees("已审批", "3.45").press("签署合同").sees(
        "合同已签署"
    ).looks_right()
    one.go(f"/p/cq/desk/loans/{number}/").fill(amount="40", bank_ref="FK-J22").press("登记放款").sees(
        "待另一人确认"
    )
    two.go(f"/p/cq/desk/loans/{number}/").looks_right().press("确认放款").sees("还款中")
    firm.go(f"/p/cq/e/loans/{number}/").sees("还款计划", "40.00").looks_right()


def verdict(checker: Visitor, number: str, outcome: str, note: str = "") -> Visitor:
    checker.go(f"/p/cq/bank/check/{number}/")
    checker.page.check(f"main [name=outcome][value={outcome}]")
    checker.fill(note=note).page.locator("main form:has([name=outcome]) button").click()
    checker.page.wait_for_load_state()
    return checker


def test_terms_that_change_before_the_verdict_are_proposed_anew(visit: Any) -> None:
    """J22: the terms move on between proposal and verdict; the approval is refused with what changed, a new proposal passes."""
    firm, maker, checker = visit(FIRM), visit("bank2.maker@demo"), visit("bank2.check@demo")
    consent(firm, "first-loan")
    number = apply(firm, "first-loan", "20")
    terms = {"amount": "10", "rate": "3.5", "term_months": "12"}
    maker.go(f"/p/cq/bank/applications/{number}/").fill(**terms).press("提交复核").sees("待银行复核")
    maker.go("/p/cq/bank/products/").fill(
        code="first-loan", name="科创首贷通", cap="400", first_loan_cap="200", min_score="40", rate_low="3", rate_high="4.8",
        term_min="6", term_max="12",
    ).press("提出", within="main form:has([name=cap])").sees("请另一位同事启用")  # fmt: skip
    checker.go("/p/cq/bank/products/").press("启用").sees("已启用")
    verdict(checker, number, "approve").sees("产品条款已更新为", "v2").looks_right()
    verdict(checker, number, "return", "按新条款重新提出").sees("复核意见已记录")
    firm.go("/p/cq/e/finance/").press("重新测算", within=".card:has-text('科创首贷通')").sees("已重新测算")
    maker.go(f"/p/cq/bank/applications/{number}/").fill(**terms).press("提交复核").sees("待银行复核")
    verdict(checker, number, "approve").sees("复核意见已记录")
    checker.go(f"/p/cq/bank/applications/{number}/memo/").sees("决定之前查阅的资料", "韩江").looks_right()
    firm.go(f"/p/cq/e/loans/{number}/").sees("已审批").looks_right()


def test_two_browsers_race_for_the_last_of_a_cap(visit: Any, site: Any) -> None:
    """J23: what the guarantor has left is enough for one of two; one wins, the other learns which cap and how much is left."""
    firm = visit(FIRM)
    consent(firm, "points-guaranteed")
    numbers = [apply(firm, "points-guaranteed", "30") for _n in range(2)]
    first = visit("guar.maker@demo")
    for number in numbers:
        first.go(f"/p/cq/desk/loans/{number}/").fill(cover_ratio="80", fee_rate="1").press(
            "提出担保方案"
        ).sees("待担保复核")
    site.sql(
        "cq",
        "UPDATE finance_riskcounter SET cap = committed + 300000 WHERE kind = 'guarantor' AND scope = 'total'",
    )
    windows = [visit("guar.check@demo"), visit("guar.check@demo", width=360)]
    for window, number in zip(windows, numbers, strict=True):
        window.go(f"/p/cq/desk/loans/{number}/").page.check("main [name=outcome][value=grant]")
    texts = press_together(windows, "main form:has([name=outcome]) button", "已完成|还剩")
    assert sorted("已完成" in text for text in texts) == [False, True]
    assert any("担保机构总额" in text and "还剩 6.00 万元" in text for text in texts)
    windows[0].go("/p/cq/desk/caps/").sees("6.00").looks_right()
    held = "SELECT sum(amount) FROM finance_riskhold h JOIN finance_riskcounter c ON c.id = h.counter_id WHERE kind = 'guarantor' AND scope = 'total'"
    windows[0].sees(f"{site.rows('cq', held)[0][0] / 10_000:,.2f}")


def test_two_browsers_race_for_the_last_of_a_line(visit: Any, site: Any) -> None:
    """J23 for a line: one application gets it, the other window says how much is left; the bank's page shows what is reserved."""
    firm, other = visit(FIRM), visit(FIRM, width=360)
    consent(firm, "points-large")
    firm.go("/p/cq/e/finance/points-large/apply/")
    free = Decimal(firm.page.locator("main dd").nth(2).inner_text().split(" ")[0].replace(",", ""))
    amount = free * Decimal("0.6") // 1
    for window in (firm, other):
        window.go("/p/cq/e/finance/points-large/apply/")
        window.fill(amount=str(amount), term_months="12", purpose="采购研发设备")
    texts = press_together([firm, other], "main form button", "额度已预留|还剩")
    assert sorted("额度已预留" in text for text in texts) == [False, True]
    loser, winner = sorted((firm, other), key=lambda window: "/e/loans/" in window.page.url)
    loser.sees("可用额度不足", f"还剩 {free - amount:,.2f} 万元").looks_right()
    number = winner.page.url.rstrip("/").rpartition("/")[2]
    ledger = f"SELECT l.id, l.reserved, (SELECT sum(reserved) FROM finance_application WHERE line_id = l.id) FROM finance_creditline l JOIN finance_application a ON a.line_id = l.id WHERE a.id = {number}"
    line, reserved, of_applications = site.rows("cq", ledger)[0]
    assert reserved == of_applications == amount * 10_000
    visit(BANK).go(f"/p/cq/bank/lines/{line}/").sees(f"{amount:,.2f} 万元").looks_right()
    winner.press("撤回申请").sees("已撤回")


def test_a_bank_sees_what_its_program_missed_and_sends_it_again(visit: Any, site: Any) -> None:
    """Two messages given up, seen and sent again by number; the secret is changed, both sign, and the former one is ended."""
    firm, ops = visit(FIRM), visit("bank.ops@demo", width=360)
    tasks = Celery(broker=site.environment["REDIS_URL"])
    with receiving() as program:

        def both_are(state: str) -> None:
            """The worker sends at once, not at its next round."""
            query = f"SELECT count(*) FROM finance_webhookdelivery WHERE {state}"
            deadline = time.monotonic() + 30
            while site.rows("cq", query) != [(2,)]:
                assert time.monotonic() < deadline, f"not both are {state}"
                tasks.send_task("parks.deliver_outbox")
                tasks.send_task("finance.send_webhooks")
                time.sleep(0.2)

        program.status = 500
        ops.go("/p/cq/bank/api/").press("登记推送地址").fill(url=program.url)
        for event in ("application.submitted", "application.withdrawn"):
            ops.page.check(f"main [value='{event}']")
        ops.press("登记").sees("whsec_").press("已保存")
        address = ops.page.url.removeprefix(ops.address)
        consent(firm, "points-large")
        firm.go(f"/p/cq/e/loans/{apply(firm, 'points-large', '20')}/").press("撤回申请").sees("已撤回")
        both_are("last_status = 500")
        site.sql(
            "cq",
            "UPDATE finance_webhookdelivery SET due_since = now() - interval '3 days', next_attempt_at = now()",
        )
        both_are("state = 'dead'")
        program.status = 204
        ops.go(address).sees("HTTP 500").press("按序号重发", within="main form").sees("已安排重发")
        both_are("state = 'delivered'")
        assert sorted(one["sequence"] for one in program.bodies()[-2:]) == [1, 2]
        ops.go(address).sees("HTTP 204").press("更换签名密钥").press("已保存").sees("同时签名到")
        ops.page.locator("main td button:has-text('重发')").first.click()
        both_are("state = 'delivered'")
        assert program.received[-1][0]["webhook-signature"].count("v1,") == 2, "both secrets sign"
        ops.go(address).press("停用原密钥").sees("只有新密钥签名").sees_not("同时签名到").looks_right()

"""Why this score, and what if: an enterprise follows a number to its source and tries other figures."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

pytestmark = pytest.mark.browser
SCORES = "/p/cq/e/score/"
FULL_HOUR = """
INSERT INTO scoring_whatifuse (park_id, enterprise_id, asked_at)
SELECT w.park_id, w.enterprise_id, now() FROM (SELECT park_id, enterprise_id FROM scoring_whatifuse LIMIT 1) w, generate_series(1, 30)
"""


ANOTHER_SCHEME = """
INSERT INTO indicators_schemeversion (park_id, code, version, title, body, digest, state, notes, edited_by_name, proposed_by_name,
  proposed_by_ref, activated_by_name, activated_by_ref, activated_at, created_at)
SELECT park_id, code, '2021.1-compare', title, body, digest, state, notes, edited_by_name, proposed_by_name,
  proposed_by_ref, activated_by_name, activated_by_ref, activated_at, created_at FROM indicators_schemeversion
 WHERE state = 'active' ORDER BY id LIMIT 1
"""


def score_page(firm: Any) -> str:
    """Open the newest score of the firm; its address."""
    firm.go(SCORES).page.locator("main tbody a").first.click()
    firm.page.wait_for_load_state()
    return str(firm.page.url).removeprefix(firm.address)


def body(visitor: Any) -> str:
    return str(visitor.page.locator("main").inner_text())


def test_why_this_score(visit: Any) -> None:
    """J13: from the total to the indicator, its inputs, the formula with numbers, the curve and the points."""
    firm = visit("ent.agent@demo")
    score = score_page(firm)
    firm.sees("总分", "稳健区间", "优势：与同阶段企业比", "各维度得分").looks_right()
    total = firm.page.locator(".big-number").inner_text()
    firm.press("研发费用占营业收入比例")
    firm.sees("怎么算的", "研发费用 / 营业收入 × 100", "核定人", "运行号").looks_right()
    s, weight, points = re.findall(r"得分：([\d.]+) × ([\d.]+) = ([\d.]+)", body(firm))[0]
    assert Decimal(s) * Decimal(weight) == Decimal(points)
    firm.page.locator("header button:has-text('English')").click()
    firm.page.wait_for_load_state()
    assert re.findall(r"([\d.]+) × ([\d.]+) = ([\d.]+)", body(firm))[-1] == (s, weight, points)
    firm.go(score)
    assert firm.page.locator(".big-number").inner_text() == total


@pytest.mark.parametrize("width", [1280, 360])
def test_what_if(visit: Any, site: Any, width: int) -> None:
    """J14: another figure gives an estimate in steps of percentiles; the official score stays; an hour has its limit."""
    firm = visit("ent.agent@demo", width=width)
    score = score_page(firm)
    total = firm.page.locator(".big-number").inner_text()
    firm.press("试一试：数据变了会怎样").looks_right()
    row = firm.page.locator(".what-if-row").first
    row.locator("select").select_option("rd_expense")
    for other in firm.page.locator(".what-if-row select").all()[1:]:
        other.select_option("")
    row.locator("input[type=range]").focus()
    for _press in range(5):
        firm.page.keyboard.press("PageUp")
    firm.waits_for("改动后的估算")
    assert float(row.locator("input[name=value]").input_value()) > 0
    firm.waits_for("榜单位置（估算")
    firm.sees("估算，不作为官方积分", "% 的企业", "各维度的变动", "曲线上的位置").looks_right()
    (left,) = re.findall(r"还可问 (\d+) 次", body(firm))
    row.locator("input[name=value]").fill("860")
    firm.page.locator("main form button:has-text('算一算')").first.click()
    firm.waits_for(f"还可问 {int(left) - 1} 次")
    site.sql("cq", FULL_HOUR)
    firm.page.locator("main form button:has-text('算一算')").first.click()
    firm.waits_for("每小时最多试 30 次")
    firm.go(score)
    assert firm.page.locator(".big-number").inner_text() == total
    site.sql("cq", "ALTER TABLE scoring_whatifuse DISABLE TRIGGER append_only")
    site.sql("cq", "DELETE FROM scoring_whatifuse")
    site.sql("cq", "ALTER TABLE scoring_whatifuse ENABLE TRIGGER append_only")


@pytest.mark.parametrize("width", [1920, 360])
def test_the_hall_screen_turns_and_keeps_what_it_saw(visit: Any, width: int) -> None:
    """Published boards, figures and loans on one picture of 16:9, a list on a phone; keys turn it."""
    admin = visit("park.admin@demo")
    admin.go("/p/cq/office/screens/").fill(label="政务大厅").press("生成地址").looks_right()
    address = admin.page.locator(".notice-ok a").get_attribute("href")
    hall = visit(width=width)
    hall.page.set_viewport_size({"width": width, "height": width * 9 // 16 if width > 640 else 800})
    hall.page.goto(address)
    hall.sees("总分分布", "上榜企业", "累计放款").looks_right()
    if width > 640:
        assert hall.page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    first = hall.page.locator(".hall-board h2").inner_text()
    hall.page.keyboard.press("ArrowRight")
    hall.page.wait_for_function(
        "first => document.querySelector('.hall-board h2').innerText != first", arg=first
    )
    hall.context.set_offline(True)
    hall.page.keyboard.press("ArrowLeft")
    hall.waits_for("连接中断")
    hall.complaints.clear()


def test_the_office_tries_a_scheme_before_it_counts(visit: Any) -> None:
    """A draft is copied, changed, tried on the last year, proposed; its editor cannot put it into force."""
    office = visit("park.score@demo")
    office.go("/p/cq/office/schemes/").page.locator("main tbody a").first.click()
    office.page.wait_for_load_state()
    office.fill(version="2026.9").press("复制为草案并编辑").sees("草案", "没有差别").looks_right()
    office.press("研发费用占营业收入比例")
    office.page.fill("#p-startup", "0:0 5:0.5 20:1")
    office.page.wait_for_selector("#curves svg")
    office.looks_right().press("保存").sees("已保存")
    office.press("返回草案").sees("参数由").press("试算：谁会变动").sees(
        "总分会变的", "榜单的变化"
    ).looks_right()
    office.page.go_back()
    office.fill(notes="按省厅通知调整").press("提请启用").sees("提请启用：按省厅通知调整")
    office.sees("等待另一位同事核对后启用").sees_not("启用此版本")


def test_a_run_is_stopped_asked_for_again_and_compared(visit: Any, site: Any) -> None:
    """A trial under another scheme version: its progress, stopped while it writes, done at the second time, compared."""
    site.sql("cq", ANOTHER_SCHEME)
    office = visit("park.score@demo")
    office.go("/p/cq/office/scores/").page.locator("main tr:has(code) a").first.click()
    office.page.wait_for_load_state()
    with site.held("scoring_scoreresult"):
        office.press("试算", exact=True).waits_for("写入结果")
        office.press("停止计算").sees("已要求停止")
    office.waits_for("重试").sees("已取消")
    office.looks_right().press("重试").waits_for("运行单")
    office.sees("不是当前结果").press("与其他运行比较").sees("两次都有的企业", "榜单的变化").looks_right()

"""Declaring and reviewing as people do it: J01 to J08 of the firm, J09 to J12 of the reviewers."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from tests.conftest import wait_until as until
from tests.factories import files
from tests.journeys import firms as world
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
OWN = f"/p/{world.ZONE}/e/declaration/{world.YEAR}"
REVIEW = f"/p/{world.ZONE}/review/declarations"
ZONE = "蓉城示例高新区"
PDF = files.pdf(pages=3)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SOON = 3.0
"""Seconds within which a wrong file is answered; twice that on a busy machine."""


@pytest.fixture(scope="module")
def made(site: Any) -> dict[str, Iterator[dict[str, Any]]]:
    """Firms of the zone, handed out one by one: those that fill in, and those that have signed."""
    found = world.inside(site, 15, 3)
    return {"open": iter(found[:15]), "signed": iter(found[15:])}


@pytest.fixture
def firm(made: Any) -> dict[str, Any]:
    return dict(next(made["open"]))


@pytest.fixture
def case(made: Any) -> dict[str, Any]:
    return dict(next(made["signed"]))


@pytest.fixture
def come(visit: Any) -> Any:
    """`come("agent", firm)`: a person of the firm signs in."""

    def sign_in(login: str, firm: dict[str, Any], *, width: int = 1280) -> Visitor:
        return world.sign_in(visit(width=width), login, firm)

    return sign_in


@pytest.fixture
def reviewer(visit: Any) -> Any:
    return lambda number: visit(f"park.review{number}@demo", zone=ZONE)


def status_says(window: Visitor, text: str) -> None:
    window.page.locator(f"[data-save-status]:has-text('{text}')").wait_for(timeout=15_000)


def type_slowly(window: Visitor, selector: str, text: str) -> None:
    window.page.locator(selector).fill("")
    window.page.locator(selector).press_sequentially(text)


def test_j01_confirm_what_is_there(firm: Any, come: Any, site: Any) -> None:
    """研发投入 on a phone, 人才队伍 at a desk."""
    phone, desk = come("agent", firm, width=360), come("agent", firm)
    phone.go(f"{OWN}/rd_input/").sees(
        "以下各项与部门数据一致", "研发费用：688.00 万元", "来源 税务局"
    ).looks_right()
    phone.press("项无误").sees("已确认 3 项", "已确认", "来源 税务局 2026-06-12")
    desk.go(f"{OWN}/talent/").looks_right().press("项无误").sees("已确认 2 项")
    for window in (phone, desk):
        window.go(f"{OWN}/").sees("已确认 5/35 项", "个工作日").looks_right()
    rows = site.rows(
        world.ZONE,
        "SELECT count(*), count(DISTINCT object_id) FROM parks_auditevent WHERE action = 'value.confirmed' AND object_id IN"
        f" (SELECT id::text FROM enterprises_declaredvalue WHERE declaration_id = {firm['declaration']})",
    )
    assert rows == [(5, 5)]


def test_j02_correct_with_proof(firm: Any, come: Any) -> None:
    phone, desk = come("agent", firm, width=360), come("agent", firm)
    phone.go(f"{OWN}/item/rd_expense/").looks_right()
    total = phone.page.locator("#estimate .big-number")
    before = total.inner_text()
    type_slowly(phone, "#text-rd_expense", "７０２．００ 万元")
    phone.page.locator(".facts:has-text('7,020,000.00')").wait_for()
    phone.fill(reason="以专项审计报告为准", page="3").attach("file", "审计报告.pdf", PDF, "application/pdf")
    phone.press("保存", within="#correct").sees("已更正·待核", "702.00", "688.00", "审计报告.pdf", "第 3 页")
    assert total.inner_text() != before
    desk.go(f"{OWN}/item/rd_expense_prev/").sees("审计报告.pdf").fill(text="550", reason="以专项审计报告为准")
    desk.page.select_option("main [name=evidence]", index=1)
    shown = desk.page.locator("#preview-rd_expense_prev img")
    shown.wait_for()
    desk.sees("第 1 / 3 页").press("下一页", within="#preview-rd_expense_prev")
    desk.page.locator("#preview-rd_expense_prev :text('第 2 / 3 页')").wait_for()
    assert shown.evaluate("picture => picture.naturalWidth") > 0
    desk.press("保存", within="#correct").waits_for("已更正·待核")
    desk.sees("550.00", "540.00", "税务局").looks_right()


def test_j03_bad_numbers(firm: Any, come: Any) -> None:
    agent = come("agent", firm, width=360)
    agent.go(f"{OWN}/item/rd_expense/")
    type_slowly(agent, "#text-rd_expense", "约七百")
    status_says(agent, "已保存")
    agent.page.reload()
    assert agent.page.input_value("#text-rd_expense") == "约七百"
    agent.fill(reason="以专项审计报告为准").press("保存", within="#correct")
    agent.sees("有 1 处需要修改", "请填写确切的数值").looks_right()
    assert agent.page.title().startswith("错误：")
    assert agent.page.evaluate("document.activeElement.id") == "error-summary"
    agent.page.locator("#error-summary a").click()
    assert agent.page.evaluate("document.activeElement.id") == "text-rd_expense"
    agent.fill(text="6880000").press("保存", within="#correct").sees("是否把元填成了万元").looks_right()
    agent.press("除以 10,000").sees("688.00")
    agent.go(f"{OWN}/item/rd_staff/").fill(text="-5", reason="以名册为准").press("保存", within="#correct")
    agent.sees("请填写不小于 0 的整数")
    agent.fill(text="500", reason="以名册为准").press("保存并继续").sees("有 1 处需要修改", "职工总数")
    desk = come("agent", firm)
    desk.go(f"{OWN}/item/rd_staff/").sees("有 1 处需要修改", "职工总数").looks_right()


def test_j04_leave_and_come_back(firm: Any, come: Any) -> None:
    phone = come("agent", firm, width=360)
    phone.go(f"{OWN}/rd_input/")
    for code in ("rd_expense", "rd_equipment_invest"):
        phone.page.locator(f"#item-{code} summary").click()
    phone.context.set_offline(True)
    phone.page.locator("#text-rd_expense").fill("702")
    phone.page.locator("#text-rd_equipment_invest").fill("88")
    phone.page.locator("#text-rd_equipment_invest").blur()
    status_says(phone, "已暂存在本机")
    kept = "Object.keys(JSON.parse(Object.values(localStorage)[0] || '{}')).length"
    until(lambda: phone.page.evaluate(kept) == 2)
    phone.page.close()
    phone.complaints.clear()  # the browser says that the network was cut
    phone.context.set_offline(False)
    phone.page = phone.context.new_page()
    phone.go(f"{OWN}/rd_input/")
    status_says(phone, "已提交断网期间填写的内容")
    until(lambda: phone.page.evaluate("localStorage.length") == 0)
    desk = come("agent", firm)
    desk.go(f"{OWN}/rd_input/")
    assert desk.page.input_value("#text-rd_expense") == "702"
    assert desk.page.input_value("#text-rd_equipment_invest") == "88"
    desk.go(f"{OWN}/").sees("填写中")
    desk.go(f"{OWN}/item/rd_expense/")
    desk.page.evaluate("document.querySelectorAll('[name=csrfmiddlewaretoken]').forEach(e => e.value = 'x')")
    type_slowly(desk, "#text-rd_expense", "703")  # the page is too old: the server refuses, the browser keeps
    until(lambda: desk.page.evaluate(kept) == 1)
    desk.page.reload()
    status_says(desk, "已提交断网期间填写的内容")
    assert desk.page.input_value("#text-rd_expense") == "703"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_j05_two_windows_one_item(firm: Any, come: Any, width: int) -> None:
    one, two = come("agent", firm, width=width), come("other", firm, width=width)
    for window in (one, two):
        window.go(f"{OWN}/item/rd_expense/")
    type_slowly(one, "#text-rd_expense", "688.5")
    status_says(one, "已保存")
    type_slowly(two, "#text-rd_expense", "702")
    two.page.locator(".conflict").wait_for()
    two.sees("王经办", "688.5", "702", "用我的", "保留对方的").looks_right()
    two.page.route("**/autosave/", lambda route: None)  # an autosave that began now would never end
    two.page.locator("#text-rd_expense").dispatch_event("change")
    two.page.evaluate("() => new Promise((done) => setTimeout(done, 600))")  # twice what a change waits
    two.press("用我的", within=".conflict")
    assert two.page.input_value("#text-rd_expense") == "702"
    one.page.reload()
    assert one.page.input_value("#text-rd_expense") == "702"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_j06_sign_against_a_moving_text(firm: Any, come: Any, width: int) -> None:
    agent, legal = come("agent", firm, width=width), come("legal", firm, width=width)
    legal.go(f"{OWN}/check/").sees("签署并提交 35 项数据").looks_right()
    agent.go(f"{OWN}/item/fresh_graduates/").fill(text="12").press("保存", within="#correct").sees("已保存")
    legal.press("签署并提交").sees("内容在您阅读后有变化", "当年吸纳应届毕业生数", "王经办")
    again = come("legal", firm, width=width)
    again.go(f"{OWN}/check/")
    legal.press("签署并提交").sees("申报回执", "与所存内容一致").looks_right()
    number = re.search(r"CD-2030-\d{5}", legal.page.locator("main").inner_text())
    assert number
    again.press("签署并提交").sees(number[0])


def own_workbook(agent: Visitor, year: int = world.YEAR) -> Any:
    """The workbook that the firm downloads."""
    answer = agent.page.request.get(f"{agent.address}/p/{world.ZONE}/e/declaration/{year}/workbook/file/")
    return openpyxl.load_workbook(io.BytesIO(answer.body()))


def saved(book: Any) -> bytes:
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def upload(agent: Visitor, data: bytes, name: str = "申报.xlsx") -> Visitor:
    agent.go(f"{OWN}/workbook/").attach("file", name, data, kind=XLSX)
    return agent.press("上传并比较")


def with_seven_faults(book: Any) -> tuple[bytes, set[str]]:
    """A filled workbook and where its faults stand; besides it corrects 职工总数 and adds a talent, both sound."""
    figures, talents = book["指标"], book["高层次人才名单"]
    rows = {cell.value: cell.row for cell in figures["A"]}
    written = {
        ("rd_expense", "G"): "约七百", ("revenue", "G"): "=1+1", ("rd_staff", "G"): -5, ("net_profit", "G"): 510,
        ("staff_total", "G"): 161, ("staff_total", "H"): "年末新增一人", ("tax_paid_total", "J"): "第三页",
        ("hightech_revenue", "G"): "1—2", ("hightech_revenue", "H"): "以审计报告为准",
    }  # fmt: skip
    for (code, column), typed in written.items():
        figures[f"{column}{rows[code]}"] = typed
    figures[f"A{figures.max_row + 1}"] = "number_of_dreams"
    talents.append(["钱工", "市级", None, "渝才〔2025〕1号", "2025-03-01"])
    faulty = [
        ("rd_expense", "G"),
        ("revenue", "G"),
        ("rd_staff", "G"),
        ("net_profit", "H"),
        ("tax_paid_total", "J"),
    ]
    places = {f"{column}{rows[code]}" for code, column in [*faulty, ("hightech_revenue", "G")]}
    return saved(book), places | {f"A{figures.max_row}"}


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_j07_the_firms_workbook_with_seven_faults(firm: Any, come: Any, width: int) -> None:
    agent = come("agent", firm, width=width)
    data, places = with_seven_faults(own_workbook(agent))
    upload(agent, data).sees("2 项有变化", "7 个单元格有误").looks_right()
    listed = agent.page.locator("main table").first.locator("tbody th").all_inner_texts()
    assert {text.strip() for text in listed} == {f"指标!{place}" for place in places}
    agent.sees("是公式", "不要写“约”", "整数", "写明原因", "页码", "不要写区间", "没有这一项")
    with agent.page.expect_download() as waiting:
        agent.page.get_by_text("下载标注了错误的工作簿").click()
    marked = openpyxl.load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    notes = {cell.coordinate for row in marked["指标"].rows for cell in row if cell.comment}
    assert notes == places
    taken = agent.page.url
    agent.press("只写入通过的行").sees("已写入").looks_right()
    agent.go(f"{OWN}/item/staff_total/").sees("161", "年末新增一人")
    agent.go(f"{OWN}/item/high_level_talents/").sees("钱工", "渝才〔2025〕1号")
    agent.go(f"{OWN}/item/rd_expense/").sees("688.00").sees_not("约七百")
    upload(agent, data).sees("0 项有变化", "7 个单元格有误")
    agent.page.goto(taken)
    agent.press("撤销这次写入").sees("已撤销").looks_right()
    agent.go(f"{OWN}/item/staff_total/").sees("160")
    assert agent.page.input_value("#reason-staff_total") == ""
    agent.go(f"{OWN}/item/high_level_talents/")
    assert agent.page.locator("[value=钱工]").count() == 0


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_j08_wrong_files_of_a_firm_are_told_in_their_own_words(
    firm: Any, come: Any, made: Any, width: int, site: Any
) -> None:
    agent, stranger = come("agent", firm, width=width), come("agent", dict(next(made["open"])), width=width)
    foreign = saved(own_workbook(stranger))
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
    cases = [
        ("旧.xls", old, "旧版 .xls"),
        ("别家.xlsx", foreign, "其他企业的工作簿"),
        ("密码.xlsx", old + "EncryptedPackage".encode("utf-16-le"), "密码"),
        ("炸弹.xlsx", files.bomb(), "过大"),
        ("setup.xlsx", b"MZ\x90\x00" + b"\0" * 100, "程序文件"),
        ("空.xlsx", b"", "空"),
    ]
    for name, data, sentence in cases:
        start = time.monotonic()
        upload(agent, data, name).sees("未能完成", sentence)
        assert time.monotonic() - start < 2 * SOON, name
    agent.looks_right()
    agent.go(f"{OWN}/workbook/").attach("file", "大.xlsx", b"PK" + b"0" * (11 * 1024 * 1024), kind=XLSX)
    agent.sees("所选文件大于 5 MB").press("上传并比较").looks_right()
    with agent.page.expect_navigation():
        agent.page.locator("main form[enctype]").evaluate("form => form.submit()")
    agent.sees("未能完成", "所选文件大于 5 MB").sees_not("上传记录")


def _mark(window: Visitor, name: str, reason: str) -> None:
    item = window.page.locator(f"[data-review-item]:has(h2:has-text('{name}'))").first
    item.locator("details[data-key=return] > summary").click()
    item.locator("details[data-key=return] [name=reason]").fill(reason)
    item.locator("[name=bring]").fill("审计报告")
    with window.page.expect_navigation():
        item.locator("details[data-key=return] button").click()


def test_j09_j10_returned_in_full_and_at_most_twice(case: Any, come: Any, reviewer: Any, site: Any) -> None:
    first, agent, legal = reviewer(1), come("agent", case, width=360), come("legal", case)
    page = f"{REVIEW}/{case['declaration']}/"
    site.sql(
        world.ZONE,
        "UPDATE enterprises_declaredvalue SET prefilled_amount = 1000000 WHERE declaration_id = %s AND code = 'rd_expense_prev'",
        case["declaration"],
    )  # growth above 300 %: a warning nobody marks
    for number, words, width in ((1, "第 1 次补正通知", WIDE), (2, "最后一次", NARROW)):
        first.page.set_viewport_size({"width": width, "height": 900})
        first.go(page).looks_right()
        for name in ("营业收入", "净利润"):
            _mark(first, name, "请补充审计报告")
        first.press("退回已标记项").sees("将告知企业的 2 项", "上年研发费用").looks_right()
        first.press("发送告知").sees("确定不需要补正")
        first.page.check("main [name=sure]")
        first.press("发送告知").sees("已退回补正")
        agent.go(f"{OWN}/returns/").sees(words, "请补充审计报告", "还有 2 项未答复").looks_right()
        agent.go(f"{OWN}/item/net_profit/").fill(answer="与报表一致").press("数据正确，确认").waits_for(
            "已保存"
        )
        agent.go(f"{OWN}/returns/").sees("还有 1 项未答复", "与报表一致")
        agent.go(f"{OWN}/item/revenue/").fill(text="8650", reason="已补充审计报告").press(
            "保存", within="#correct"
        ).waits_for("已保存")
        agent.go(f"{OWN}/returns/").sees("核对并重新签署")
        legal.go(f"{OWN}/item/rd_expense_prev/")
        if number == 1:
            legal.fill(explanation="上年项目刚起步").press("保存说明").waits_for("已保存")
        legal.go(f"{OWN}/check/").press("签署并提交").sees("申报回执")
    first.go(page).sees("已退回 2 次")
    assert first.page.locator("main a:has-text('退回已标记项')").count() == 0
    assert first.page.locator("details[data-key=return]").count() == 0
    first.go(f"{page}return/").sees("应依现有材料作出核定")


def test_j11_claim_race(case: Any, reviewer: Any) -> None:
    one, two = reviewer(1), reviewer(2)
    for window in (one, two):
        window.go(f"{REVIEW}/{case['declaration']}/")
    one.press("领取", exact=True).sees("已领取")
    two.press("领取", exact=True).sees("赵慧", "领取")
    answer = two.page.evaluate(
        """async () => { const body = new URLSearchParams({act: 'accept_all',
        csrfmiddlewaretoken: document.querySelector('[name=csrfmiddlewaretoken]').value});
        return (await fetch(location.href, {method: 'POST', body})).status; }"""
    )
    assert answer == 409
    one.press("释放").sees("其他审核员可以领取")
    two.go(f"{REVIEW}/{case['declaration']}/")
    two.press("领取", exact=True).sees("已领取")


def _key(window: Visitor, key: str) -> Visitor:
    """Press a key that leads to a new page, and wait for it."""
    window.page.evaluate("window.isOld = true")
    window.page.keyboard.press(key)
    window.page.wait_for_function("() => !window.isOld && document.readyState === 'complete'")
    return window


def test_j12_no_self_review_and_keys(case: Any, reviewer: Any) -> None:
    one, two = reviewer(1), reviewer(2)
    page = f"{REVIEW}/{case['declaration']}/"
    one.go(page)
    _key(one, "a").sees("已采信")
    while one.page.locator("[data-key=accept]").count():
        _key(one, "1")  # after each decision the keyboard stands on the next undecided item
    one.go(f"{REVIEW}/second/").sees_not(case["name"]).looks_right()
    one.go(page).press("复核签署").sees("须由另一位审核员复核签署")
    two.go(f"{REVIEW}/second/").sees(case["name"])
    two.go(page).press("复核签署").sees("已复核签署", "已核定")


STANDS_ON = """() => { const on = document.activeElement, box = on.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 20), top = document.elementFromPoint(x, y);
  return top !== null && (on.contains(top) || top.contains(on) || [...(on.labels || [])].some(one => one.contains(top))); }"""
HAN = re.compile("[\u4e00-\u9fff]")


def tab_to(window: Visitor, selector: str) -> Visitor:
    """Tab on until the keyboard stands there; on the way nothing may hide what it stands on."""
    for _stop in range(150):
        window.page.keyboard.press("Tab")
        assert window.page.evaluate(STANDS_ON), window.page.evaluate("document.activeElement.outerHTML")
        if window.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return window
    raise AssertionError(f"the keyboard does not come to {selector}")


def test_j24_a_dimension_by_keyboard_alone_in_english_at_twice_the_size(firm: Any, come: Any) -> None:
    agent = come("agent", firm, width=320)  # 640 px at 200 %
    agent.context.add_cookies([{"name": "django_language", "value": "en", "url": agent.address}])
    agent.go(f"{OWN}/rd_input/").looks_right()
    _key(tab_to(agent, "main form button.button"), "Enter").sees("3 items")
    agent.go(f"{OWN}/item/rd_equipment_invest/").looks_right()
    tab_to(agent, "#text-rd_equipment_invest").page.keyboard.type("about 88")
    tab_to(agent, "#correct [name=reason]").page.keyboard.type("as audited")
    _key(tab_to(agent, "#correct button"), "Enter").looks_right()
    assert agent.page.evaluate("document.activeElement.id") == "error-summary"
    tab_to(agent, "#error-summary a").page.keyboard.press("Enter")
    assert agent.page.evaluate("document.activeElement.id") == "text-rd_equipment_invest"
    agent.page.keyboard.press("Control+A")
    agent.page.keyboard.type("88")
    _key(agent, "Enter").sees("88.00")
    said = agent.page.locator("main :is(h1, h2, button, label, legend, summary)").all_inner_texts()
    assert said
    assert not [text for text in said if HAN.search(text)]

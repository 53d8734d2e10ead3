"""Publishing, objecting, correcting, tracing and checking, as people do it in a browser."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.factories import files
from tests.journeys.visitor import Visitor

YEAR = dt.date.today().year - 1  # the demo zone's newest year
pytestmark = pytest.mark.browser
CD = "蓉城示例高新区"
PNG = files.png()
SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "verify_certificate.py"


def fetch(site: Any, path: str) -> bytes:
    with urllib.request.urlopen(site.address + path, timeout=20) as answer:
        content: bytes = answer.read()
        return content


def open_edition(person: Visitor, board: str, number: int = 1) -> Visitor:
    return person.go(f"/p/cd/office/boards/{YEAR}/").press(f"第 {number} 版", within=f"#{board}")


def _a_published_board_is_one_list(visit: Any, site: Any) -> None:
    """J15: the checklist, who may publish, and one list on the page and in the files."""
    officer = visit("park.score@demo", zone=CD)
    open_edition(officer, "high_quality").sees("下一步的条件", "公示期已满").sees_not("确认发布")
    _make_final(visit, site, "high_quality")
    public = visit(width=360)
    public.go(f"/zones/cd/boards/{YEAR}/high_quality/").sees("正式").looks_right()
    names = [
        text.strip() for text in public.page.locator("tbody td strong").all_inner_texts() if text.strip()
    ][:10]
    table = (
        fetch(site, f"/zones/cd/boards/{YEAR}/high_quality/?export=csv").decode("utf-8-sig").splitlines()[1:]
    )
    assert [line.split(",")[2] for line in table] == names
    assert fetch(site, f"/zones/cd/notices/{_notice_id(site, 'high_quality')}/notice.pdf")[:5] == b"%PDF-"
    for path in (
        "/zones/cd/",
        "/zones/cd/years/",
        f"/zones/cd/boards/{YEAR}/high_quality/history/",
        "/v/",
    ):
        public.go(path).looks_right()


def _make_final(visit: Any, site: Any, *boards: str, number: int = 1) -> None:
    """Editions whose notice is over become final, unless they are: confirmed by the second publisher."""
    publisher = visit("park.publish2@demo", zone=CD)
    for board in boards:
        open_edition(publisher, board, number)
        if publisher.page.locator("main button:has-text('确认发布')").count():
            publisher.looks_right().press("确认发布").sees("已确认发布")
    site.countdowns_end("cd")
    for board in boards:
        open_edition(publisher, board, number).sees("正式发布")


def _notice_id(site: Any, board: str) -> int:
    index = json.loads(fetch(site, "/zones/cd/boards.json"))
    seq: int = next(row["seq"] for row in index["boards"] if row["board"] == board)
    for number in range(1, 40):
        try:
            page = fetch(site, f"/zones/cd/notices/{number}/print/").decode()
        except OSError:
            continue
        if f"#{seq}" in page:
            return number
    raise AssertionError("no notice of this board")


def test_from_a_published_board_to_a_corrected_edition(visit: Any, site: Any) -> None:
    """J15 to J17: the published list; receipt and tracking, the bar on publication, the order of two persons, the new notice, the late one,
    the new edition, and what an old certificate says then."""
    _a_published_board_is_one_list(visit, site)
    certificate = _certificate(visit)
    notice = f"/zones/cd/notices/{_notice_id(site, 'innovation_input')}/"
    citizen = visit(width=360)
    citizen.go(notice).looks_right().press("提出异议").looks_right()
    firm = citizen.page.locator("main [name=about_uscc] option").nth(1).get_attribute("value")
    citizen.fill(
        name="张三", contact="13800000000", about_uscc=firm, statement="研发费用多计了一笔委托开发，见照片。"
    )
    citizen.attach("files", "照片.png", PNG, "image/png").press("提交异议").sees("异议已收到").looks_right()
    receipt = citizen.page.locator(".big-number").inner_text().strip()
    citizen.go("/zones/cd/objections/").fill(receipt=receipt, contact="13800000000").press("查询")
    citizen.sees("已收到", "等待受理").sees_not("张三").looks_right()
    _answer(visit, receipt)
    publisher = visit("park.publish@demo", zone=CD)
    open_edition(publisher, "innovation_input").sees("条异议成立")
    _correct(visit, publisher)
    officer = visit("park.score@demo", zone=CD)
    officer.go(f"/p/cd/office/boards/{YEAR}/").press("提请公示", within="#innovation_input")
    officer.sees("条积分异常没有核查").press("条积分异常待核查").looks_right()
    for box in officer.page.locator("main input[name=ids]").all():
        box.check()
    officer.fill(note="已核对更正令").press("将所选异常销号").sees("待核查 0 条")
    for board in ("innovation_input", "high_quality"):
        officer.go(f"/p/cd/office/boards/{YEAR}/").press("提请公示", within=f"#{board}").sees("已提请")
        open_edition(publisher, board, 2).press("确认公示").fill(contact="积分专班 028-0000").press(
            "确认公示"
        )
        publisher.sees("还有约 15 分钟")
    site.countdowns_end("cd")
    citizen.go(f"/zones/cd/boards/{YEAR}/innovation_input/editions/1/").sees("旧的一版").looks_right()
    citizen.go(f"/zones/cd/boards/{YEAR}/innovation_input/history/").sees(
        "第 1 版 → 第 2 版", "有变动的名次"
    ).looks_right()
    citizen.go(f"{notice}object/").sees("逾期视为无异议")
    citizen.go(certificate).sees("证书有效")
    site.notices_end("cd")
    _make_final(visit, site, "innovation_input", "high_quality", number=2)
    citizen.go(f"/zones/cd/boards/{YEAR}/innovation_input/").sees("正式", "第 1 版")
    citizen.go(certificate).sees("已更正").sees_not("证书有效").looks_right()
    citizen.go("/zones/cd/objections/").fill(receipt=receipt, contact="13800000000").press("查询").sees(
        "属实，将更正"
    )


def _certificate(visit: Any) -> str:
    """The check page of the first certificate that the worker has signed."""
    admin = visit("park.admin@demo", zone=CD)
    for _try in range(60):
        admin.go("/p/cd/office/certificates/")
        if admin.page.locator("main tbody a").count():
            break
        admin.page.wait_for_timeout(500)
    admin.press("CD-", within="main tbody").press("公开核验页").sees("证书有效")
    return str(admin.page.url.removeprefix(admin.address))


def _answer(visit: Any, receipt: str) -> None:
    admin = visit("park.admin@demo", zone=CD)
    admin.go("/p/cd/office/objections/").press(receipt).looks_right().press("受理").sees("已受理")
    admin.fill(findings="核对了专项审计报告第 3 页").press("记录核查情况").sees("已核查")
    admin.page.check("main [name=outcome][value=upheld]")
    admin.fill(text="属实，将更正。").press("答复", within="main form").sees("已答复")
    objection = admin.page.url.removeprefix(admin.address)
    admin.press("开具更正令").looks_right().press("更正", within="main tr:has(th:text-is('研发费用'))").sees(
        "万元"
    )
    admin.fill(amount="1.00", reason="多计一笔委托开发").press("开具", within="main form")
    admin.sees("待批准", "您开具的更正令须由另一人批准").looks_right()
    admin.page.set_viewport_size({"width": 360, "height": 900})
    admin.go(f"{objection}order/").looks_right().press(
        "更正", within="main tr:has(th:text-is('研发与创新平台'))"
    )
    added = admin.page.locator("main form fieldset").last
    added.locator("[name=entry_name]").fill("智能装备重点实验室")
    added.locator("[name=entry_level]").select_option(index=1)
    admin.press("开具", within="main form").sees("请写明更正理由").looks_right()
    assert admin.page.locator("main [value=智能装备重点实验室]").count() == 1
    admin.fill(reason="漏计一家平台").press("开具", within="main form").sees(
        "智能装备重点实验室", "条不变"
    ).looks_right()


def _correct(visit: Any, publisher: Visitor) -> None:
    """Both orders, the later one first."""
    publisher.go("/p/cd/office/corrections/").looks_right().press("批准并执行").sees("已执行")
    publisher.press("批准并执行").sees_not("待批准")
    for _try in range(60):
        if "计算中" not in publisher.page.locator("main").inner_text():
            return
        publisher.page.wait_for_timeout(500)
        publisher.page.reload()
    raise AssertionError("the correction run did not end")


def test_an_auditor_walks_from_a_place_to_its_evidence(visit: Any, site: Any) -> None:
    """J18: nine nodes, all verified; one byte of the file flipped is named; the proof as a print."""
    auditor = visit("park.audit@demo")
    auditor.go(f"/p/cq/office/boards/{YEAR - 1}/").press("第 1 版", within="#innovation_input")
    auditor.page.locator("tbody tr").first.locator("a:has-text('追溯')").click()
    auditor.page.wait_for_load_state()
    auditor.sees("九个节点全部核对通过", "研发费用专项审计报告").looks_right()
    assert auditor.page.locator(".chain > li").count() == 9
    assert auditor.page.locator(".chain > .chain-ok").count() == 9
    with flipped(site):
        auditor.page.reload()
        auditor.sees_not("九个节点全部核对通过")
        assert "研发费用专项审计报告" in auditor.page.locator(".chain > li:not(.chain-ok)").inner_text()
    auditor.page.set_viewport_size({"width": 360, "height": 900})
    auditor.page.reload()
    auditor.sees("九个节点全部核对通过").looks_right()
    auditor.press("打印证明").sees("名次追溯证明")


@contextmanager
def flipped(site: Any) -> Iterator[None]:
    """One bit of every evidence file of the demo zone is another."""
    files = [path for path in Path(site.environment["EVIDENCE_ROOT"]).rglob("*") if path.is_file()]
    kept = {path: path.read_bytes() for path in files}
    try:
        for path, data in kept.items():
            path.chmod(0o600)
            path.write_bytes(data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])
        yield
    finally:
        for path, data in kept.items():
            path.write_bytes(data)


def test_a_certificate_is_checked_on_a_phone_and_without_the_platform(
    visit: Any, site: Any, tmp_path: Path
) -> None:
    """J19: valid with board, year and place, no score without consent; one other character is unknown; the tool agrees.
    Then the year turns, and what was checked stays as it is."""
    admin = visit("park.admin@demo")
    for _try in range(60):
        admin.go("/p/cq/office/certificates/")
        if admin.page.locator("main tbody a").count():
            break
        admin.page.wait_for_timeout(500)
    admin.looks_right().page.locator("main tbody a").first.click()
    admin.page.wait_for_load_state()
    admin.sees("核对一致").looks_right().press("公开核验页")
    path = admin.page.url.removeprefix(site.address)
    phone = visit(width=360)
    phone.go(path).sees("证书有效", str(YEAR - 1), "第", "企业未同意在此显示").looks_right()
    code = path.strip("/").split("/")[-1]
    phone.go(f"/v/{'b' if code[0] != 'b' else 'c'}{code[1:]}/").sees("未查到").looks_right()
    (tmp_path / "certificate.json").write_bytes(fetch(site, f"/v/{code}/certificate.json"))
    (tmp_path / "keys.json").write_bytes(fetch(site, "/zones/cq/keys.json"))
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / "certificate.json"), "--keys", str(tmp_path / "keys.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and "HOLDS" in done.stdout, done.stdout + done.stderr
    _the_year_turns(admin)
    phone.go(path).sees("证书有效")


def _the_year_turns(admin: Visitor) -> None:
    """The published year is closed; the next one is proposed with the scheme in use, and opened."""
    admin.go(f"/p/cq/office/boards/{YEAR - 1}/").press("结束本年度").sees("年度已结束")
    admin.go("/p/cq/office/cycles/").looks_right()
    assert admin.page.input_value("main [name=year]") == str(YEAR + 1)
    deadline = dt.date.today() + dt.timedelta(days=200)
    admin.fill(deadline=str(deadline)).press("开启年度").sees(f"{YEAR + 1} 年度已开启").looks_right()

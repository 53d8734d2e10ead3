"""The ladder and the R&D platforms in a browser: a firm on its phone, the office at its desk."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from parks.clock import BEIJING
from tests.factories import files

pytestmark = pytest.mark.browser
RUNG, FACT = "上市后备企业", "有明确的上市意愿"
CENTRE = "手机登记的研发中心"


def today() -> str:
    return dt.datetime.now(BEIJING).date().isoformat()


def test_what_only_the_firm_knows_makes_a_rung_ready(visit: Any) -> None:
    firm = visit("ent.agent@demo", width=360)
    firm.go("/p/cq/e/growth/").looks_right().press(RUNG).sees("暂不能判断").looks_right()
    rung = firm.page.url.removeprefix(firm.address)
    firm.press(FACT).looks_right()
    firm.fill(value="1", as_of=today()).press("提交核对").sees("请上传证明材料").looks_right()
    firm.fill(value="1", as_of=today()).attach("upload", "保荐协议.png", files.png("ipo"), "image/png")
    firm.press("提交核对").sees("待核对")
    desk = visit("park.review2@demo")
    desk.go("/p/cq/office/facts/?state=stated&code=ipo_sponsor").looks_right()  # the newest first
    desk.press(FACT).looks_right().fill(accepts="yes").press("核对完成").sees("已核对")
    firm.go(rung).sees("符合", "核对，有效至").looks_right()


def test_a_platform_from_the_phone_to_the_totals(visit: Any) -> None:
    desk, firm = visit("park.review2@demo"), visit("ent.agent@demo", width=360)
    desk.go("/p/cq/office/platforms/").looks_right()
    before = people_of(desk)
    firm.go("/p/cq/platforms/new/").looks_right()
    firm.fill(
        name=CENTRE, type="企业研发中心", level="区级", head="李明", approver="高新区科技局", approval_number="手机1号", approved_on="2024-05-01"
    ).press("登记").sees("待核对").looks_right()  # fmt: skip
    page = firm.page.url.removeprefix(firm.address)
    desk.go("/p/cq/office/platforms/?state=proposed").press(CENTRE).looks_right()
    desk.press("与批文一致，通过").sees("有效")
    firm.go(page).press("填写")
    firm.fill(staff="5", senior="9").press("提交").sees("不能多于")
    firm.fill(staff="17", senior="9", projects="3").press("提交").sees("报告已提交")
    desk.go("/p/cq/office/platforms/").looks_right()
    assert people_of(desk) == before + 17


def people_of(desk: Any) -> int:
    """The persons in the sentence of totals."""
    found = re.search(r"专职研发人员 ([\d,]+) 人", desk.page.locator("p.lead").first.inner_text())
    assert found
    return int(found[1].replace(",", ""))

"""The main job, walked once through in a browser: from registration to a published board."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from innovscore.core import uscc
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser
YEAR = dt.date.today().year - 1  # the demo zone's newest year
CODE = uscc.synthetic(700_001)
NAME = "重庆行路新材料有限公司"
MONEY = {
    "营业收入": 5200, "上年营业收入": 4100, "高新技术产品(服务)收入": 4300, "成本费用支出总额": 4700, "净利润": 420, "年初净资产": 2600,
    "年末净资产": 3000, "年末资产总额": 5200, "年末负债总额": 2200, "实际上缴税费总额": 260, "研发费用": 520, "上年研发费用": 400,
    "研发费用加计扣除基数": 500, "加计扣除所得税减免额": 75,
}  # fmt: skip
COUNTS = {
    "职工总数(年平均)": 96,
    "科技人员数": 31,
    "主营相关发明专利申请量": 8,
    "有效Ⅰ类知识产权数": 5,
    "有效Ⅱ类知识产权数": 14,
}


def test_from_registration_to_a_published_board_and_back(visit: Any, site: Any) -> None:
    _register_and_certify(visit)
    _import_department_data(visit)
    _declare(visit)
    _verify(visit)
    _freeze_and_score(visit)
    _publish_a_board(visit, site)


def _register_and_certify(visit: Any) -> None:
    owner = visit(width=360)
    owner.go("/account/register/?next=/p/cq/register/")
    owner.fill(name="行路人", mobile="13800000000", login="xinglu", password="a long pass phrase 1").press(
        "开立账号"
    )
    owner.sees("登记企业").looks_right()
    owner.fill(
        uscc=CODE[:-1] + ("0" if CODE[-1] != "0" else "1"),
        name=NAME,
        legal_representative="行路人",
        founded_on="2016-05-04",
    )
    owner.fill(registered_address="创新大道 1 号", role="enterprise_signatory")
    owner.page.select_option("main [name=sub_park]", index=1)
    owner.press("提交认证申请")
    owner.sees("有 1 处需要修改", "第 18 位校验码")
    owner.fill(uscc=CODE).press("提交认证申请")
    owner.sees("已提交认证申请", "待审核")
    reviewer = visit("park.review1@demo")
    reviewer.go(f"/p/cq/review/certifications/?q={CODE}").press(NAME).press("通过认证")
    reviewer.sees("已记录审核决定")
    owner.go("/p/cq/e/certification/").sees("已认证")


def _import_department_data(visit: Any) -> None:
    admin = visit("park.admin@demo")
    admin.go(f"/p/cq/office/cycles/{YEAR}/").press("生成预填申报").waits_for("已完成")
    heads = ["统一社会信用代码", *(f"{name}（万元）" for name in MONEY), *COUNTS]
    row = [CODE, *map(str, MONEY.values()), *map(str, COUNTS.values())]
    admin.go("/p/cq/office/batches/").fill(source="tax", as_of="2026-06-12")
    admin.attach(
        "file", f"tax-{YEAR}.csv", ",".join(heads).encode("gb18030") + b"\n" + ",".join(row).encode()
    )
    admin.press("上传并检查").sees("可写入数值", "有误单元格").looks_right()
    admin.press("全部写入").waits_for("已完成")


def _declare(visit: Any) -> None:
    owner = visit(width=360)
    owner.go(f"/account/login/?next=/p/cq/e/declaration/{YEAR}/").fill(
        login="xinglu", password="a long pass phrase 1"
    ).press("登录")
    owner.go(f"/p/cq/e/declaration/{YEAR}/").sees(f"{YEAR} 年度申报", "研发投入").looks_right()
    owner.go(f"/p/cq/e/declaration/{YEAR}/rd_input/").looks_right().press("项无误").sees("已确认")
    owner.go(f"/p/cq/e/declaration/{YEAR}/item/rd_expense/").fill(
        text="约五百", reason="以专项审计报告为准"
    ).press("保存")
    owner.sees("请填写确切的数值")
    owner.fill(text="５６０．００ 万元", reason="以专项审计报告为准").press("保存")
    owner.sees("已更正·待核", "560.00", "520.00")
    owner.go(f"/p/cq/e/declaration/{YEAR}/check/").looks_right().press("签署并提交").sees("已签署并提交")


def _verify(visit: Any) -> None:
    first = visit("park.review1@demo")
    _open_case(first)
    first.press("采信全部无争议项").sees("已采信")
    first.page.locator(".item:has-text('已更正')").locator("button:has-text('采信')").click()
    first.page.wait_for_load_state()
    first.press("复核签署").sees("须由另一位审核员")
    second = visit("park.review2@demo")
    _open_case(second)
    second.press("复核签署").sees("已复核签署", "已核定")


def _open_case(reviewer: Visitor) -> None:
    reviewer.go(f"/p/cq/review/declarations/?q={CODE}&year={YEAR}").press(NAME).looks_right()


def _freeze_and_score(visit: Any) -> None:
    officer = visit("park.score@demo")
    officer.go(f"/p/cq/office/cycles/{YEAR}/score/").press("冻结本年度数据").looks_right()
    officer.page.check("main [name=confirm]")
    officer.press("确认冻结").waits_for("快照根")
    officer.press("计算积分").waits_for("总分分布", seconds=60)
    officer.looks_right()
    owner = visit(width=360)
    owner.go("/account/login/").fill(login="xinglu", password="a long pass phrase 1").press("登录")
    owner.go(f"/p/cq/e/score/{YEAR}/").sees("积分画像", "总分", "各项指标").looks_right()
    owner.go(f"/p/cq/e/score/{YEAR}/item/rd_intensity/").sees("怎么算的").looks_right()


def _publish_a_board(visit: Any, site: Any) -> None:
    public = visit(width=360)
    public.go(f"/zones/cq/boards/{YEAR}/high_quality/").sees("还没有公示或发布")
    officer = visit("park.score@demo")
    boards = f"/p/cq/office/boards/{YEAR}/"
    officer.go(boards).looks_right().press("提请公示", within="#high_quality").sees("条积分异常没有核查")
    while officer.go(boards).page.locator("main a:has-text('条积分异常待核查')").count():
        officer.press("条积分异常待核查")
        for box in officer.page.locator("main input[name=ids]").all():
            box.check()
        officer.fill(note="已核对申报材料").press("将所选异常销号")
    officer.press("提请公示", within="#high_quality").sees("已提请")
    publisher = visit("park.publish@demo")
    publisher.go(f"/p/cq/office/boards/{YEAR}/").press("第 1 版", within="#high_quality").looks_right()
    publisher.press("确认公示").fill(contact="积分专班 023-0000").press("确认公示").sees(
        "还有约 15 分钟"
    ).looks_right()
    public.go(f"/zones/cq/boards/{YEAR}/high_quality/").sees("还没有公示或发布")
    publisher.press("撤回这次确认").sees("公众没有看到任何变化")
    publisher.press("确认公示").fill(contact="积分专班 023-0000").press("确认公示").sees("还有约 15 分钟")
    site.countdowns_end("cq")
    public.go(f"/zones/cq/boards/{YEAR}/high_quality/").sees("公示中").looks_right()
    site.notices_end("cq")
    publisher.go(f"/p/cq/office/boards/{YEAR}/").press("第 1 版", within="#high_quality")
    publisher.sees("由提请人和开始公示的人以外的发布员办理").sees_not("确认发布")
    another = visit("park.publish2@demo")
    another.go(f"/p/cq/office/boards/{YEAR}/").press("第 1 版", within="#high_quality")
    another.press("确认发布").sees("正式生效", "还有约 15 分钟")
    public.go(f"/zones/cq/boards/{YEAR}/high_quality/").sees("公示中")
    site.countdowns_end("cq")
    public.go(f"/zones/cq/boards/{YEAR}/high_quality/").sees("正式", "评价办法").looks_right()


def test_from_consent_to_an_approved_loan(visit: Any) -> None:
    firm = visit("ent.legal@demo")
    firm.go("/p/cq/e/finance/").sees("授信额度", "额度取决于").looks_right()
    firm.press("授权银行查询").sees("银行将看到的内容").looks_right()
    for box in firm.page.locator("main form [name=groups]").all():
        box.check()
    firm.page.check("main form [name=confirm]")
    firm.fill(months="6").press("签署授权", within="main form").sees("申请贷款")
    firm.press("申请贷款").fill(amount="9999999", term_months="12", purpose="采购原材料").press("提交申请")
    firm.sees("可用额度不足").fill(amount="100").press("提交申请").sees("100.00").looks_right()
    number = firm.page.locator("h1").inner_text().split()[-1]
    maker = visit("bank.maker@demo")
    _open_application(maker, "applications", number)
    maker.press("已联系企业").fill(amount="100", rate="3.45", term_months="12").press("提交复核").sees(
        "待银行复核"
    )
    checker = visit("bank.check@demo", width=360)
    _open_application(checker, "check", number)
    checker.fill(outcome="approve").press("提交复核意见")
    firm.go("/p/cq/e/loans/").press(number).sees("已审批", "100.00")
    firm.go("/p/cq/e/access-log/").sees("周维", "冯立").looks_right()


def _open_application(officer: Visitor, queue: str, number: str) -> None:
    officer.go(f"/p/cq/bank/{queue}/").looks_right().press(number).looks_right()

"""Visits and appeals of the demo zone: a third of the firms were visited; appeals in every state, one overdue."""

from __future__ import annotations

import datetime as dt

from cultivation.models import Appeal
from cultivation.services import visits
from enterprises.models import Enterprise
from enterprises.queries import enterprises
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Park
from parks.scope import park_scope

from .policies import firm_person

STAFF = ("park.review1@demo", "park.review2@demo", "park.admin@demo")
PURPOSES = ("service", "policy", "data", "finance", "cultivation")
NOTES = (
    "厂房满负荷，二期设备已订货，预计明年一季度投产。",
    "研发团队今年新增 12 人，正在准备高新技术企业复审材料。",
    "企业了解研发费用加计扣除，对政策兑现流程还不熟悉，已现场演示。",
    "海外订单下降，正转向国内市场，希望参加园区供需对接。",
)
ASKED = (
    ("space", "二期用房需要约 2,000 平方米标准厂房，希望年底前落实。", "已联系园区资产公司，可提供 3 号楼一层，下周看房。"),
    ("talent", "外地引进的两名工程师子女入学问题。", "已与教育部门沟通，按人才政策安排学位，请准备居住证明。"),
    ("finance", "订单增加，需要 500 万元流动资金贷款。", "已推荐三家银行的积分贷产品，客户经理将与您联系。"),
    ("technology", "寻找高校团队联合开发耐高温涂层。", "已列入技术需求，专家对接会本月举行。"),
    ("approval", "环评变更手续办理进度。", "手续已受理，预计 10 个工作日内办结。"),
    ("market", "希望参加园区与整车企业的供需对接会。", "已报名，会议时间另行通知。"),
)  # fmt: skip
PATHS = (("answer", "confirm"), ("answer", "confirm"), ("answer",), ("answer", "reopen"), (), ())
"""What was done with each of the appeals."""
LATE_DAYS = 4


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """Visits over the year; the hero's appeal has an answer that waits to be confirmed."""
    with park_scope(park.pk):
        today = db_today()
        others = list(enterprises.members().exclude(pk=hero.pk).order_by("pk")[::3][:60])
        firms = [others[0], others[1], hero, *others[2:]] if len(others) > 1 else [hero]
    for number, firm in enumerate(firms):
        by = actors[STAFF[number % len(STAFF)]]
        with park_scope(park.pk):
            row = visits.record(
                by=by, firm=firm.uscc, visited_on=today - dt.timedelta(days=3 + number * 300 // len(firms)), visitors=by.person_name,
                purpose=PURPOSES[number % len(PURPOSES)], met=firm.legal_representative, note=NOTES[number % len(NOTES)],
            )  # fmt: skip
            if number >= len(ASKED):
                continue
            category, text, _answer = ASKED[number]
            appeal = visits.raise_appeal(
                by=by, category=category, text=text, visit_id=row.pk, responsible=by.person_id
            )
        _walk(park, by, firm, appeal, number)
    with park_scope(park.pk):
        late = today - dt.timedelta(days=LATE_DAYS)
        Appeal.objects.filter(enterprise=firms[min(5, len(firms) - 1)], state="open").update(due_on=late)


def _walk(park: Park, by: Actor, firm: Enterprise, appeal: Appeal, number: int) -> None:
    with park_scope(park.pk):
        person = firm_person(park, firm)
        for event in PATHS[number]:
            if event == "answer":
                visits.answer(by=by, appeal_id=appeal.pk, text=ASKED[number][2])
            elif event == "confirm":
                visits.confirm(by=person, appeal_id=appeal.pk)
            else:
                visits.reopen(by=person, appeal_id=appeal.pk, text="目前只联系了一个团队，方向不符。")

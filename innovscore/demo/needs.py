"""Technical needs of the demo zone: experts of the register, needs in every state, one contract; the hero's waits for an introduction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from cultivation.services import needs
from enterprises.models import Enterprise
from enterprises.queries import enterprises
from parks.actors import Actor
from parks.clock import db_today
from parks.models import Park
from parks.scope import park_scope

from .policies import firm_person

EXPERTS = (
    ("江示例", "示例理工大学材料学院", ("materials", "energy"), "每周三下午"),
    ("林示例", "示例大学自动化研究所", ("manufacturing", "electronics"), "每月第一周"),
    ("高示例", "示例医科大学", ("biology",), ""),
    ("何示例", "示例环境科学研究院", ("environment", "energy"), "寒暑假"),
)
NEEDS = (
    ("耐高温陶瓷涂层", "部件在 1,200 度下连续工作 500 小时不脱落，寻求联合开发。", ("materials", "energy"), (30, 80), True),
    ("视觉检测算法", "检出 0.1 毫米划痕，产线节拍 1 秒以内。", ("electronics", "manufacturing"), (20, 50), True),
    ("高盐废水处理", "日处理 50 吨，回用率不低于 80%。", ("environment",), None, True),
    ("酶制剂放大工艺", "由 50 升放大到 2 吨，活性损失不超过 10%。", ("biology",), (50, 120), False),
)  # fmt: skip
WAN = Decimal(10_000)


def tell(park: Park, actors: dict[str, Actor], *, hero: Enterprise) -> None:
    """The hero posts the first need; the second is introduced, the third has a contract, the fourth was dropped."""
    office = actors["park.review1@demo"]
    with park_scope(park.pk):
        experts = [
            needs.keep_expert(
                by=office, name=name, institute=institute, fields=fields, availability=when, is_active=True
            )
            for name, institute, fields, when in EXPERTS
        ]
        others = list(enterprises.members().exclude(pk=hero.pk).order_by("pk")[3 : 2 + len(NEEDS)])
    posted = [_posted(park, firm, number) for number, firm in enumerate([hero, *others])]
    with park_scope(park.pk):
        for at, expert in ((1, experts[1]), (2, experts[3])):
            met = needs.introduce(by=office, need_id=posted[at], expert_id=expert.pk)
        needs.say_outcome(
            by=office, need_id=posted[2], introduction_id=met.pk, outcome="contract", amount=45 * WAN
        )
        dropped = firm_person(park, others[2])
    with park_scope(park.pk):
        needs.close(by=dropped, need_id=posted[3], closing="dropped")


def _posted(park: Park, firm: Enterprise, number: int) -> int:
    title, text, fields, budget, is_public = NEEDS[number]
    low, high = (one * WAN for one in budget) if budget else (None, None)
    with park_scope(park.pk):
        row = needs.post(
            by=firm_person(park, firm), title=title, text=text, fields=fields, budget_from=low, budget_to=high,
            until=db_today() + dt.timedelta(days=30 + 20 * number), is_public=is_public,
        )  # fmt: skip
    return row.pk

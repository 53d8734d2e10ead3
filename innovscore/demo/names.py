"""Invented names of enterprises and people: reproducible, enterprises unique. No name is taken from a register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FIRST = "云芯智科创新源联拓致远恒瑞盛嘉博宏启明华泰鼎信天成海纳星辰光润泽景行知微立德腾飞锐思凌峰晟昊钧煜堃祎㽏垚翀珺"
SECOND = (
    "达通源微谷川渝蓉岳江禾木森林石桥舟帆宇宙航图灵码元素象数理工坊器械能动力合纤材谱维格声波影像药方康泰平"
)


@dataclass(frozen=True, slots=True)
class Industry:
    """A branch of GB/T 4754 with words for names, R&D share of revenue and revenue per head in 万元."""

    label: str
    trades: tuple[str, ...]
    intensity: float
    per_head: float


CATALOGUE = (
    Industry("C39 电子", ("半导体", "微电子", "光电", "传感科技", "电子信息"), 0.085, 85),
    Industry("C35 装备", ("智能装备", "机器人", "精密机械", "自动化"), 0.052, 75),
    Industry("C27 医药", ("生物医药", "医疗器械", "基因技术", "制药"), 0.095, 70),
    Industry("C36 汽车", ("新能源汽车零部件", "汽车电子", "动力系统"), 0.045, 110),
    Industry("I65 软件", ("软件", "信息技术", "大数据", "人工智能科技", "云计算"), 0.125, 48),
    Industry("C26 材料", ("新材料", "复合材料", "化工科技"), 0.045, 105),
    Industry("M73 研发", ("检测技术", "工程研究", "技术服务"), 0.115, 42),
    Industry("D44 能源", ("能源科技", "储能技术", "电力科技"), 0.042, 120),
    Industry("C38 电气", ("电气设备", "电池科技", "智能电网"), 0.05, 90),
    Industry("C40 仪器", ("仪器仪表", "测控技术", "光学仪器"), 0.075, 62),
    Industry("I63 通信", ("卫星导航", "通信技术", "物联网科技"), 0.09, 66),
    Industry("N77 环保", ("环保科技", "水处理技术", "环境工程"), 0.038, 68),
)
INDUSTRIES = tuple(one.label for one in CATALOGUE)
SURNAMES = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余覃邱秦冉",
    "欧阳",
    "司徒",
    "上官",
)
GIVEN = "伟芳娜敏静磊洋艳勇军杰娟涛明超霞平刚桂英华文斌波辉健丽强鹏飞宁欣怡晨阳梓涵子轩雨桐思远若曦祎堃"
LONG = "新能源汽车智能网联与先进动力系统集成工程技术研究"
FORMS = (
    "{city}{core}{trade}有限公司", "{city}{core}{trade}有限公司", "{city}市{core}{trade}有限公司", "{core}（{city}）{trade}有限公司",
    "{city}{core}{trade}股份有限公司", "{core}{trade}（{city}）有限公司", "{city}{core}科技有限公司", "{city}{core}{trade}有限责任公司",
)  # fmt: skip
MIX = 2_654_435_761
"""Knuth's multiplier: spreads consecutive numbers."""


@dataclass(frozen=True, slots=True)
class Firms:
    """Full names, and the made-up word in each of them."""

    full: list[str]
    short: list[str]


def firms(rng: np.random.Generator, industry: npt.NDArray[Any], *, city: str = "重庆") -> Firms:
    """A unique name for each enterprise, 2 to 28 characters, fitting its industry; some carry brackets or rare characters."""
    full: dict[str, None] = {}
    short: list[str] = []
    draws = rng.integers(0, 2**31, (len(industry), 5)).tolist()
    for kind, draw in zip(industry.tolist(), draws, strict=True):
        core, name = _firm(kind, draw, city)
        while name in full:
            core, name = _firm(kind, rng.integers(0, 2**31, 5).tolist(), city, longer=True)
        full[name] = None
        short.append(core)
    named = list(full)
    for place, name in _odd(city, short, len(named)).items():
        named[place] = name
    return Firms(named, short)


def _firm(kind: int, draw: list[int], city: str, *, longer: bool = False) -> tuple[str, str]:
    a, b, c, d, e = draw
    core = (
        FIRST[a % len(FIRST)]
        + SECOND[b % len(SECOND)]
        + (FIRST[c % len(FIRST)] if longer or c % 3 == 0 else "")
    )
    trades = CATALOGUE[kind].trades
    trade = trades[d % len(trades)]
    return core, FORMS[e % len(FORMS)].format(city=city, core=core, trade=trade)


def _odd(city: str, short: list[str], count: int) -> dict[int, str]:
    """The shortest and the longest name, and one with brackets inside brackets' company, for pages to cope with."""
    if count < 100:
        return {}
    head, tail = f"{city}{short[23]}（集团）", "股份有限公司拓展园分公司"
    return {
        11: "㽏源",
        23: head + LONG[: 28 - len(head) - len(tail)] + tail,
        37: f"祎堃（{city}）基因（生物）技术有限公司",
    }


def people(rng: np.random.Generator, count: int) -> list[str]:
    """Names of people (not unique, as in life)."""
    return [_person(*draw) for draw in rng.integers(0, 2**31, (count, 3)).tolist()]


def person(number: int) -> str:
    """The name of a numbered person; the same number has the same name."""
    spread = number * MIX
    return _person(spread >> 7, spread >> 17, spread >> 23)


def _person(a: int, b: int, c: int) -> str:
    return SURNAMES[a % len(SURNAMES)] + GIVEN[b % len(GIVEN)] + (GIVEN[c % len(GIVEN)] if c % 3 else "")


def topic(industry: int, number: int) -> str:
    """What a project or platform of an industry is about."""
    aspects = (
        "高可靠",
        "低功耗",
        "车规级",
        "自适应",
        "超精密",
        "多模态",
        "高通量",
        "可降解",
        "宽温域",
        "国产化",
        "轻量化",
        "抗干扰",
    )
    trades = CATALOGUE[industry].trades
    spread = number * MIX
    return aspects[(spread >> 9) % len(aspects)] + trades[(spread >> 21) % len(trades)]

"""Invented names of enterprises and people, unique and reproducible."""

from __future__ import annotations

import numpy as np

FIRST = "云芯智科创新源联拓致远恒瑞盛嘉博宏启明华泰鼎信天成海纳星辰光润泽景行知微立德腾飞锐思凌峰晟昊钧煜堃祎㽏"
SECOND = "达通源微谷川渝蓉岳江禾木森林石桥舟帆宇宙航图灵码元素象数理工坊器械能动力合纤材谱维格声波影像药方康泰平"
TRADES = {
    "C39 电子": ("半导体", "微电子", "光电", "传感科技", "电子信息"),
    "C35 装备": ("智能装备", "机器人", "精密机械", "自动化"),
    "C27 医药": ("生物医药", "医疗器械", "基因技术", "制药"),
    "C36 汽车": ("新能源汽车零部件", "汽车电子", "动力系统"),
    "I65 软件": ("软件", "信息技术", "大数据", "人工智能科技", "云计算"),
    "C26 材料": ("新材料", "复合材料", "化工科技"),
    "M73 研发": ("检测技术", "工程研究", "技术服务"),
    "D44 能源": ("能源科技", "环保科技", "储能技术"),
}
INDUSTRIES = tuple(TRADES)
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "伟芳娜敏静磊洋艳勇军杰娟涛明超霞平刚桂英华文斌波辉健丽强鹏飞宁欣怡晨阳梓涵子轩雨桐思远若曦"


def firms(rng: np.random.Generator, industry: np.ndarray) -> list[str]:
    """A unique name for each enterprise, fitting its industry; a few carry brackets."""
    taken: set[str] = set()
    names = []
    for kind in industry:
        trades = TRADES[INDUSTRIES[kind]]
        while True:
            a, b, c, d = rng.integers(0, 10_000, 4)
            core = FIRST[a % len(FIRST)] + SECOND[b % len(SECOND)] + (FIRST[c % len(FIRST)] if c % 3 == 0 else "")
            place = "重庆" if d % 4 else "（重庆）"
            trade = trades[d % len(trades)]
            name = f"{place}{core}{trade}有限公司" if d % 4 else f"{core}{trade}{place}有限公司"
            if name in taken:
                core += SECOND[c % len(SECOND)] + FIRST[d % len(FIRST)]
                name = f"{place}{core}{trade}{'股份' if d % 7 == 0 else ''}有限公司"
            if name not in taken:
                break
        taken.add(name)
        names.append(name)
    return names


def people(rng: np.random.Generator, count: int) -> list[str]:
    """Names of people (not unique, as in life)."""
    picks = rng.integers(0, 10_000, (count, 3))
    return [
        SURNAMES[a % len(SURNAMES)] + GIVEN[b % len(GIVEN)] + (GIVEN[c % len(GIVEN)] if c % 3 else "") for a, b, c in picks
    ]

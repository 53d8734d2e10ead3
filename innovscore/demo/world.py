"""A believable zone, made of random numbers: the same seed gives the same zone.

Sizes are heavy-tailed, growth and R&D correlated with industry and stage as in life. Figures obey the scheme's E
rules except where an error is meant (missing cells, slips of unit, gaps between two departments, disputes).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from innovscore.core import uscc

from . import names

LAST_YEAR = 2025
STAGE_SHARES = (0.45, 0.40, 0.15)
INTENSITY = np.array([0.11, 0.06, 0.10, 0.05, 0.16, 0.05, 0.14, 0.06])
OPTIONAL = (
    "hightech_revenue", "equity_financing_24m", "rd_super_deduction_base", "rd_super_deduction_relief", "rd_equipment_invest",
    "univ_collab_paid", "tech_contract_amount", "fresh_graduates", "senior_staff", "pct_applications", "ip_class2",
)  # fmt: skip
LISTS: dict[str, tuple[tuple[str, float, str], ...]] = {
    "golden_phoenix": (("", 0.35, "金凤凰人才"),),
    "high_level_talents": (("national", 0.03, "国家级人才"), ("municipal", 0.10, "市级人才"), ("district", 0.25, "区级人才")),
    "platforms": (
        ("national", 0.015, "国家级研发平台"), ("provincial", 0.12, "市级研发平台"), ("rd_center", 0.22, "企业研发中心"),
        ("key_lab", 0.05, "区级重点实验室"), ("new_rd_institution", 0.02, "新型研发机构"), ("expert_workstation", 0.02, "专家工作站"),
    ),
    "awards": (("national_2", 0.008, "国家科技进步奖"), ("provincial_1", 0.02, "市科技进步一等奖"), ("provincial_2", 0.03, "市科技进步二等奖"), ("provincial_3", 0.06, "市科技进步三等奖")),
    "projects": (
        ("national_lead", 0.02, "国家重点研发计划项目"), ("national_participate", 0.05, "国家科技计划课题"),
        ("provincial_lead", 0.12, "市级科技计划项目"), ("provincial_participate", 0.15, "市级科技计划参与项目"),
    ),
    "qualifications": (
        ("tech_sme", 0.45, "科技型中小企业"), ("innovative_sme", 0.18, "创新型中小企业"), ("hnte", 0.38, "高新技术企业"),
        ("srdi_sme", 0.16, "专精特新中小企业"), ("gazelle", 0.04, "瞪羚企业"), ("little_giant", 0.05, "专精特新小巨人"),
    ),
    "competitions": (("national_merit", 0.03, "创新创业大赛全国优秀奖"), ("municipal_1", 0.03, "市赛一等奖"), ("municipal_2", 0.05, "市赛二等奖"), ("municipal_3", 0.06, "市赛三等奖")),
    "cc_projects": (("joint_funded", 0.03, "成渝联合攻关项目"), ("registered", 0.08, "成渝合作备案项目")),
    "standards": (("national_lead", 0.01, "国家标准"), ("national_participate", 0.05, "国家标准"), ("industry_participate", 0.07, "行业标准"), ("group_lead", 0.05, "团体标准"), ("group_participate", 0.08, "团体标准")),
}  # fmt: skip
AT_MOST_ONE = {"qualifications"}
SOURCES = {
    "revenue": "tax", "hightech_revenue": "stats", "equity_financing_24m": "amr", "rd_equipment_invest": "enterprise",
    "univ_collab_paid": "sti", "tech_contract_amount": "sti", "staff_total": "hrss", "rd_staff": "stats", "fresh_graduates": "hrss",
    "senior_staff": "hrss", "invention_applications": "ipo", "pct_applications": "ipo", "ip_class1": "ipo", "ip_class2": "ipo",
    "golden_phoenix": "talent_office", "high_level_talents": "talent_office", "standards": "amr",
}  # fmt: skip


def source_of(code: str) -> str:
    """The department that gives an input in the demo zone."""
    return SOURCES.get(code, "sti" if code in LISTS else "tax")


@dataclass(slots=True)
class Year:
    """One evaluation year. Amounts: yuan for money, units for counts; NaN = missing. Entries: per list code,
    enterprise number -> items [{level, rank, name, number, date}]."""

    year: int
    amounts: dict[str, np.ndarray]
    entries: dict[str, dict[int, list[dict[str, Any]]]]
    slips: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    disputed: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))

    def counts(self, code: str, levels: list[str], size: int) -> np.ndarray:
        """Items per level as an (enterprises × levels) table of whole numbers."""
        table = np.zeros((size, len(levels)), np.int64)
        for number, items in self.entries[code].items():
            for item in items:
                table[number, levels.index(item["level"])] += 1
        return table


@dataclass(slots=True)
class World:
    """A zone: one entry of each list or array an enterprise."""

    uscc: list[str]
    name: list[str]
    legal: list[str]
    agent: list[str]
    industry: np.ndarray
    sub_park: np.ndarray
    founded: list[dt.date]
    stage: np.ndarray
    years: list[Year]

    def __len__(self) -> int:
        return len(self.uscc)


def make_world(
    enterprises: int = 527, years: int = 3, seed: int = 2022, *, first: int = 0, sub_parks: int = 3, city: str = "重庆"
) -> World:
    """A zone of `enterprises` firms over `years` evaluation years ending in 2025.

    `first` is the number of the first synthetic code, so that two zones never share a firm.
    """
    rng = np.random.default_rng([seed, enterprises, first])
    n = enterprises
    industry = rng.integers(0, len(names.INDUSTRIES), n)
    stage = rng.choice(3, n, p=STAGE_SHARES)
    founded_year = np.where(stage == 0, rng.integers(2017, 2025, n), np.where(stage == 1, rng.integers(2006, 2021, n), rng.integers(1995, 2014, n)))
    months, days = rng.integers(1, 13, n), rng.integers(1, 29, n)
    world = World(
        uscc=[uscc.synthetic(first + number) for number in range(n)],
        name=names.firms(rng, industry, city),
        legal=names.people(rng, n),
        agent=names.people(rng, n),
        industry=industry,
        sub_park=rng.choice(sub_parks, n, p=_shares(sub_parks)),
        founded=[dt.date(int(y), int(m), int(d)) for y, m, d in zip(founded_year, months, days, strict=True)],
        stage=stage,
        years=[],
    )
    world.years = list(_years(rng, world, founded_year, years))
    return world


def _shares(count: int) -> np.ndarray:
    weights = np.array([0.6, *[0.4 / max(1, count - 1)] * (count - 1)])
    return weights / weights.sum()


def _years(rng: np.random.Generator, world: World, founded: np.ndarray, count: int) -> Iterator[Year]:
    n = len(world)
    quality = rng.normal(0, 1, n)
    center = np.array([6.2, 8.4, 10.9])[world.stage]
    spread = np.array([0.9, 0.65, 0.8])[world.stage]
    revenue = np.exp(rng.normal(center, spread) - 0.12 * count) * 1e4
    rd = revenue * np.clip(INTENSITY[world.industry] * np.exp(0.35 * quality + rng.normal(0, 0.4, n)), 0.005, 0.9)
    equity = revenue * rng.uniform(0.25, 1.4, n)
    for year in range(LAST_YEAR - count + 1, LAST_YEAR + 1):
        before = (revenue.copy(), rd.copy(), equity.copy())
        growth = np.clip(rng.normal(0.12 + 0.05 * quality, 0.18), -0.6, 1.6)
        revenue = revenue * (1 + growth)
        rd = rd * (1 + np.clip(growth * 0.6 + rng.normal(0.06, 0.15, n), -0.6, 1.8))
        yield _year(rng, world, year, founded, quality, before, revenue, rd)
        equity = before[2] + revenue * rng.normal(0.05, 0.06, n)


def _year(
    rng: np.random.Generator, world: World, year: int, founded: np.ndarray, quality: np.ndarray, before: tuple[np.ndarray, ...],
    revenue: np.ndarray, rd: np.ndarray,
) -> Year:  # fmt: skip
    n = len(world)
    young = founded >= year
    staff = np.maximum(5, (revenue / 1e4 / rng.uniform(45, 110, n)).astype(np.int64) + rng.integers(3, 15, n))
    rd_staff = np.minimum(staff, np.maximum(1, (staff * np.clip(rng.normal(0.24 + 0.05 * quality, 0.1), 0.03, 0.85)).astype(np.int64)))
    profit = revenue * rng.normal(0.06 + 0.02 * quality, 0.09, n)
    begin = before[2]
    end = np.round(begin + profit * 0.7, 2)
    liabilities = np.round(np.abs(end) * rng.uniform(0.2, 1.8, n), 2)
    base = rd * rng.uniform(0.75, 1.0, n)
    money = {
        "revenue": revenue,
        "revenue_prev": np.where(young, 0, before[0]),
        "hightech_revenue": revenue * np.clip(rng.normal(0.7, 0.2, n), 0, 1),
        "total_cost_expense": np.maximum(revenue - profit, rd * 1.05),
        "net_profit": profit,
        "net_assets_begin": begin,
        "net_assets_end": end,
        "total_assets_end": end + liabilities,
        "total_liabilities_end": liabilities,
        "tax_paid_total": revenue * np.clip(rng.normal(0.045, 0.02, n), 0, 0.2),
        "equity_financing_24m": np.where(rng.random(n) < 0.12, np.exp(rng.normal(6.5, 1.0, n)) * 1e4, 0),
        "rd_expense": rd,
        "rd_expense_prev": np.where(young, 0, before[1]),
        "rd_super_deduction_base": base,
        "rd_super_deduction_relief": base * np.where(profit > 0, 0.15, 0),
        "rd_equipment_invest": rd * np.clip(rng.normal(0.12, 0.1, n), 0, 0.5),
        "univ_collab_paid": np.where(rng.random(n) < 0.3, rd * rng.uniform(0.01, 0.1, n), 0),
        "tech_contract_amount": np.where(rng.random(n) < 0.35, revenue * rng.uniform(0.005, 0.2, n), 0),
    }
    inventions = np.minimum(2 * rd_staff, rng.poisson(np.clip(rd / 8e5, 0.1, 90)))
    units = {
        "staff_total": staff,
        "rd_staff": rd_staff,
        "fresh_graduates": np.minimum(staff, rng.poisson(np.clip(staff * 0.05, 0.2, 120))),
        "senior_staff": (staff * np.clip(rng.normal(0.2, 0.1, n), 0, 0.7)).astype(np.int64),
        "invention_applications": inventions,
        "pct_applications": rng.poisson(np.clip(inventions / 25, 0, 6)),
        "ip_class1": rng.poisson(np.clip(rd / 6e5, 0.2, 300)),
        "ip_class2": rng.poisson(np.clip(rd / 2.5e5, 1, 500)),
    }
    amounts = {code: np.round(values, 2) for code, values in money.items()} | {code: v.astype(float) for code, v in units.items()}
    for code in OPTIONAL:
        amounts[code] = np.where(rng.random(n) < 0.12, np.nan, amounts[code])
    size = np.clip(np.log10(revenue / 1e4) - 2.5, 0.3, 3.0) * np.exp(0.35 * quality)
    entries = {code: dict(_items(rng, year, code, levels, size)) for code, levels in LISTS.items()}
    return Year(year, amounts, entries, slips=rng.random(n) < 0.03, disputed=rng.random(n) < 0.06)


def _items(
    rng: np.random.Generator, year: int, code: str, levels: tuple[tuple[str, float, str], ...], size: np.ndarray
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    n = len(size)
    counts = np.stack([rng.poisson(np.clip(rate * size, 0, 3)) for _level, rate, _name in levels], axis=1)
    if code in AT_MOST_ONE:
        counts = np.minimum(counts, 1)
    ranks = rng.integers(1, 4, n)
    days = rng.integers(1, 29, n)
    for number in np.flatnonzero(counts.sum(axis=1)):
        items = []
        for (level, _rate, name), count in zip(levels, counts[number], strict=True):
            for item in range(int(count)):
                entry = {"level": level, "name": name, "number": f"{code[:2].upper()}{year}{number:06d}{item}{level[:1]}", "date": f"{year}-{1 + (number + item) % 12:02d}-{days[number]:02d}"}
                if code == "awards":
                    entry["rank"] = str(int(ranks[number])) if ranks[number] < 3 else "3+"
                items.append(entry)
        yield int(number), items

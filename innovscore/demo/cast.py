"""Firms with a part to play: one strong on three boards, one to lend to, two that tie at place 10, one with a veto."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .blemishes import Truths
from .figures import WAN, Floats, Ints, Paths, Traits
from .items import LISTS, Items

TALENT_FIGURES = ("staff_total", "rd_staff", "fresh_graduates", "senior_staff")
TALENT_LISTS = ("golden_phoenix", "high_level_talents")
TALENT_WEIGHTS = {
    "rd_staff_ratio": 30,
    "fresh_graduates": 15,
    "golden_phoenix": 20,
    "senior_ratio": 15,
    "high_level_talents": 20,
}
TALENT_POINTS = np.array([4, 2, 1])


@dataclass(frozen=True, slots=True)
class Part:
    """What is decided about a firm: newest revenue and R&D (万元) with their growth, shares of staff, ratios, lists.

    `figures`: input -> (share, of what), where `of` is revenue, rd, staff or rd in 万元. `lists`: number a level.
    """

    revenue: float
    rd: float
    growth: float
    rd_growth: float
    staff: int
    figures: dict[str, tuple[float, str]]
    lists: dict[str, tuple[int, ...]]


STAR = Part(
    revenue=72_000, rd=20_600, growth=1.24, rd_growth=1.46, staff=1_310,
    figures={
        "rd_staff": (0.72, "staff"), "senior_staff": (0.56, "staff"), "fresh_graduates": (0.115, "staff"),
        "rd_super_deduction_base": (0.97, "rd"), "rd_super_deduction_relief": (0.97 * 0.15, "rd"), "rd_equipment_invest": (0.27, "rd"),
        "univ_collab_paid": (0.09, "rd"), "tech_contract_amount": (0.21, "revenue"), "invention_applications": (1 / 80, "rd_wan"),
        "pct_applications": (1 / 1_400, "rd_wan"), "ip_class1": (1 / 22, "rd_wan"), "ip_class2": (1 / 12, "rd_wan"),
    },
    lists={
        "golden_phoenix": (18,), "high_level_talents": (3, 6, 9), "platforms": (1, 3, 2, 1, 0, 1), "awards": (0, 1, 2, 2, 2),
        "projects": (2, 2, 3, 3), "qualifications": (0, 0, 1, 1, 1, 1, 0), "competitions": (0, 1, 1, 1, 0, 0, 0), "cc_projects": (3, 3),
        "standards": (1, 1, 3, 3, 2, 2, 1, 1, 2, 2),
    },
)  # fmt: skip
"""Two hundred million yuan of R&D a year, more than a quarter of what it sells: first on three boards of a usual zone."""
LEAD = Part(
    revenue=12_800, rd=1_340, growth=1.23, rd_growth=1.31, staff=212,
    figures={
        "hightech_revenue": (0.86, "revenue"), "rd_staff": (0.36, "staff"), "senior_staff": (0.27, "staff"), "fresh_graduates": (0.066, "staff"),
        "rd_super_deduction_base": (0.93, "rd"), "rd_super_deduction_relief": (0.93 * 0.15, "rd"), "rd_equipment_invest": (0.17, "rd"),
        "univ_collab_paid": (0.08, "rd"), "tech_contract_amount": (0.09, "revenue"), "invention_applications": (1 / 75, "rd_wan"),
        "pct_applications": (1 / 900, "rd_wan"), "ip_class1": (1 / 60, "rd_wan"), "ip_class2": (1 / 32, "rd_wan"),
    },
    lists={
        "golden_phoenix": (3,), "high_level_talents": (0, 2, 1), "platforms": (0, 1, 1, 0, 0, 0), "awards": (0, 0, 0, 0, 1),
        "projects": (0, 1, 1, 1), "qualifications": (1, 0, 1, 1, 0, 0, 0), "competitions": (0, 0, 0, 0, 0, 1, 0), "cc_projects": (0, 1),
        "standards": (0, 0, 0, 0, 0, 1, 0, 0, 1, 0),
    },
)  # fmt: skip
"""A growing firm that banks like to lend to: the demo's accounts act for it."""


def star_of(traits: Traits) -> int | None:
    """The number of the firm that does well nearly everywhere: the first of the largest stage that is old enough."""
    able = (
        np.flatnonzero((traits.stage == traits.stage.max()) & (traits.founded < 2012))
        if len(traits)
        else np.zeros(0, int)
    )
    return int(able[0]) if len(able) and len(traits) >= 100 else None


def give_paths(paths: Paths, firm: int, part: Part) -> None:
    """Revenue and R&D of all years."""
    for ago, year in enumerate(sorted(paths.revenue, reverse=True)):
        paths.revenue[year][firm] = round(part.revenue * WAN / part.growth**ago, 2)
        paths.rd[year][firm] = round(part.rd * WAN / part.rd_growth**ago, 2)


def give_figures(amounts: dict[str, Floats], firm: int, part: Part) -> None:
    """People, investment and patents of a year; E rules hold."""
    rd, revenue = float(amounts["rd_expense"][firm]), float(amounts["revenue"][firm])
    staff = int(part.staff * revenue / WAN / part.revenue)
    bases = {"revenue": revenue, "rd": rd, "rd_wan": rd / WAN, "staff": staff}
    amounts["staff_total"][firm] = staff
    for code, (share, base) in part.figures.items():
        amounts[code][firm] = int(bases[base] * share)


def give_items(items: Items, firm: int, part: Part, years: Sequence[int]) -> Items:
    """Its lists: a stock that stays, and new items each year where a list looks back one year only."""
    kind = LISTS[items.code]
    others = items.take(items.row != firm)
    is_renewed = items.code == "qualifications"  # got again in the newest year that is verified
    first = years[max(0, len(years) - 2)] if is_renewed else years[0] - 1
    starts = (
        [first]
        if kind.window > len(years)
        else list(range(years[0] - kind.window + 1, years[-1] + 1, kind.window))
    )
    pattern = np.repeat(np.arange(len(kind.rates)), part.lists[items.code])
    level, year = np.tile(pattern, len(starts)), np.repeat(np.array(starts), len(pattern))
    count = len(level)
    rank = np.zeros(count, dtype=np.int64) if kind.ranked else np.full(count, -1)
    own = Items(items.code, np.full(count, firm), level, rank, year, _fresh_serials(items, firm, count))
    return joined(others, own)


def joined(one: Items, other: Items) -> Items:
    """Both, in order of firm and level."""
    both = Items(one.code, *(np.concatenate(pair) for pair in zip(_arrays(one), _arrays(other), strict=True)))
    return both.take(np.lexsort((both.year, both.level, both.row)))


def _arrays(items: Items) -> tuple[Ints, ...]:
    return items.row, items.level, items.rank, items.year, items.serial


def _fresh_serials(items: Items, firm: int, count: int) -> Ints:
    """Serials beyond all of the zone's, so that no two items share a number."""
    start = 90_000_000 + 100_000 * list(LISTS).index(items.code) + 1_000 * (firm % 100)
    return np.arange(start, start + count)


def tie_at_ten(
    amounts: dict[str, Floats], items: dict[str, Items], missing: Mapping[str, Truths], able: Truths
) -> tuple[int, int] | None:
    """Give a firm near the cut of the talent board the figures of the tenth, and let the leaders leave nothing out.

    Returns the two firms; None when the zone has too few.
    """
    for attempt in range(60):
        score = talent_scores(amounts, items, missing, able)
        order = np.argsort(-score, kind="stable")[:16]
        if len(order) < 16 or score[order[15]] <= 0:
            return None
        for cells in missing.values():
            cells[order] = False
        tenth, eleventh = int(order[9]), int(order[10])
        other = int(order[10 + attempt % 5])
        if score[tenth] == score[eleventh] and score[order[8]] > score[tenth] > score[order[11]]:
            return tenth, eleventh
        _copy(amounts, items, tenth, other)
    return None


def _copy(amounts: dict[str, Floats], items: dict[str, Items], source: int, target: int) -> None:
    for code in TALENT_FIGURES:
        amounts[code][target] = amounts[code][source]
    amounts["invention_applications"][target] = min(
        amounts["invention_applications"][target], 2 * amounts["rd_staff"][target]
    )
    for code in TALENT_LISTS:
        rest, model = items[code].take(items[code].row != target), items[code].take(items[code].row == source)
        twin = replace(model, row=np.full(len(model), target), serial=model.serial + 50_000_000)
        items[code] = joined(rest, twin)


def talent_scores(
    amounts: Mapping[str, Floats], items: Mapping[str, Items], missing: Mapping[str, Truths], able: Truths
) -> Floats:
    """Scores of the talent board by midrank among those who may stand on it; -1 for the others."""
    n = len(able)
    talents = items["high_level_talents"]
    points = np.bincount(talents.row, weights=TALENT_POINTS[talents.level], minlength=n)
    measures: dict[str, tuple[Any, Truths]] = {
        "rd_staff_ratio": (amounts["rd_staff"] / amounts["staff_total"], np.zeros(n, dtype=bool)),
        "fresh_graduates": (amounts["fresh_graduates"], missing["fresh_graduates"]),
        "golden_phoenix": (items["golden_phoenix"].total(n).astype(float), missing["golden_phoenix"]),
        "senior_ratio": (amounts["senior_staff"] / amounts["staff_total"], missing["senior_staff"]),
        "high_level_talents": (points, missing["high_level_talents"]),
    }
    complete = sum(TALENT_WEIGHTS[name] * ~absent for name, (_values, absent) in measures.items())
    big = (
        (amounts["revenue"] >= 500 * WAN)
        & (amounts["rd_expense"] >= 100 * WAN)
        & (amounts["staff_total"] >= 10)
    )
    cohort = able & big & (complete >= 80)
    score = np.where(cohort, 0.0, -1.0)
    for name, (values, absent) in measures.items():
        valued = np.flatnonzero(cohort & ~absent)
        score[valued] += TALENT_WEIGHTS[name] * _midrank(values[valued], zero_is_zero="ratio" not in name)
    return score


def _midrank(values: Floats, *, zero_is_zero: bool) -> Floats:
    """(less + (equal - 1) / 2) / (n - 1)."""
    if len(values) < 2:
        return np.ones(len(values))
    ordered = np.sort(values)
    less = np.searchsorted(ordered, values, side="left")
    equal = np.searchsorted(ordered, values, side="right") - less
    rank = (less + (equal - 1) / 2) / (len(values) - 1)
    return np.where(values == 0, 0.0, rank) if zero_is_zero else rank

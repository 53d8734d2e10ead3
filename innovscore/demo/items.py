"""List inputs of a made-up zone: people, platforms, awards, projects, qualifications, standards.

An item is an event of a year and counts for as many years as its list looks back, so that the same award stands in
consecutive declarations with the same number and date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from . import names
from .figures import Floats, Ints, Traits

FOR_GOOD = 100
RANKS = ("1", "2", "3+")
RANK_SHARES = (0.4, 0.35, 0.25)
STOCK_YEARS = 6
RENEWED = {"tech_sme": 1, "innovative_sme": 3, "hnte": 3, "srdi_sme": 3, "gazelle": 1, "little_giant": 3}
"""Qualifications that firms get again after so many years."""


@dataclass(frozen=True, slots=True)
class ListKind:
    """A list input: how many years an item counts, its levels with the usual number a firm, and how numbers look."""

    window: int
    rates: dict[str, float]
    number: str
    title: str
    once: bool = False
    ranked: bool = False


LISTS: dict[str, ListKind] = {
    "golden_phoenix": ListKind(FOR_GOOD, {"": 0.35}, "JFH{year}-{serial:05d}", "{person}"),
    "high_level_talents": ListKind(
        FOR_GOOD, {"national": 0.03, "municipal": 0.10, "district": 0.25}, "渝才〔{year}〕{serial:05d}号", "{person}"
    ),
    "platforms": ListKind(
        FOR_GOOD,
        {"national": 0.012, "provincial": 0.12, "rd_center": 0.22, "key_lab": 0.05, "new_rd_institution": 0.02, "expert_workstation": 0.02},
        "渝科平〔{year}〕{serial:05d}号", "{short}{topic}{place}",
    ),
    "awards": ListKind(
        3,
        {"national_1": 0.002, "national_2": 0.006, "provincial_1": 0.02, "provincial_2": 0.03, "provincial_3": 0.06},
        "{year}-J-{serial:05d}", "{topic}关键技术及产业化", ranked=True,
    ),
    "projects": ListKind(
        1, {"national_lead": 0.02, "national_participate": 0.05, "provincial_lead": 0.12, "provincial_participate": 0.15},
        "XM{year}-{serial:05d}", "{topic}关键技术研究与示范",
    ),
    "qualifications": ListKind(
        FOR_GOOD,
        {"tech_sme": 0.55, "innovative_sme": 0.18, "hnte": 0.38, "srdi_sme": 0.16, "gazelle": 0.04, "little_giant": 0.05, "unicorn": 0.002},
        "ZZ{year}{serial:06d}", "{place}", once=True,
    ),
    "competitions": ListKind(
        2,
        {"national_1": 0.003, "national_2": 0.006, "national_3": 0.01, "national_merit": 0.03, "municipal_1": 0.03, "municipal_2": 0.05, "municipal_3": 0.06},
        "DS{year}-{serial:05d}", "{short}：{topic}项目",
    ),
    "cc_projects": ListKind(1, {"joint_funded": 0.03, "registered": 0.08}, "CY{year}-{serial:05d}", "{topic}成渝协同攻关"),
    "standards": ListKind(
        3,
        {
            "intl_lead": 0.002, "intl_participate": 0.006, "national_lead": 0.012, "national_participate": 0.05, "industry_lead": 0.02,
            "industry_participate": 0.07, "local_lead": 0.02, "local_participate": 0.04, "group_lead": 0.05, "group_participate": 0.08,
        },
        "{body} 9{serial:05d}—{year}", "{topic}通用技术要求",
    ),
}  # fmt: skip
PLACES = {
    "national": "国家工程研究中心", "provincial": "市级工程技术研究中心", "rd_center": "企业研发中心", "key_lab": "重点实验室",
    "new_rd_institution": "新型研发机构", "expert_workstation": "院士专家工作站", "tech_sme": "科技型中小企业", "innovative_sme": "创新型中小企业",
    "hnte": "高新技术企业", "srdi_sme": "专精特新中小企业", "gazelle": "瞪羚企业", "little_giant": "专精特新小巨人企业", "unicorn": "独角兽企业",
}  # fmt: skip
BODIES = {"intl": "ISO", "national": "GB/T", "industry": "XX/T", "local": "DB50/T", "group": "T/SLX"}


@dataclass(frozen=True, slots=True)
class Items:
    """Items of one list, one entry of each array an item: firm number, level, rank (-1 = none), year of the event, serial."""

    code: str
    row: Ints
    level: Ints
    rank: Ints
    year: Ints
    serial: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, chosen: npt.NDArray[np.bool_] | Ints) -> Items:
        """Some of the items."""
        return replace(
            self,
            row=self.row[chosen],
            level=self.level[chosen],
            rank=self.rank[chosen],
            year=self.year[chosen],
            serial=self.serial[chosen],
        )

    def counting_in(self, year: int) -> Items:
        """What counts in the declaration of a year."""
        window = LISTS[self.code].window
        found = self.take((self.year <= year) & (self.year > year - window))
        if self.code != "qualifications":
            return found
        every = np.array([RENEWED.get(level, FOR_GOOD) for level in LISTS[self.code].rates])[found.level]
        return replace(found, year=found.year + (year - found.year) // every * every)

    def count(self, column: str, size: int) -> Ints:
        """Items a firm in one fact column: "platforms.national", "awards.national_2#1", "golden_phoenix"."""
        level, _hash, rank = column.partition(".")[2].partition("#")
        chosen = (
            np.ones(len(self), dtype=bool)
            if not level
            else self.level == list(LISTS[self.code].rates).index(level)
        )
        if rank:
            chosen &= self.rank == RANKS.index(rank)
        return np.bincount(self.row[chosen], minlength=size).astype(np.int64)

    def total(self, size: int) -> Ints:
        """Items a firm."""
        return np.bincount(self.row, minlength=size).astype(np.int64)

    def entries(self, short: Sequence[str], industry: Ints) -> dict[int, list[dict[str, str]]]:
        """Firm number -> [{level, rank?, name, number, date}] as they are stored."""
        found: dict[int, list[dict[str, str]]] = {}
        columns = (self.row, self.level, self.rank, self.year, self.serial)
        for row, level, rank, year, serial in zip(*(column.tolist() for column in columns), strict=True):
            entry = self._entry(level, year, serial, short[row], int(industry[row]))
            if rank >= 0:
                entry["rank"] = RANKS[rank]
            found.setdefault(row, []).append(entry)
        return found

    def _entry(self, level: int, year: int, serial: int, short: str, industry: int) -> dict[str, str]:
        kind, spread = LISTS[self.code], serial * names.MIX
        code = list(kind.rates)[level]
        words = {
            "short": short, "topic": names.topic(industry, serial), "person": names.person(serial), "place": PLACES.get(code, ""),
            "body": BODIES.get(code.partition("_")[0], ""), "year": year, "serial": serial,
        }  # fmt: skip
        date = f"{year}-{1 + (spread >> 11) % 12:02d}-{1 + (spread >> 19) % 28:02d}"
        return {
            "level": code,
            "name": kind.title.format(**words),
            "number": kind.number.format(**words),
            "date": date,
        }


def make_items(
    rng: np.random.Generator, traits: Traits, revenue: Floats, years: Sequence[int]
) -> dict[str, Items]:
    """All items of all lists; large and able firms have more."""
    wan = np.maximum(revenue / 1e4, 50)
    appetite = np.clip(np.log10(wan) - 2.4, 0.25, 3.2) * np.exp(0.45 * traits.quality)
    found, serial = {}, 1
    for code, kind in LISTS.items():
        one = (
            _drawn_once(rng, code, traits, appetite, years)
            if kind.once
            else _drawn(rng, code, appetite, years)
        )
        one = one.take(one.year > traits.founded[one.row])
        one = one.take(np.lexsort((one.year, one.level, one.row)))
        found[code] = replace(one, serial=np.arange(serial, serial + len(one)))
        serial += len(one)
    return found


def _drawn(rng: np.random.Generator, code: str, appetite: Floats, years: Sequence[int]) -> Items:
    """Events spread over firms by appetite and evenly over years; stocks began some years before."""
    kind = LISTS[code]
    back = STOCK_YEARS if kind.window == FOR_GOOD else kind.window
    first = years[0] - back + 1
    ladder = np.cumsum(appetite)
    rows, levels = [], []
    for step, rate in enumerate(kind.rates.values()):
        mean = rate * ladder[-1] / back * (years[-1] - first + 1)
        count = int(rng.poisson(mean))
        rows.append(np.searchsorted(ladder, rng.random(count) * ladder[-1]))
        levels.append(np.full(count, step))
    row: Ints = np.concatenate(rows)
    level: Ints = np.concatenate(levels)
    rank = rng.choice(len(RANKS), len(row), p=RANK_SHARES) if kind.ranked else np.full(len(row), -1)
    return Items(code, row, level, rank, rng.integers(first, years[-1] + 1, len(row)), row)


def _drawn_once(
    rng: np.random.Generator, code: str, traits: Traits, appetite: Floats, years: Sequence[int]
) -> Items:
    """Qualifications: each at most once, and only for firms of the right size."""
    kind = LISTS[code]
    rows, levels = [], []
    allowed = {"tech_sme": traits.stage < 2, "little_giant": traits.stage > 0, "unicorn": traits.stage == 2}
    for step, (name, rate) in enumerate(kind.rates.items()):
        chance = np.clip(rate * (appetite if rate < 0.3 else np.sqrt(appetite)), 0, 0.95)
        mine = np.flatnonzero(
            (rng.random(len(traits)) < chance) & allowed.get(name, np.ones(len(traits), dtype=bool))
        )
        rows.append(mine)
        levels.append(np.full(len(mine), step))
    row: Ints = np.concatenate(rows)
    level: Ints = np.concatenate(levels)
    year = rng.integers(years[0] - STOCK_YEARS + 1, years[-1] + 1, len(row))
    late = (
        years[-1] - 1 - year
    ) % 3  # years since the last recognition: most firms got theirs lately, a few long ago
    year = np.where((late > 0) & (row % 3 > 0), year + late, year)
    return Items(code, row, level, np.full(len(row), -1), year, row)

"""A believable zone, made of random numbers: the same seed gives the same zone.

Sizes are heavy-tailed; growth, R&D, people and patents go with stage, industry and quality as in life. Figures obey
the scheme's E rules except where an error is meant: 12 % of the cells of inputs that are not essential are missing,
6 % of the department's figures are disputed, 3 % of the firms meet a slip of unit, for 2 % two departments disagree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from innovscore.core import uscc

from . import blemishes, cast, names
from .blemishes import ENTERPRISE_ONLY, PREVIOUS, Blemish, Truths, Wrong
from .figures import Floats, Ints, Traits, make_amounts, make_paths
from .items import LISTS, Items, make_items

LAST_YEAR = 2025
STAGE_SHARES = (0.45, 0.40, 0.15)
HERO = 3
"""Number of the firm that the demo's accounts act for: a growing one with something to show."""
SCATTER = 48_271
"""Codes follow each other in steps of this, so that neighbours do not look alike."""
COUNTS = (
    "staff_total", "rd_staff", "fresh_graduates", "senior_staff", "invention_applications", "pct_applications", "ip_class1", "ip_class2",
)  # fmt: skip
SOURCES = {
    "hightech_revenue": "stats", "equity_financing_24m": "amr", "rd_equipment_invest": "enterprise",
    "univ_collab_paid": "sti", "tech_contract_amount": "sti", "staff_total": "hrss", "rd_staff": "stats", "fresh_graduates": "hrss",
    "senior_staff": "hrss", "invention_applications": "ipo", "pct_applications": "ipo", "ip_class1": "ipo", "ip_class2": "ipo",
    "golden_phoenix": "talent_office", "high_level_talents": "talent_office", "standards": "amr",
}  # fmt: skip
STATE_MISSING, STATE_REPORTED, STATE_PREFILLED, STATE_ZERO, STATE_NOT_APPLICABLE = range(5)
DEDUCTIONS = {
    "env_penalty": 0.006,
    "abnormal_operation": 0.004,
    "tax_credit_d": 0.003,
    "tax_credit_c": 0.012,
    "wage_arrears": 0.004,
}
VETO = "dishonest_debtor"


def source_of(code: str) -> str:
    """The department that gives an input in the demo zone."""
    return SOURCES.get(code, "sti" if code in LISTS else "tax")


@dataclass
class Year:
    """One evaluation year; arrays have one entry a firm, firms that are not founded yet included.

    `amounts`: what is right, by input code; yuan for money, units for counts, NaN where the cell is missing or not
    applicable. `items`: list inputs. `wrong`: figures of departments that the enterprise corrects to `amounts`.
    `second_source`: what the statistics bureau says where it differs by more than 20 %: input -> firm number -> yuan.
    """

    year: int
    present: Truths
    amounts: dict[str, Floats]
    items: dict[str, Items]
    missing: dict[str, Truths]
    not_applicable: dict[str, Truths]
    wrong: dict[str, Wrong]
    second_source: dict[str, dict[int, float]]
    penalties: dict[str, Ints]
    tie: tuple[int, int] | None
    short: list[str] = field(repr=False)
    industry: Ints = field(repr=False)

    @cached_property
    def entries(self) -> dict[str, dict[int, list[dict[str, str]]]]:
        """Items as they are stored: list code -> firm number -> [{level, rank?, name, number, date}]."""
        return {code: items.entries(self.short, self.industry) for code, items in self.items.items()}

    @cached_property
    def blemishes(self) -> dict[str, dict[int, Blemish]]:
        """Wrong figures of departments: input -> firm number -> what stood there and why it is wrong."""
        return {code: dict(wrong) for code, wrong in self.wrong.items()}

    def values(self, columns: Sequence[str]) -> npt.NDArray[np.int64]:
        """(firms × columns) whole numbers for the engine: money in fen, counts, items a level, penalties as 0 or 1."""
        table = np.zeros((len(self.present), len(columns)), dtype=np.int64)
        for place, column in enumerate(columns):
            table[:, place] = self._column(column)
        return table

    def _column(self, column: str) -> Any:
        code = column.partition(".")[0]
        if code in self.amounts:
            return np.rint(np.nan_to_num(self.amounts[code]) * (1 if code in COUNTS else 100))
        if code in self.items:
            return self.items[code].count(column, len(self.present))
        if code != "penalty":
            raise KeyError(f"The demo world knows no input {code!r}.")
        table = np.zeros(len(self.present), dtype=np.int64)
        table[self.penalties.get(column.partition(".")[2], np.zeros(0, dtype=np.int64))] = 1
        return table

    def states(self, inputs: Iterable[str]) -> npt.NDArray[np.uint8]:
        """(firms × inputs) states for the engine: missing, reported, prefilled, confirmed as zero, not applicable."""
        return np.column_stack([self._state(code) for code in inputs]).astype(np.uint8)

    def _state(self, code: str) -> Any:
        usual = STATE_REPORTED if source_of(code) == "enterprise" else STATE_PREFILLED
        figure = self.amounts[code] if code in self.amounts else self.items[code].total(len(self.present))
        states = np.where(np.nan_to_num(figure) == 0, STATE_ZERO, usual)
        if code in self.missing:
            states = np.where(self.missing[code], STATE_MISSING, states)
        if code in self.not_applicable:
            states = np.where(self.not_applicable[code], STATE_NOT_APPLICABLE, states)
        return states


@dataclass
class World:
    """A zone: one entry of each list or array an enterprise. `star` is strong on three boards, `vetoed` may not be ranked."""

    uscc: list[str]
    name: list[str]
    legal: list[str]
    agent: list[str]
    industry: Ints
    sub_park: Ints
    founded: list[dt.date]
    stage: Ints
    years: list[Year]
    star: int | None
    vetoed: int

    def __len__(self) -> int:
        return len(self.uscc)


def make_world(
    enterprises: int = 527,
    years: int = 3,
    seed: int = 2022,
    *,
    first: int = 0,
    sub_parks: int = 3,
    city: str = "重庆",
    last_year: int = LAST_YEAR,
) -> World:
    """A zone of `enterprises` firms over `years` evaluation years ending in `last_year`.

    `first` is the number of the first synthetic code, so that two zones never share a firm.
    """
    rng = np.random.default_rng([seed, enterprises, first])
    n, span = enterprises, list(range(last_year - years + 1, last_year + 1))
    traits = _traits(rng, n, last_year)
    firms = names.firms(rng, traits.industry, city=city)
    star = cast.star_of(traits)
    paths = make_paths(rng, traits, span)
    cast_of = _cast(star, n)
    for firm, part in cast_of.items():
        cast.give_paths(paths, firm, part)
    amounts = make_amounts(rng, traits, paths, span)
    items = make_items(rng, traits, paths.revenue[last_year], span)
    for firm, part in cast_of.items():
        items = {code: cast.give_items(one, firm, part, span) for code, one in items.items()}
        for year in span:
            cast.give_figures(amounts[year], firm, part)
    care = rng.gamma(4.0, 0.25, n)
    care[list(cast_of)] = 0
    penalties = _penalties(rng, n, list(cast_of))
    months, days = rng.integers(1, 13, n), rng.integers(1, 29, n)
    return World(
        uscc=_codes(first, n),
        name=firms.full,
        legal=names.people(rng, n),
        agent=names.people(rng, n),
        industry=traits.industry,
        sub_park=rng.choice(sub_parks, n, p=_shares(sub_parks)),
        founded=[
            dt.date(*day) for day in zip(traits.founded.tolist(), months.tolist(), days.tolist(), strict=True)
        ],
        stage=traits.stage,
        years=[
            _year(rng, traits, year, (amounts[year], items), (care, penalties, firms.short)) for year in span
        ],
        star=star,
        vetoed=n - 1,
    )


def _traits(rng: np.random.Generator, n: int, last_year: int) -> Traits:
    industry = rng.integers(0, len(names.CATALOGUE), n)
    counts = np.rint(np.cumsum(STAGE_SHARES) * n).astype(np.int64)
    stage = rng.permutation(np.searchsorted(counts, np.arange(n), side="right"))
    youngest, oldest = last_year - np.array([-1, 4, 11])[stage], last_year - np.array([9, 19, 30])[stage]
    founded, quality = rng.integers(oldest, youngest), rng.normal(0, 1, n)
    if n > HERO:
        stage[HERO], founded[HERO], quality[HERO] = 1, last_year - 11, 1.0
    return Traits(stage, industry, founded, quality)


def _codes(first: int, count: int) -> list[str]:
    """Scattered synthetic codes; different numbers have different codes."""
    return [uscc.synthetic((first + number) * SCATTER % uscc.SYNTHETIC) for number in range(count)]


def _shares(count: int) -> Floats:
    weights = np.array([0.6, *[0.4 / max(1, count - 1)] * (count - 1)])
    return weights / weights.sum()


def _cast(star: int | None, n: int) -> dict[int, cast.Part]:
    """Firms with a part that is written."""
    found = {HERO: cast.LEAD} if n > HERO else {}
    return found if star is None else found | {star: cast.STAR}


def _penalties(rng: np.random.Generator, n: int, spared: list[int]) -> dict[str, Ints]:
    """Who is deducted points in each year of the world; the last firm is a dishonest debtor."""
    found = {code: np.flatnonzero(rng.random(n) < rate) for code, rate in DEDUCTIONS.items()}
    return {code: rows[~np.isin(rows, spared)] for code, rows in found.items()} | {VETO: np.array([n - 1])}


def _year(
    rng: np.random.Generator, traits: Traits, year: int, figures: tuple[dict[str, Floats], dict[str, Items]],
    rest: tuple[Floats, dict[str, Ints], list[str]],
) -> Year:  # fmt: skip
    (amounts, items), (care, penalties, short) = figures, rest
    n = len(traits)
    present = traits.founded <= year
    counted = {
        code: _bounded(one.counting_in(year), amounts["staff_total"], n) for code, one in items.items()
    }
    missing = blemishes.missing_cells(rng, care)
    able = present.copy()
    able[penalties[VETO]] = False
    tie = cast.tie_at_ten(amounts, counted, missing, able)
    for code in ENTERPRISE_ONLY:
        missing[code] &= amounts[code] != 0
    not_applicable = dict.fromkeys(PREVIOUS, traits.founded == year)
    wrong, second = blemishes.wrong_figures(rng, amounts), blemishes.second_source(rng, amounts)
    right = {
        code: np.where(_blank(code, missing, not_applicable, n), np.nan, values)
        for code, values in amounts.items()
    }
    return Year(
        year=year, present=present, amounts=right,
        items={code: one.take(~missing[code][one.row]) for code, one in counted.items()},
        missing=missing, not_applicable=not_applicable, wrong=wrong, second_source=second, penalties=penalties, tie=tie,
        short=short, industry=traits.industry,
    )  # fmt: skip


def _bounded(items: Items, staff: Floats, n: int) -> Items:
    """No more talents than staff."""
    if items.code not in cast.TALENT_LISTS or not len(items):
        return items
    start = np.concatenate(([0], np.cumsum(items.total(n))))[items.row]
    return items.take(np.arange(len(items)) - start < staff[items.row])


def _blank(code: str, missing: dict[str, Truths], not_applicable: dict[str, Truths], n: int) -> Truths:
    nothing = np.zeros(n, dtype=bool)
    return missing.get(code, nothing) | not_applicable.get(code, nothing)

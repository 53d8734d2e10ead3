"""Figures of a made-up zone: revenue by stage, growth and R&D that move together, balance sheets that add up.

The newest year is drawn first, so that the stages come out as asked; earlier years follow backwards. Money is yuan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .names import CATALOGUE

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
WAN = 10_000.0
INTENSITY = np.array([one.intensity for one in CATALOGUE])
PER_HEAD = np.array([one.per_head for one in CATALOGUE])

# By stage: revenue band, median and spread (万元); mean and spread of the log growth; rounds of equity a year.
BANDS = (
    (15.0, 2_000.0, 520.0, 1.0),
    (2_000.0, 20_000.0, 5_200.0, 0.75),
    (20_000.0, 4_000_000.0, 45_000.0, 0.95),
)
GROWTH = np.array([0.20, 0.12, 0.07])
GROWTH_SPREAD = np.array([0.36, 0.20, 0.13])
ROUNDS = np.array([0.10, 0.07, 0.03])
ROUND_SIZE = np.array([1.0, 2.5, 6.0])
RD_BOOST = np.array([1.7, 1.05, 0.8])
MARGIN = np.array([0.03, 0.07, 0.08])
MARGIN_SPREAD = np.array([0.18, 0.08, 0.05])
NO_REVENUE = 0.02


@dataclass(frozen=True, slots=True)
class Traits:
    """What stays with a firm: stage of the newest year, industry, year of founding, quality (standard normal)."""

    stage: Ints
    industry: Ints
    founded: Ints
    quality: Floats

    def __len__(self) -> int:
        return len(self.stage)


@dataclass(frozen=True, slots=True)
class Paths:
    """Figures that run through the years: year -> one amount a firm; they begin one year before the first."""

    revenue: dict[int, Floats]
    rd: dict[int, Floats]
    equity: dict[int, Floats]


def _cents(values: Floats) -> Floats:
    return np.asarray(np.round(values, 2), dtype=np.float64)


def make_paths(rng: np.random.Generator, traits: Traits, years: Sequence[int]) -> Paths:
    """Revenue, R&D expense and paid-in equity of each year and the year before the first."""
    stage, n = traits.stage, len(traits)
    revenue = _newest(rng, traits)
    rd: Floats = np.maximum(revenue, 80 * WAN) * np.clip(
        INTENSITY[traits.industry] * RD_BOOST[stage] * np.exp(0.35 * traits.quality + rng.normal(0, 0.4, n)),
        0.004,
        1.2,
    )
    revenues: dict[int, Floats] = {}
    rds: dict[int, Floats] = {}
    equity: dict[int, Floats] = {}
    for year in [*reversed(years), years[0] - 1]:
        alive = traits.founded <= year
        revenues[year], rds[year] = _cents(np.where(alive, revenue, 0)), _cents(np.where(alive, rd, 0))
        equity[year] = np.where(alive, _rounds(rng, traits), 0.0)
        shock = rng.normal(0, 1, n)
        growth = np.clip(GROWTH[stage] + 0.06 * traits.quality + GROWTH_SPREAD[stage] * shock, -0.8, 1.2)
        rd_growth = (
            0.55 * growth + 0.05 + 0.04 * traits.quality + 0.6 * GROWTH_SPREAD[stage] * rng.normal(0, 1, n)
        )
        revenue, rd = revenue * np.exp(-growth), rd * np.exp(-np.clip(rd_growth, -0.8, 1.2))
    return Paths(revenues, rds, equity)


def _newest(rng: np.random.Generator, traits: Traits) -> Floats:
    """Revenue of the newest year: log-normal inside the band of the stage; a few start-ups sell nothing yet."""
    revenue = np.zeros(len(traits))
    for stage, (low, high, median, spread) in enumerate(BANDS):
        mine = np.flatnonzero(traits.stage == stage)
        drawn = np.exp(rng.normal(np.log(median), spread, len(mine)))
        for _again in range(20):
            outside = (drawn < low) | (drawn >= high)
            drawn[outside] = np.exp(rng.normal(np.log(median), spread, int(outside.sum())))
        revenue[mine] = np.clip(drawn, low, high * 0.999)
    idle = (traits.stage == 0) & (rng.random(len(traits)) < NO_REVENUE)
    return np.where(idle, 0, revenue * WAN)


def _rounds(rng: np.random.Generator, traits: Traits) -> Floats:
    n = len(traits)
    happens = rng.random(n) < ROUNDS[traits.stage] * np.exp(0.4 * traits.quality)
    size = np.exp(rng.normal(6.2, 0.9, n)) * ROUND_SIZE[traits.stage]
    return np.where(happens, np.round(size / 50) * 50 * WAN, 0)


def make_amounts(
    rng: np.random.Generator, traits: Traits, paths: Paths, years: Sequence[int]
) -> dict[int, dict[str, Floats]]:
    """All figures of all years by input code: yuan for money, units for counts."""
    people = _People.draw(rng, traits)
    n = len(traits)
    turnover, leverage = (
        np.exp(rng.normal(0.2, 0.4, n)),
        np.where(rng.random(n) < 0.02, rng.uniform(1.02, 1.3, n), rng.beta(2.4, 2.8, n)),
    )
    newest = years[-1]
    assets = _cents(np.maximum(paths.revenue[newest] * turnover, 60 * WAN) + paths.equity[newest])
    end = _cents(assets * (1 - leverage))
    intellectual = _Rights.draw(rng, traits, paths.rd[newest])
    found = {}
    for year in reversed(years):
        results = _results(rng, traits, paths, year)
        young = traits.founded >= year
        begin = _cents(end - 0.7 * results["net_profit"] - paths.equity[year])
        begin = np.where(young, 0.0, begin)
        balance = {
            "net_assets_begin": begin,
            "net_assets_end": end,
            "total_assets_end": assets,
            "total_liabilities_end": _cents(assets - end),
        }
        investment = _investment(rng, traits, paths, year, (results["net_profit"], assets))
        found[year] = (
            results
            | balance
            | investment
            | people.of(rng, paths, year)
            | intellectual.of(rng, paths, year, newest - year)
        )
        found[year]["invention_applications"] = np.minimum(
            found[year]["invention_applications"], 2 * found[year]["rd_staff"]
        )
        end = begin
        before = np.maximum(paths.revenue[year - 1] * turnover, 40 * WAN)
        assets = _cents(np.maximum(before, np.where(end > 0, end * 1.05, -0.4 * end)))
    return found


def _results(rng: np.random.Generator, traits: Traits, paths: Paths, year: int) -> dict[str, Floats]:
    revenue, rd, n = paths.revenue[year], paths.rd[year], len(traits)
    margin = rng.normal(MARGIN[traits.stage] + 0.02 * traits.quality, MARGIN_SPREAD[traits.stage])
    cost = np.maximum.reduce([revenue * (1 - np.clip(margin, -1.0, 0.5)), rd * 1.05, np.full(n, 12 * WAN)])
    profit = revenue - cost
    profit = np.where(profit > 0, profit * 0.86, profit)
    tax = np.minimum(
        revenue * np.clip(rng.normal(0.042, 0.015, n), 0.004, 0.15) + 0.1 * np.maximum(profit, 0),
        0.35 * revenue,
    )
    share = np.clip(rng.beta(5.5, 2.2, n) + 0.03 * traits.quality, 0, 1)
    young = traits.founded >= year
    money = {
        "revenue": revenue,
        "revenue_prev": np.where(young, 0, paths.revenue[year - 1]),
        "hightech_revenue": np.floor(revenue * share),
        "total_cost_expense": cost,
        "net_profit": profit,
        "tax_paid_total": tax,
    }
    return {code: _cents(values) for code, values in money.items()}


def _investment(
    rng: np.random.Generator, traits: Traits, paths: Paths, year: int, balance: tuple[Floats, Floats]
) -> dict[str, Floats]:
    (profit, assets), n = balance, len(traits)
    rd, revenue = paths.rd[year], paths.revenue[year]
    base = np.floor(rd * rng.uniform(0.72, 0.99, n))
    rate = np.where(traits.stage == 0, 0.05, np.where(rng.random(n) < 0.7, 0.15, 0.25))
    contract = np.isin(traits.industry, (4, 6, 10)) * 0.25 + 0.2
    young = traits.founded >= year
    money = {
        "equity_financing_24m": paths.equity[year] + paths.equity[year - 1],
        "rd_expense": rd,
        "rd_expense_prev": np.where(young, 0, paths.rd[year - 1]),
        "rd_super_deduction_base": base,
        "rd_super_deduction_relief": np.floor(base * np.where(profit > 0, rate, 0)),
        "rd_equipment_invest": np.minimum(
            np.where(rng.random(n) < 0.25, 0, rd * rng.uniform(0.01, 0.3, n)), 0.6 * assets
        ),
        "univ_collab_paid": np.where(rng.random(n) < 0.3, rd * rng.uniform(0.01, 0.12, n), 0),
        "tech_contract_amount": np.where(rng.random(n) < contract, revenue * rng.uniform(0.01, 0.3, n), 0),
    }
    return {code: _cents(values) for code, values in money.items()}


@dataclass(frozen=True, slots=True)
class _People:
    """Habits of a firm in employing people; head counts follow its revenue."""

    core: Ints
    per_head: Floats
    rd_share: Floats
    senior_share: Floats
    graduate_share: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, traits: Traits) -> _People:
        n, quality = len(traits), traits.quality
        bright = INTENSITY[traits.industry] * 1.6
        return cls(
            core=rng.integers(3, 12, n),
            per_head=PER_HEAD[traits.industry]
            * np.exp(rng.normal(0, 0.35, n))
            * np.array([0.8, 1.0, 1.35])[traits.stage],
            rd_share=np.clip(
                rng.normal(np.array([0.30, 0.17, 0.12])[traits.stage] + bright + 0.04 * quality, 0.09),
                0.03,
                0.9,
            ),
            senior_share=np.clip(rng.normal(0.10 + bright + 0.03 * quality, 0.08), 0.0, 0.75),
            graduate_share=np.clip(rng.normal(0.045 + 0.01 * quality, 0.025), 0.0, 0.2),
        )

    def of(self, rng: np.random.Generator, paths: Paths, year: int) -> dict[str, Floats]:
        staff = self.core + np.floor(paths.revenue[year] / WAN / self.per_head).astype(np.int64)
        n = len(staff)
        rd_staff = np.clip(
            np.round(staff * np.clip(self.rd_share + rng.normal(0, 0.015, n), 0.02, 0.95)), 1, staff
        )
        units = {
            "staff_total": staff,
            "rd_staff": rd_staff,
            "fresh_graduates": np.minimum(staff, rng.poisson(staff * self.graduate_share)),
            "senior_staff": np.minimum(
                staff, np.round(staff * np.clip(self.senior_share + rng.normal(0, 0.015, n), 0, 0.9))
            ),
        }
        return {code: values.astype(np.float64) for code, values in units.items()}


@dataclass(frozen=True, slots=True)
class _Rights:
    """Patents and the like: stocks of the newest year, smaller in the years before."""

    class1: Ints
    class2: Ints
    filing: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, traits: Traits, rd: Floats) -> _Rights:
        taste = np.exp(0.4 * traits.quality + rng.normal(0, 0.5, len(traits)))
        return cls(
            class1=rng.poisson(np.clip(rd / (95 * WAN) * taste, 0.15, 900)),
            class2=rng.poisson(np.clip(rd / (35 * WAN) * taste, 0.8, 2_000)),
            filing=1 / (120 * WAN) * taste,
        )

    def of(self, rng: np.random.Generator, paths: Paths, year: int, ago: int) -> dict[str, Floats]:
        inventions = rng.poisson(np.clip(paths.rd[year] * self.filing, 0.05, 400))
        units = {
            "invention_applications": inventions,
            "pct_applications": rng.poisson(np.clip(inventions / 22, 0, 15)),
            "ip_class1": np.floor(self.class1 * 0.84**ago),
            "ip_class2": np.floor(self.class2 * 0.88**ago),
        }
        return {code: values.astype(np.float64) for code, values in units.items()}

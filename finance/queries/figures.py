"""Verified figures of the last two years that the formula and the consented package use."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from enterprises.queries.verified import amounts_of

REVENUE, REVENUE_PREV, TAX, EQUITY, RD = (
    "revenue",
    "revenue_prev",
    "tax_paid_total",
    "net_assets_end",
    "rd_expense",
)


@dataclass(frozen=True, slots=True)
class TwoYears:
    """Yuan, latest year first; None where there is no verified figure. `equity` is net assets at the latest year end."""

    year: int
    revenue: tuple[Decimal | None, Decimal | None]
    tax: tuple[Decimal | None, Decimal | None]
    rd: tuple[Decimal | None, Decimal | None]
    equity: Decimal | None

    @property
    def missing(self) -> tuple[str, ...]:
        """Inputs without which no line can be computed."""
        needed = {REVENUE: self.revenue[0], TAX: self.tax[0], EQUITY: self.equity}
        return tuple(code for code, value in needed.items() if value is None)


def two_years(enterprise_id: int, year: int) -> TwoYears:
    """Figures of an evaluation year and the year before; last year's revenue falls back to what this year states."""
    now = amounts_of(enterprise_id=enterprise_id, year=year, codes=(REVENUE, REVENUE_PREV, TAX, EQUITY, RD))
    before = amounts_of(enterprise_id=enterprise_id, year=year - 1, codes=(REVENUE, TAX, RD))
    earlier_revenue = before[REVENUE] if before[REVENUE] is not None else now[REVENUE_PREV]
    return TwoYears(
        year=year,
        revenue=(now[REVENUE], earlier_revenue),
        tax=(now[TAX], before[TAX]),
        rd=(now[RD], before[RD]),
        equity=now[EQUITY],
    )


def present(values: tuple[Decimal | None, ...]) -> list[Decimal]:
    return [value for value in values if value is not None]

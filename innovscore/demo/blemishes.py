"""What goes wrong in real data: missing cells, disputed values, slips of unit, departments that disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .figures import Floats, Ints
from .items import LISTS

Truths = npt.NDArray[np.bool_]
MISSING, DISPUTED, SLIPPED, GAPPED = 0.12, 0.06, 0.03, 0.02
OPTIONAL = (
    "equity_financing_24m", "rd_super_deduction_base", "rd_super_deduction_relief", "rd_equipment_invest", "univ_collab_paid",
    "tech_contract_amount", "fresh_graduates", "senior_staff", "invention_applications", "pct_applications", "ip_class1", "ip_class2",
)  # fmt: skip
TOGETHER = {"rd_super_deduction_relief": "rd_super_deduction_base"}
ENTERPRISE_ONLY = ("rd_equipment_invest",)
PREVIOUS = ("revenue_prev", "rd_expense_prev")
SLIP_CODES = ("tax_paid_total", "hightech_revenue", "total_cost_expense", "rd_super_deduction_base")
GAP_CODES = ("rd_expense", "revenue")
DISPUTE, SLIP = "dispute", "slip"
REASONS = (
    "与年度审计报告不一致，以审计报告为准",
    "部门数据未含年末调整数",
    "统计口径不同，已附说明和明细",
    "归集时遗漏一笔，见附件",
)
SLIP_REASON = "部门数据单位有误（把元当作万元），以申报表为准"


@dataclass(frozen=True, slots=True)
class Blemish:
    """A department's wrong figure that the enterprise corrects: what stood there, and why it is wrong."""

    kind: str
    prefilled: float
    reason: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Wrong department figures of one input: firm numbers, figures, kinds, numbers of the reason."""

    row: Ints
    prefilled: Floats
    slip: Truths
    reason: Ints

    def __iter__(self) -> Iterator[tuple[int, Blemish]]:
        columns = (self.row, self.prefilled, self.slip, self.reason)
        for row, prefilled, slip, reason in zip(*(column.tolist() for column in columns), strict=True):
            yield row, Blemish(SLIP if slip else DISPUTE, prefilled, SLIP_REASON if slip else REASONS[reason])


def missing_cells(rng: np.random.Generator, care: Floats) -> dict[str, Truths]:
    """Which firms leave which input out; careless ones more often. `care` has mean 1."""
    found: dict[str, Truths] = {}
    for code in (*OPTIONAL, *LISTS):
        drawn = rng.random(len(care)) < MISSING * care
        found[code] = found[TOGETHER[code]] if code in TOGETHER else drawn
    return found


def wrong_figures(rng: np.random.Generator, amounts: Mapping[str, Floats]) -> dict[str, Wrong]:
    """Department figures that enterprises correct: 6 % of the cells are disputed, 3 % of the firms meet a slip of unit."""
    n = len(amounts["revenue"])
    slip_code = np.where(rng.random(n) < SLIPPED, rng.integers(0, len(SLIP_CODES), n), -1)
    found = {}
    for code, values in amounts.items():
        if code in ENTERPRISE_ONLY or code in PREVIOUS:
            continue
        slip = slip_code == (SLIP_CODES.index(code) if code in SLIP_CODES else len(SLIP_CODES))
        able = np.nan_to_num(values) != 0
        row = np.flatnonzero(able & (slip | (rng.random(n) < DISPUTED)))
        if len(row):
            found[code] = _wrong(rng, code, values[row], slip[row], row)
    return found


def _wrong(rng: np.random.Generator, code: str, values: Floats, slip: Truths, row: Ints) -> Wrong:
    whole = bool(np.all(values == np.floor(values))) and bool(np.all(np.abs(values) < 1e6))
    off = values * np.where(
        rng.random(len(row)) < 0.7, rng.uniform(0.86, 0.98, len(row)), rng.uniform(1.02, 1.1, len(row))
    )
    other = np.maximum(values - rng.integers(1, 4, len(row)), 0) if whole else np.round(off, 2)
    prefilled = np.where(slip, np.round(values / 10_000, 2), other)
    return Wrong(row, prefilled, slip, rng.integers(0, len(REASONS), len(row)))


def second_source(rng: np.random.Generator, amounts: Mapping[str, Floats]) -> dict[str, dict[int, float]]:
    """Figures of the statistics bureau that differ from the tax bureau's by more than 20 %: input -> firm number -> yuan."""
    n = len(amounts["revenue"])
    which = np.where(rng.random(n) < GAPPED, rng.integers(0, len(GAP_CODES), n), -1)
    found = {}
    for place, code in enumerate(GAP_CODES):
        rows = np.flatnonzero((which == place) & (np.nan_to_num(amounts[code]) > 0))
        off = np.where(
            rng.random(len(rows)) < 0.5, rng.uniform(0.45, 0.75, len(rows)), rng.uniform(1.3, 1.7, len(rows))
        )
        found[code] = dict(zip(rows.tolist(), np.round(amounts[code][rows] * off, 2).tolist(), strict=True))
    return found

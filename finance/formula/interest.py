"""Interest and interest subsidy 贴息."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from innovscore.core.money import round_half_up


def interest_act_360(principal: Decimal, rate: Decimal, start: dt.date, end: dt.date) -> Decimal:
    """Simple interest of [start, end) by actual days over 360; rate is a fraction a year."""
    return round_half_up(principal * rate * (end - start).days / 360, 2)


def subsidy(
    interest_paid: Decimal, loan_rate: Decimal, lpr: Decimal, share_of_lpr: Decimal, cap_left: Decimal
) -> Decimal:
    """Part of the interest that is paid back: share × LPR of the loan's rate, never above interest or cap."""
    part = interest_paid * (share_of_lpr * lpr) / loan_rate
    return min(round_half_up(part, 2), interest_paid, cap_left)

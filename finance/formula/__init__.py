"""Arithmetic of lending, without Django: the quote with its steps, shares of a loss, interest, subsidy.

Amounts are Decimal yuan; rates are fractions of one (0.0345 = 3.45 %). Every named step is rounded half-up to the
cent, so that a second implementation gives the same digits.
"""

from .grants import Clean, clean_interest, points_subsidy
from .interest import interest_act_360, subsidy
from .quote import Caps, Figures, Formula, Quote, Standing, Step, quote
from .schedule import Due, Paid, Plan, Schedule, as_owed, interest_schedule, oldest_unpaid, penalty_interest
from .shares import in_proportion, loss_shares, pool_payment, split

__all__ = [
    "Caps",
    "Clean",
    "Due",
    "Figures",
    "Formula",
    "Paid",
    "Plan",
    "Quote",
    "Schedule",
    "Standing",
    "Step",
    "as_owed",
    "clean_interest",
    "in_proportion",
    "interest_act_360",
    "interest_schedule",
    "loss_shares",
    "oldest_unpaid",
    "penalty_interest",
    "points_subsidy",
    "pool_payment",
    "quote",
    "split",
    "subsidy",
]

"""Arithmetic of lending, without Django: the quote with its steps, shares of a loss, interest, subsidy.

Amounts are Decimal yuan; rates are fractions of one (0.0345 = 3.45 %). Every named step is rounded half-up to the
cent, so that a second implementation gives the same digits.
"""

from .interest import interest_act_360, subsidy
from .quote import Caps, Figures, Formula, Quote, Standing, Step, quote
from .shares import pool_payment, split

__all__ = [
    "Caps",
    "Figures",
    "Formula",
    "Quote",
    "Standing",
    "Step",
    "interest_act_360",
    "pool_payment",
    "quote",
    "split",
    "subsidy",
]

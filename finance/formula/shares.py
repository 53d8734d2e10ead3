"""How a loss is shared, exactly to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from innovscore.core.money import largest_remainder, round_half_up


def split(amount: Decimal, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Parts by largest remainder; shares are fractions of one and must sum to it. Raises ValueError otherwise."""
    if sum(shares.values()) != 1:
        raise ValueError("shares must sum to 1")
    return largest_remainder(amount, shares)


def pool_payment(balance: Decimal, rate: Decimal, project_cap: Decimal, left: Decimal) -> Decimal:
    """What a risk pool pays of a bad balance: its rate, at most the cap of a project and what is left."""
    return min(round_half_up(balance * rate, 2), project_cap, left)

"""How a loss is shared, exactly to the cent."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from typing import Any

from innovscore.core.money import largest_remainder, round_half_up


def split(amount: Decimal, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Parts by largest remainder; shares are fractions of one and must sum to it. Raises ValueError otherwise."""
    if sum(shares.values()) != 1:
        raise ValueError("shares must sum to 1")
    return largest_remainder(amount, shares)


def pool_payment(balance: Decimal, rate: Decimal, project_cap: Decimal, left: Decimal) -> Decimal:
    """What a risk pool pays of a bad balance: its rate, at most the cap of a project and what is left."""
    return min(round_half_up(balance * rate, 2), project_cap, left)


def loss_shares(loss: Decimal, shares: Mapping[Any, Decimal], *, pool_cap: Decimal) -> dict[Any, Decimal]:
    """Parts of a loss for bank, guarantor and pool; what the pool's cap cuts off stays with the bank."""
    parts = split(loss, shares)
    cut = max(parts["pool"] - pool_cap, Decimal(0))
    return {**parts, "pool": parts["pool"] - cut, "bank": parts["bank"] + cut}


def in_proportion(amount: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Parts of an amount in proportion to what each still has to get, none above it; sums exactly."""
    total = sum(weights.values(), Decimal(0))
    if not 0 <= amount <= total or total == 0:
        raise ValueError("the amount must be within the sum of the weights")
    with localcontext() as context:
        context.prec = 60
        fractions = {name: weight / total for name, weight in weights.items()}
        return largest_remainder(amount, fractions)

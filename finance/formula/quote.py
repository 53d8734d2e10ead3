"""The quoted line 授信额度: a transparent scorecard of named steps.

base     = piecewise-linear band(points)
score    = base × stage × growth          growth = clamp(1 + weight × revenue growth, low, high)
capacity = min(alpha × mean revenue, beta × mean tax, gamma × equity)
caps     = min(product, first loan, guarantor's client, group, pool, mean revenue)
quote    = floor to 10,000 (max(0, min(score, capacity, caps) − exposure))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from innovscore.core.money import floor_to, round_half_up

STEP = Decimal(10_000)
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Formula:
    """Parameters of a product version; all of them are data of the bank."""

    bands: tuple[tuple[Decimal, Decimal], ...]
    stage: dict[str, Decimal]
    alpha: Decimal
    beta: Decimal
    gamma: Decimal
    growth_weight: Decimal = Decimal("0.5")
    growth_low: Decimal = Decimal("0.8")
    growth_high: Decimal = Decimal("1.2")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Formula:
        """From JSON-able data in which every number is a string. Raises ValueError with what is wrong: unreadable, numbers,
        bands or growth."""
        try:
            bands = tuple((Decimal(str(x)), Decimal(str(y))) for x, y in data["bands"])
            stage = {str(name): Decimal(str(factor)) for name, factor in data["stage"].items()}
            numbers = {
                key: Decimal(str(value)) for key, value in data.items() if key not in ("bands", "stage")
            }
            formula = cls(bands=bands, stage=stage, **numbers)
        except (KeyError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
            raise ValueError("unreadable") from error
        points, yuan = [x for x, _yuan in bands], [yuan for _x, yuan in bands]
        if not all(
            number.is_finite() and number >= 0
            for number in (*points, *yuan, *stage.values(), *numbers.values())
        ):
            raise ValueError("numbers")
        if not bands or points != sorted(set(points)) or yuan != sorted(yuan):
            raise ValueError("bands")
        if not formula.growth_low <= 1 <= formula.growth_high:
            raise ValueError("growth")
        return formula


@dataclass(frozen=True, slots=True)
class Standing:
    """What the score says: points 0 to 100, the stage, and whether it may be lent on."""

    points: Decimal
    stage: str
    is_final: bool = True
    vetoes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """Yuan: revenue and tax of the last two years (latest first), equity at year end, what is owed already."""

    revenue: Sequence[Decimal]
    tax: Sequence[Decimal]
    equity: Decimal
    exposure: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Caps:
    """Upper limits in yuan; None does not bind."""

    product: Decimal
    first_loan: Decimal | None = None
    guarantor_client: Decimal | None = None
    group: Decimal | None = None
    pool: Decimal | None = None

    def present(self) -> dict[str, Decimal]:
        named = {
            "product_cap": self.product,
            "first_loan_cap": self.first_loan,
            "guarantor_client_cap": self.guarantor_client,
            "group_cap": self.group,
            "pool_cap": self.pool,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Step:
    """A named intermediate value (yuan, or a factor)."""

    code: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    """`amount` in yuan; `binding` names the step that limits it; `limits` are all upper bounds, for a picture."""

    amount: Decimal
    binding: str
    steps: tuple[Step, ...] = ()
    limits: dict[str, Decimal] = field(default_factory=dict)


def quote(standing: Standing, figures: Figures, caps: Caps, formula: Formula) -> Quote:
    """The line and every step towards it. A veto, a score that is not final or below the bands gives 0."""
    if standing.vetoes:
        return Quote(ZERO, "veto")
    if not standing.is_final:
        return Quote(ZERO, "not_final")
    base = band(standing.points, formula.bands)
    if base == 0:
        return Quote(ZERO, "R01", (Step("base", ZERO),))
    stage = formula.stage.get(standing.stage, Decimal(1))
    growth = growth_factor(figures.revenue, formula)
    revenue, tax = mean(figures.revenue), mean(figures.tax)
    score = _cents(base * stage * growth)
    limits = {
        "score": score,
        "revenue_capacity": _cents(formula.alpha * revenue),
        "tax_capacity": _cents(formula.beta * tax),
        "equity_capacity": _cents(formula.gamma * max(figures.equity, ZERO)),
        **caps.present(),
        "revenue_cap": revenue,
    }
    binding = min(limits, key=lambda name: limits[name])
    amount = floor_to(max(ZERO, limits[binding] - figures.exposure), STEP)
    steps = (
        Step("points", standing.points), Step("base", base), Step("stage", stage), Step("growth", growth),
        *(Step(name, value) for name, value in limits.items()), Step("exposure", figures.exposure), Step("amount", amount),
    )  # fmt: skip
    return Quote(amount, binding, steps, limits)


def band(points: Decimal, bands: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    """Linear between the points of the band, 0 below the first, flat above the last."""
    if points < bands[0][0]:
        return ZERO
    for (x1, y1), (x2, y2) in zip(bands, bands[1:], strict=False):
        if points < x2:
            return _cents(y1 + (points - x1) * (y2 - y1) / (x2 - x1))
    return bands[-1][1]


def growth_factor(revenue: Sequence[Decimal], formula: Formula) -> Decimal:
    """clamp(1 + weight × growth of revenue); 1 when there is no earlier year."""
    if len(revenue) < 2 or revenue[1] <= 0:
        return Decimal(1)
    raw = 1 + formula.growth_weight * (revenue[0] - revenue[1]) / revenue[1]
    return round_half_up(min(max(raw, formula.growth_low), formula.growth_high), 6)


def mean(values: Sequence[Decimal]) -> Decimal:
    return _cents(sum(values, ZERO) / len(values)) if values else ZERO


def _cents(value: Decimal) -> Decimal:
    return round_half_up(value, 2)

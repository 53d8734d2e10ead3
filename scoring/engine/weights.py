"""Effective weights: the weight of a not-applicable indicator goes to its siblings, exactly to 10 decimals."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from .facts import Ints
from .functions import half_up
from .raw import Bools
from .scheme import WEIGHT_SCALE, Scheme


def base_weights(scheme: Scheme, labels: tuple[str, ...]) -> Ints:
    """Weights by group (groups, indicators) in 1e-10; rescaled to the total where the scheme says so."""
    rows = np.zeros((len(labels), len(scheme.indicators)), dtype=np.int64)
    extra = np.array(scheme.bonus_indicators, dtype=bool)
    for row, label in enumerate(labels):
        for members, whole in ((~extra, scheme.total_points), (extra, scheme.bonus_points)):
            if members.any():
                rows[row, members] = _units(scheme, label, np.flatnonzero(members).tolist(), whole)
    return rows


def _units(scheme: Scheme, label: str, members: list[int], whole: Decimal) -> list[int]:
    weights = [scheme.indicators[index].weight(label) for index in members]
    factor = whole / sum(weights, Decimal(0)) if scheme.rescale_weights else Decimal(1)
    units = [half_up(weight * factor * WEIGHT_SCALE, 0) for weight in weights]
    units[int(np.argmax(units))] += half_up(whole * WEIGHT_SCALE, 0) - sum(units)
    return units


def effective_weights(
    scheme: Scheme, base: Ints, group: Ints, absent: Bools
) -> tuple[Ints, npt.NDArray[np.int32], Bools]:
    """(weights by pattern, the pattern of every unit, which not-applicable cells count as missing after all).

    The first patterns are the groups'; each further one is a group with what does not apply. A cell counts as missing
    when its weight would exceed the limit (in scheme order) or when no sibling is left.
    """
    pattern = group.astype(np.int32)
    refused = np.zeros_like(absent)
    rows = np.flatnonzero(absent.any(axis=1))
    if len(rows) == 0:
        return base, pattern, refused
    kinds, which = np.unique(np.column_stack((group[rows], absent[rows])), axis=0, return_inverse=True)
    found = [_redistribute(scheme, base[kind[0]].tolist(), kind[1:].astype(bool)) for kind in kinds]
    pattern[rows] = len(base) + which.ravel()
    refused[rows] = np.array([denied for _weights, denied in found])[which.ravel()]
    return np.concatenate((base, [weights for weights, _denied in found])), pattern, refused


def _redistribute(scheme: Scheme, weights: list[int], absent: Bools) -> tuple[list[int], Bools]:
    limit = half_up(scheme.not_applicable_limit * WEIGHT_SCALE, 0)
    moving, leaves = 0, [False] * len(weights)
    for index in np.flatnonzero(absent):
        leaves[index] = moving + weights[index] <= limit
        moving += weights[index] if leaves[index] else 0
    result = list(weights)
    for dimension in dict.fromkeys(item.dimension for item in scheme.indicators):
        members = [i for i, item in enumerate(scheme.indicators) if item.dimension == dimension]
        gone = [i for i in members if leaves[i]]
        staying = [i for i in members if not leaves[i]]
        whole, rest = sum(weights[i] for i in members), sum(weights[i] for i in staying)
        if not gone:
            continue
        if rest == 0:
            for i in gone:
                leaves[i] = False
            continue
        for i in members:
            result[i] = 0 if leaves[i] else _share(weights[i], whole, rest)
        heaviest = max(staying, key=lambda i: (weights[i], -i))
        result[heaviest] += whole - sum(result[i] for i in members)
    return result, np.array([absent[i] and not leaves[i] for i in range(len(weights))])


def _share(weight: int, whole: int, rest: int) -> int:
    return int((Decimal(weight * whole) / Decimal(rest)).quantize(Decimal(1), rounding=ROUND_HALF_UP))

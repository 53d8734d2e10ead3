"""From points of indicators to points of dimensions and the total, over a tree of any depth."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from .expressions import EXACT
from .facts import Ints
from .functions import ZERO, half_up
from .scheme import WEIGHT_SCALE, Scheme

POINT_SCALE = WEIGHT_SCALE * 10_000  # points are exact decimals with 14 places


def tree_points(scheme: Scheme, weights: Ints, normalised: Ints) -> tuple[Ints, Ints]:
    """(points of every dimension, points of the total), both in 1e-14.

    An arithmetic node is the plain sum of what hangs on it. A geometric or harmonic node gets the weighted mean of its
    children's shares, half-up to 4 decimals, times its weight; a child at 0 makes it 0. Bonus dimensions are added last.
    """
    n = len(weights)
    place = {item.code: index for index, item in enumerate(scheme.dimensions)}
    children: dict[str, list[tuple[Ints, Ints]]] = {item.code: [] for item in scheme.dimensions}
    children[""] = []
    for index, item in enumerate(scheme.indicators):
        children[item.dimension].append((weights[:, index], weights[:, index] * normalised[:, index]))
    points = np.zeros((n, len(scheme.dimensions)), dtype=np.int64)
    for code in sorted(place, key=lambda c: -_depth(scheme, c)):
        dimension = scheme.dimensions[place[code]]
        weight, value = _node(dimension.aggregate, children[code], n)
        points[:, place[code]] = value
        if not dimension.bonus:
            children[dimension.parent].append((weight, value))
    extra = [points[:, place[item.code]] for item in scheme.dimensions if item.bonus]
    return points, _node(scheme.aggregate, children[""], n)[1] + sum(extra, np.zeros(n, dtype=np.int64))


def _depth(scheme: Scheme, code: str) -> int:
    parents = {item.code: item.parent for item in scheme.dimensions}
    depth = 0
    while parents[code]:
        code, depth = parents[code], depth + 1
    return depth


def _node(method: str, parts: list[tuple[Ints, Ints]], n: int) -> tuple[Ints, Ints]:
    zero = np.zeros(n, dtype=np.int64)
    if not parts:
        return zero, zero
    weight = np.sum([w for w, _ in parts], axis=0)
    if method == "arithmetic":
        return weight, np.sum([p for _, p in parts], axis=0)
    weights = np.stack([w for w, _ in parts], axis=1)
    points = np.stack([p for _, p in parts], axis=1)
    return weight, weight * _mean(method, weights, points)


def _mean(method: str, weights: Ints, points: Ints) -> Ints:
    """Weighted mean of the children's shares in 1/10000."""
    with np.errstate(all="ignore"):
        share = np.where(weights > 0, points / (weights * 10_000.0), 1.0)
        part = weights / weights.sum(axis=1, keepdims=True)
        mean = (
            np.exp((part * np.log(share)).sum(axis=1))
            if method == "geometric"
            else 1 / (part / share).sum(axis=1)
        )
    dead = ((points == 0) & (weights > 0)).any(axis=1) | (weights.sum(axis=1) == 0)
    scaled = np.where(dead, 0.0, mean) * 10_000
    result = np.floor(scaled + 0.5).astype(np.int64)
    for row in np.flatnonzero(~dead & (np.abs(scaled - np.floor(scaled) - 0.5) <= 1e-5)):
        result[row] = _exact_mean(method, weights[row].tolist(), points[row].tolist())
    return result


def _exact_mean(method: str, weights: list[int], points: list[int]) -> int:
    total, collected = Decimal(sum(weights)), ZERO
    for weight, point in zip(weights, points, strict=True):
        if weight == 0:
            continue
        share = EXACT.divide(Decimal(point), Decimal(weight * 10_000))
        term = EXACT.ln(share) if method == "geometric" else EXACT.divide(Decimal(1), share)
        collected = EXACT.add(collected, EXACT.multiply(term, EXACT.divide(Decimal(weight), total)))
    mean = EXACT.exp(collected) if method == "geometric" else EXACT.divide(Decimal(1), collected)
    return half_up(mean, 4)

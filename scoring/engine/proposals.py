"""Weights from data or from comparisons, as proposals for the office: nothing here ever changes a scheme.

Sources: entropy weights (Shannon 1948, as used in 熵权法); CRITIC (Diakoulaki et al. 1995); principal components after the
OECD/JRC handbook (2008), ch. 6.1: varimax, squared loadings within the factor times its share of the variance; AHP with
Saaty's consistency ratio (1980).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from .errors import EngineError
from .scheme import Scheme
from .score import IS_MISSING, IS_NOT_APPLICABLE, Scores

Floats = npt.NDArray[np.float64]
Comparisons = Mapping[tuple[str, str], float]
METHODS = ("equal", "entropy", "critic", "pca", "ahp")
# Saaty's mean consistency index of random matrices of 1, 2, 3, ... criteria.
RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)


@dataclass(frozen=True)
class Proposal:
    """Proposed weights by indicator: they sum to the total of the scheme (bonus weights stay). notes: what to know first."""

    method: str
    weights: dict[str, Decimal]
    units: int
    consistency: dict[str, float]  # AHP: consistency ratio by node, 0 = perfect, above 0.1 = compare again
    notes: tuple[str, ...]


def propose(
    method: str,
    scores: Scores,
    scheme: Scheme,
    *,
    group: str | None = None,
    comparisons: Comparisons | None = None,
) -> Proposal:
    """Weights by one method, over the ranked units (of one group). comparisons: {(a, b): how many times a outweighs b}."""
    if method not in METHODS:
        raise EngineError(f"there is no method {method!r}; known: {', '.join(METHODS)}")
    table = values(scores, scheme, group)
    asked = [index for index, extra in enumerate(scheme.bonus_indicators) if not extra]
    notes: list[str] = []
    consistency: dict[str, float] = {}
    if method == "equal":
        raw = np.ones(len(asked))
    elif method == "ahp":
        raw, consistency = _ahp(scheme, asked, _base(scheme, group), comparisons or {})
        notes += [f"{node or scheme.code}: consistency ratio {ratio:.3f} is above 0.1; compare again"
                  for node, ratio in consistency.items() if ratio > 0.1]  # fmt: skip
    else:
        if len(table) < 3:
            raise EngineError(f"{method} needs at least 3 ranked units, there are {len(table)}")
        raw = {"entropy": _entropy, "critic": _critic, "pca": _pca}[method](table[:, asked])
        idle = [
            scheme.indicators[asked[i]].code for i in np.flatnonzero(np.ptp(table[:, asked], axis=0) == 0)
        ]
        notes += [f"{code}: all units are equal, so it gets no weight" for code in idle]
        if len(table) < 3 * len(asked):
            notes.append(f"only {len(table)} units for {len(asked)} indicators: unstable")
    if not raw.sum() > 0:
        raise EngineError(f"{method}: no indicator tells any units apart")
    given = _base(scheme, group)
    weights = dict(
        zip((scheme.indicators[i].code for i in asked), shared(raw, scheme.total_points), strict=True)
    )
    extra = {
        item.code: Decimal(str(given[i]))
        for i, item in enumerate(scheme.indicators)
        if item.code not in weights
    }
    return Proposal(method, weights | extra, len(table), consistency, tuple(notes))


def values(scores: Scores, scheme: Scheme, group: str | None = None) -> Floats:
    """Normalised values 0..1 (ranked units, indicators); what is missing takes the mean of its column."""
    rows = scores.ranked
    if group is not None:
        if group not in scores.group_labels:
            raise EngineError(f"there is no group {group!r}; known: {', '.join(scores.group_labels)}")
        rows = rows & (scores.group == scores.group_labels.index(group))
    table = scores.normalised[rows] / 10_000
    gaps = np.isin(scores.cells[rows], (IS_MISSING, IS_NOT_APPLICABLE))
    known = np.maximum((~gaps).sum(axis=0), 1)
    return np.asarray(np.where(gaps, np.where(gaps, 0, table).sum(axis=0) / known, table))


def shared(raw: Floats, total: Decimal, decimals: int = 2) -> list[Decimal]:
    """Numbers in proportion to `raw` that sum to `total` exactly: cut, the rest to the largest remainders."""
    units = int(total * 10**decimals)
    exact = raw / raw.sum() * units
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - whole), kind="stable")
    whole[order[: units - int(whole.sum())]] += 1
    return [Decimal(int(value)).scaleb(-decimals) for value in whole]


def _base(scheme: Scheme, group: str | None) -> Floats:
    label = group or (scheme.group_codes[0] if not scheme.group_column else "default")
    return np.array([float(item.weight(label)) for item in scheme.indicators])


def _entropy(table: Floats) -> Floats:
    """1 - entropy of a column's shares: an indicator on which all units are alike says nothing."""
    total = table.sum(axis=0)
    share = table / np.where(total > 0, total, 1)
    part = np.where(share > 0, share * np.log(np.where(share > 0, share, 1)), 0).sum(axis=0)
    spread = np.where(total > 0, 1 + part / np.log(len(table)), 0.0)
    return np.asarray(np.where(spread > 1e-12, spread, 0.0))


def _critic(table: Floats) -> Floats:
    """Standard deviation times the conflict with the others (sum of 1 - r)."""
    low, span = table.min(axis=0), np.ptp(table, axis=0)
    scaled = (table - low) / np.where(span > 0, span, 1)
    conflict = np.where(span > 0, (1 - correlation(table)) * (span > 0)[:, None], 0).sum(axis=0)
    return np.asarray(scaled.std(axis=0) * conflict)


def correlation(table: Floats) -> Floats:
    """Pearson's r of every two columns; 0 where a column is constant, 1 on the diagonal."""
    off = table - table.mean(axis=0)
    size = np.sqrt((off**2).sum(axis=0))
    off = np.where(size > 1e-12, off / np.where(size > 1e-12, size, 1), 0.0)
    result = np.clip(off.T @ off, -1, 1)
    np.fill_diagonal(result, 1)
    return np.asarray(result)


def _pca(table: Floats) -> Floats:
    """Squared loadings after varimax: each indicator counts in the factor that holds it best."""
    live = np.flatnonzero(np.ptp(table, axis=0) > 0)
    if not len(live):
        return np.zeros(table.shape[1])
    value, vector = np.linalg.eigh(correlation(table[:, live]))
    order = np.argsort(-value)
    keep = order[: max(1, int((value > 1 + 1e-9).sum()))]
    loading = varimax(vector[:, keep] * np.sqrt(np.maximum(value[keep], 0))) ** 2
    explained = loading.sum(axis=0)
    home = loading.argmax(axis=1)
    within = loading / explained
    result = np.zeros(table.shape[1])
    result[live] = within[np.arange(len(live)), home] * (explained / explained.sum())[home]
    return result


def varimax(loading: Floats, rounds: int = 200) -> Floats:
    """Orthogonal rotation that makes each factor's loadings large or small (Kaiser 1958)."""
    rows, turn, reached = len(loading), np.eye(loading.shape[1]), 0.0
    for _ in range(rounds):
        turned = loading @ turn
        pull = loading.T @ (turned**3 - turned * (turned**2).sum(axis=0) / rows)
        left, size, right = np.linalg.svd(pull)
        turn = left @ right
        if size.sum() <= reached * (1 + 1e-10):
            break
        reached = size.sum()
    return np.asarray(loading @ turn)


def _ahp(
    scheme: Scheme, asked: Sequence[int], given: Floats, comparisons: Comparisons
) -> tuple[Floats, dict[str, float]]:
    """Weights from comparisons of siblings, from the top down; siblings nobody compared keep their proportions."""
    tree = _Hierarchy(scheme, asked, given, comparisons)
    tree.share("", 1.0)
    for a, b in comparisons:
        if not {(a, b), (b, a)} & tree.used:
            raise EngineError(f"ahp: {a} and {b} are no siblings of the scheme")
    if not tree.used:
        raise EngineError("ahp needs comparisons (a, b, ratio) of all siblings below at least one node")
    return tree.result[list(asked)], tree.ratios


class _Hierarchy:
    """The tree of a scheme while its weight is shared out."""

    def __init__(self, scheme: Scheme, asked: Sequence[int], given: Floats, comparisons: Comparisons) -> None:
        self.given, self.comparisons = given, comparisons
        self.place = {scheme.indicators[index].code: index for index in asked}
        self.children: dict[str, list[str]] = {"": []}
        for dimension in scheme.dimensions:
            self.children.setdefault(dimension.code, [])
            if not dimension.bonus:
                self.children.setdefault(dimension.parent, []).append(dimension.code)
        for code, index in self.place.items():
            self.children[scheme.indicators[index].dimension].append(f"indicator {code}")
        self.result = np.zeros(len(scheme.indicators))
        self.ratios: dict[str, float] = {}
        self.used: set[tuple[str, str]] = set()

    def mass(self, node: str) -> float:
        """The weight that the scheme gives to a node now."""
        if node not in self.children:
            return float(self.given[self.place[_code(node)]])
        return sum(self.mass(child) for child in self.children[node])

    def share(self, node: str, weight: float) -> None:
        """Give `weight` to what hangs below a node."""
        if node not in self.children:
            self.result[self.place[_code(node)]] = weight
            return
        below = self.children[node]
        parts = self._compared(node, [_code(child) for child in below])
        if parts is None:
            parts = np.array([self.mass(child) for child in below])
        for child, part in zip(below, parts / max(parts.sum(), 1e-300), strict=True):
            self.share(child, weight * part)

    def _compared(self, node: str, names: list[str]) -> Floats | None:
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        there = {(a, b) for a, b in pairs if (a, b) in self.comparisons or (b, a) in self.comparisons}
        if not there:
            return None
        if len(there) < len(pairs):
            a, b = next(pair for pair in pairs if pair not in there)
            raise EngineError(f"ahp: {a} and {b} are not compared")
        self.used |= there
        parts, self.ratios[node] = principal(names, self.comparisons)
        return parts


def _code(node: str) -> str:
    return node.removeprefix("indicator ")


def principal(names: Sequence[str], comparisons: Comparisons) -> tuple[Floats, float]:
    """(priorities that sum to 1, consistency ratio) of one matrix of comparisons."""
    n = len(names)
    matrix = np.ones((n, n))
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            ratio = comparisons.get((a, b)) or 1 / comparisons.get((b, a), 1.0)
            matrix[i, j] = ratio if i != j else 1.0
    vector = np.ones(n) / n
    for _ in range(1000):
        after = matrix @ vector
        after /= after.sum()
        if np.abs(after - vector).max() < 1e-14:
            break
        vector = after
    largest = float((matrix @ vector / vector).mean())
    if n < 3:
        return vector, 0.0
    index = max(0.0, (largest - n) / (n - 1))
    return vector, index / RANDOM_INDEX[min(n, len(RANDOM_INDEX)) - 1]

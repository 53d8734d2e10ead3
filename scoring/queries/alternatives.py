"""Scoring one enterprise's facts and their alternatives at once: estimates, what-if, changes between years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from scoring import engine
from scoring.engine.score import CELL_STATES

from ..models import ScoreRun
from . import facts
from .schemes import scheme_of

COHORT = 20_000  # firms that are scored again while somebody waits: a larger cohort is represented by as many
KEPT = 4
_peers: dict[str, Peers] = {}


@dataclass(frozen=True, slots=True)
class Peers:
    """The firms of a run, or an even sample of them, that one firm's changed figures are placed among; `of` = all firms."""

    rows: facts.FrozenRows
    of: int

    @property
    def are_all(self) -> bool:
        return len(self.rows.facts) >= self.of

    def place(self, place: int, ranked: int, of: int) -> int:
        """A place among `ranked` of these as one among the `of` of the whole run; 0 stays 0 (no place)."""
        return place if self.are_all or not place else 1 + (place - 1) * of // ranked


@dataclass(frozen=True, slots=True)
class Scored:
    """One scored row: total and dimensions in points, points, weights and s by indicator, stage and cell states."""

    stage: str
    total: Decimal
    dimensions: dict[str, Decimal]
    points: dict[str, Decimal]
    weights: dict[str, Decimal]
    s: dict[str, Decimal]
    cells: dict[str, str]
    completeness: Decimal
    deductions: Decimal
    flags: tuple[str, ...]


def score_rows(scheme: engine.Scheme, rows: engine.Facts, *, cohort: ScoreRun | None = None) -> list[Scored]:
    """Score rows of one enterprise, each for itself.

    Where the scheme looks at the cohort, each row takes the enterprise's place in the run `cohort`; without one the row
    stands alone and what depends on peers is not meaningful.
    """
    if not scheme.relative or cohort is None:
        scores = engine.score(rows, scheme)
        return [_scored(scheme, scores, number) for number in range(len(scores))]
    peers = peers_of(cohort, scheme).rows.facts
    joined = [with_row(peers, rows.take([number])) for number in range(len(rows))]
    return [_scored(scheme, engine.score(table, scheme), -1) for table in joined]


def peers_of(run: ScoreRun, scheme: engine.Scheme) -> Peers:
    """The peers of a run under a scheme, kept in memory: a run never changes, and its hash says what was computed."""
    key = f"{run.run_hash}{scheme.digest}"
    if key not in _peers:
        every = -(-run.rows // COHORT)
        if len(_peers) >= KEPT:
            _peers.clear()
        _peers[key] = Peers(facts.read(run.snapshot, scheme, every=every), run.rows)
    return _peers[key]


def with_row(peers: engine.Facts, row: engine.Facts) -> engine.Facts:
    """The peers with one firm's row at the end, in place of its own where they have it."""
    others = peers.take([number for number, unit in enumerate(peers.ids) if unit != row.ids[0]])
    label = row.group_labels[row.group[0]] if row.group[0] >= 0 else ""
    group = others.group_labels.index(label) if label in others.group_labels else -1
    return stacked([others, replace(row, group=np.array([group]))])


def stacked(parts: list[engine.Facts]) -> engine.Facts:
    """Facts of the same shape, one below the other."""
    return replace(
        parts[0],
        ids=tuple(unit for part in parts for unit in part.ids),
        columns=tuple(map(np.concatenate, zip(*(part.columns for part in parts), strict=True))),
        states=np.vstack([part.states for part in parts]),
        group=np.concatenate([part.group for part in parts]),
    )


def with_stage(row: engine.Facts, stage: str) -> engine.Facts:
    """The row with its stage set."""
    return replace(row, group=np.array([row.group_labels.index(stage)], dtype=np.int64))


def row_of(run: ScoreRun, uscc: str, scheme: engine.Scheme | None = None) -> engine.Facts:
    """The frozen facts of one enterprise in a run, under the run's scheme or another; no row when it is not there."""
    return facts.read(run.snapshot, scheme or scheme_of(run.scheme_version), usccs=[uscc]).facts


def _scored(scheme: engine.Scheme, scores: engine.Scores, number: int) -> Scored:
    codes = [item.code for item in scheme.indicators]
    return Scored(
        stage=scores.group_labels[scores.group[number]],
        total=Decimal(int(scores.total[number])).scaleb(-2),
        dimensions=_decimals([item.code for item in scheme.dimensions], scores.dimensions[number], 14),
        points=_decimals(codes, scores.points_of(number), 14),
        weights=_decimals(codes, scores.weights[number], 10),
        s=_decimals(codes, scores.normalised[number], 4),
        cells={code: CELL_STATES[cell] for code, cell in zip(codes, scores.cells[number], strict=True)},
        completeness=Decimal(int(scores.completeness[number])).scaleb(-2),
        deductions=Decimal(int(scores.deductions[number])).scaleb(-2),
        flags=engine.flag_names(scheme, int(scores.flags[number])),
    )


def _decimals(codes: list[str], values: NDArray, places: int) -> dict[str, Decimal]:
    return {code: Decimal(int(value)).scaleb(-places) for code, value in zip(codes, values, strict=True)}

"""Rank intervals, Sobol indices, leave-one-out: against plain loops, known answers, and whatever must not matter."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F  # noqa: N817

import numpy as np
import pytest

from bench.engine import zone
from scoring.engine import (
    Choices,
    EngineError,
    board_intervals,
    leave_one_out,
    load_scheme,
    rank,
    rank_intervals,
    score,
    sobol_indices,
)
from scoring.engine import sensitivity as module

SCHEME = load_scheme("indicators/schemes/cq_htz_30.yaml")
FACTS = zone(SCHEME, 120)
SCORES = score(FACTS, SCHEME)
NOTHING = Choices(weights=0, left_out=0, normalisation=("scheme",))


def _places(totals: list[F]) -> list[int]:
    return [1 + sum(other > own for other in totals) for own in totals]


def test_without_any_choice_the_interval_is_the_place() -> None:
    found = rank_intervals(SCORES, SCHEME, draws=5, choices=NOTHING)
    overall = rank(SCORES, FACTS, SCHEME).overall
    for places in (found.place, found.low, found.median, found.high):
        assert places.tolist() == overall.tolist()
    assert (found.low[~SCORES.ranked] == 0).all()


def test_draws_agree_with_a_plain_loop_in_fractions() -> None:
    choices = Choices(weights=0.2, left_out=0.5, normalisation=("scheme",))
    task = module._of_total(SCORES, SCHEME, choices, "all", None)
    uniform = module._uniform("a run", (6, task.width))
    found = task.places(uniform, choices)
    ranked = [i for i in range(len(SCORES)) if SCORES.ranked[i]]
    for draw in range(6):
        factors = [F(int(np.floor((0.8 + 0.4 * u) * 1000 + 0.5)), 1000) for u in uniform[draw, :30]]
        if uniform[draw, 30] < 0.5:
            factors[int(uniform[draw, 30] * 2 * 30)] = F(0)
        totals = []
        for i in ranked:
            weights = [F(int(w), 10**10) * f for w, f in zip(SCORES.weights[i], factors, strict=True)]
            share = sum(w * int(s) for w, s in zip(weights, SCORES.normalised[i], strict=True)) / sum(weights)
            rounded = F(int(share / 100 * 100 + F(1, 2)), 100)
            totals.append(max(F(0), rounded - F(int(SCORES.deductions[i]), 100)))
        assert found[draw, ranked].tolist() == _places(totals)


def test_the_same_seed_gives_the_same_places_in_any_order_of_rows() -> None:
    mixed = FACTS.take(np.random.default_rng(3).permutation(len(FACTS)))
    one = rank_intervals(SCORES, SCHEME, draws=200, seed="run")
    two = rank_intervals(score(mixed, SCHEME), SCHEME, draws=200, seed="run")
    assert dict(zip(one.ids, zip(one.low, one.high, strict=True), strict=True)) == dict(
        zip(two.ids, zip(two.low, two.high, strict=True), strict=True)
    )
    other = rank_intervals(SCORES, SCHEME, draws=200, seed="another run")
    assert (one.low != other.low).any()


def test_interval_is_ordered_and_places_stay_inside_the_group() -> None:
    found = rank_intervals(SCORES, SCHEME, draws=100, within="group", choices=module.EVERYTHING, facts=FACTS)
    assert (found.low <= found.median).all()
    assert (found.median <= found.high).all()
    sizes = np.bincount(SCORES.group[SCORES.ranked], minlength=3)
    assert (found.high <= sizes[SCORES.group]).all()
    assert found.place.tolist() == rank(SCORES, FACTS, SCHEME).group.tolist()


def test_board_intervals_start_from_the_published_places() -> None:
    for board in rank(SCORES, FACTS, SCHEME).boards.values():
        still = board_intervals(board, SCORES, SCHEME, draws=3, choices=NOTHING)
        assert still.low.tolist() == still.high.tolist() == board.place.tolist()
        moved = board_intervals(board, SCORES, SCHEME, draws=300, seed=1)
        assert (moved.low <= moved.high).all()
        assert (moved.high > moved.low).any()


def test_leave_one_out_is_the_place_without_that_indicator() -> None:
    found = leave_one_out(SCORES, SCHEME)
    weight, s = SCORES.weights.astype(object), SCORES.normalised
    for index in (0, 17):
        keep = [i for i in range(30) if i != index]
        totals = []
        for i in np.flatnonzero(SCORES.ranked):
            share = F(sum(weight[i, k] * int(s[i, k]) for k in keep), sum(weight[i, k] for k in keep))
            totals.append(max(F(0), F(int(share + F(1, 2)), 100) - F(int(SCORES.deductions[i]), 100)))
        assert found[SCORES.ranked, index].tolist() == _places(totals)


def test_a_factor_that_does_nothing_has_no_index() -> None:
    found = sobol_indices(SCORES, SCHEME, samples=256, choices=Choices(weights=0.3, left_out=0))
    assert found.factors == ("weights", "normalisation")
    assert found.mean_shift > 0
    assert ((found.total >= -0.05) & (found.first <= found.total + 0.25)).all()
    alone = sobol_indices(SCORES, SCHEME, samples=512, choices=Choices(0.3, 0, ("scheme",)))
    assert alone.factors == ("weights",)
    assert alone.total[0] == pytest.approx(1, abs=0.15)


def test_sobol_estimators_find_the_indices_of_a_known_function() -> None:
    """Ishigami's function with a = 7, b = 0.1: first 0.3139, 0.4424, 0; total 0.5576, 0.4424, 0.2437."""
    uniform = module._uniform(5, (2, 200_000, 3))

    def ishigami(u: np.ndarray) -> np.ndarray:
        x = np.pi * (2 * u - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    one, two = ishigami(uniform[0]), ishigami(uniform[1])
    for index, (first, total) in enumerate(((0.3139, 0.5576), (0.4424, 0.4424), (0, 0.2437))):
        mixed = uniform[0].copy()
        mixed[:, index] = uniform[1][:, index]
        got = module._estimate(one, two, ishigami(mixed), np.concatenate((one, two)).var())
        assert got == (pytest.approx(first, abs=0.02), pytest.approx(total, abs=0.02))


def test_wrong_choices_are_refused_with_their_name() -> None:
    with pytest.raises(EngineError, match="unknown choice zscore"):
        Choices(normalisation=("zscore",))
    with pytest.raises(EngineError, match="at least one draw"):
        rank_intervals(SCORES, SCHEME, draws=0)
    with pytest.raises(EngineError, match="weights must lie"):
        replace(module.USUAL, weights=1.5)


@pytest.mark.parametrize("units", [0, 1, 2])
def test_tiny_zones_have_intervals(units: int) -> None:
    scores = score(zone(SCHEME, units), SCHEME)
    found = rank_intervals(scores, SCHEME, draws=10, choices=module.EVERYTHING)
    assert len(found.low) == units
    assert sobol_indices(scores, SCHEME, samples=8).unit_first.shape == (units, 5)

"""Old editions stay reproducible: frozen snapshots give the same hashes, to the last board and certificate."""

import copy

import pytest

from scoring import engine
from tests.engine import golden_runs


@pytest.mark.parametrize("scheme", golden_runs.SCHEMES)
def test_a_frozen_snapshot_gives_the_same_hashes(scheme: str) -> None:
    assert golden_runs.path_of(scheme).exists(), (
        f"engine {engine.ENGINE_VERSION} has no golden runs: python -m tests.engine.golden_runs REASON"
    )
    frozen = golden_runs.read(scheme)
    assert golden_runs.hashes(frozen) == frozen["expected"], (
        "a change of the engine needs a new ENGINE_VERSION"
    )


def test_one_other_figure_or_weight_is_another_run() -> None:
    frozen = golden_runs.read("cq_htz_30")
    assert len(frozen["expected"]["boards"]) == 4
    other = copy.deepcopy(frozen)
    other["values"][3][0] += 1
    moved = golden_runs.hashes(other)
    assert moved["snapshot_root"] != frozen["expected"]["snapshot_root"]
    assert moved["run_hash"] != frozen["expected"]["run_hash"]


def test_a_change_of_the_engine_goes_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard itself: a version number, and one point more for one firm."""
    frozen = golden_runs.read("cq_htz_30")
    score = engine.score

    def generous(*given: object) -> engine.Scores:
        scores = score(*given)  # type: ignore[arg-type]
        scores.total[0] += 1
        return scores

    monkeypatch.setattr(engine, "score", generous)
    assert golden_runs.hashes(frozen)["run_hash"] != frozen["expected"]["run_hash"]

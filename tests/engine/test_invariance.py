"""What must not matter: order of rows, alone or in a batch, hash seed, locale, time zone; places; refusals."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.engine import zone
from scoring.engine import SchemeError, load_scheme, rank, result_root, score, score_one, snapshot_root

SCHEME = load_scheme("indicators/schemes/cq_htz_30.yaml")
RELATIVE = load_scheme("indicators/schemes/rd_companies_8.yaml")


def test_order_of_rows_changes_nothing() -> None:
    facts = zone(SCHEME, 300)
    mixed = facts.take(np.random.default_rng(1).permutation(300))
    one, two = score(facts, SCHEME), score(mixed, SCHEME)
    assert snapshot_root(facts) == snapshot_root(mixed)
    assert result_root(one) == result_root(two)
    first, second = rank(one, facts, SCHEME), rank(two, mixed, SCHEME)
    for code, board in first.boards.items():
        names = [facts.ids[row] for row in board.winners]
        assert names == [mixed.ids[row] for row in second.boards[code].winners]
        assert len(names) == 10


def test_alone_as_in_the_batch() -> None:
    facts = zone(SCHEME, 40)
    batch = score(facts, SCHEME)
    for row in range(40):
        alone = score_one(facts, SCHEME, row)
        assert alone.total[0] == batch.total[row]
        assert (alone.points[0] == batch.points[row]).all()


def test_contributions_sum_to_the_total_before_deductions() -> None:
    scores = score(zone(SCHEME, 200), SCHEME)
    assert (scores.points.sum(axis=1) == scores.dimensions.sum(axis=1)).all()
    assert (scores.weights.sum(axis=1) == 100 * 10**10).all()
    assert ((scores.total >= 0) & (scores.total <= 10_000)).all()


@pytest.mark.parametrize("scheme", [SCHEME, RELATIVE], ids=["absolute", "relative"])
@pytest.mark.parametrize("units", [0, 1, 2])
def test_tiny_and_empty_zones(scheme: object, units: int) -> None:
    facts = zone(scheme, units)
    scores = score(facts, scheme)
    assert len(rank(scores, facts, scheme).overall) == units


def test_hash_does_not_depend_on_seed_locale_or_time_zone() -> None:
    code = (
        "from bench.engine import zone; from scoring.engine import *;"
        "s = load_scheme('indicators/schemes/cq_htz_30.yaml'); f = zone(s, 200);"
        "print(s.digest, snapshot_root(f), result_root(score(f, s)))"
    )
    settings = [
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "77", "TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"},
    ]
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, **s}, capture_output=True, check=True
        ).stdout
        for s in settings
    }
    assert len(found) == 1


def test_scheme_errors_name_key_path_and_line(tmp_path: Path) -> None:
    text = Path("indicators/schemes/rd_companies_8.yaml").read_text(encoding="utf-8")
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        text.replace("weight: 20}", "weight: 21}", 1).replace("dimension: growth", "dimension: nowhere", 1)
    )
    with pytest.raises(
        SchemeError, match=r"indicators\[0\].dimension \(line \d+\): there is no dimension 'nowhere'"
    ):
        load_scheme(bad)

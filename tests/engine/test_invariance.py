"""What must not matter: order of rows, alone or in a batch, hash seed, locale, time zone; places; refusals."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
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


PROGRAM = """
import sys, hashlib
import numpy as np
from bench.engine import zone
from scoring.engine import *
number, words = int(sys.argv[1]), []
for name in ("cq_htz_30", "rd_companies_8", "national_9_plus_3"):
    scheme = load_scheme(f"indicators/schemes/{name}.yaml")
    facts = zone(scheme, 150)
    facts = facts.take(np.random.default_rng(number).permutation(len(facts)))
    scores = score(facts, scheme)
    ranking = rank(scores, facts, scheme)
    places = [f"{u}:{p}:{g}" for u, p, g in zip(facts.ids, ranking.overall, ranking.group)]
    boards = [f"{b.code}:" + ",".join(facts.ids[row] for row in b.winners) for b in ranking.boards.values()]
    sure = rank_intervals(scores, scheme, draws=50, seed="run")
    ends = [f"{u}:{low}:{high}" for u, low, high in zip(sure.ids, sure.low, sure.high)]
    words += [scheme.digest, snapshot_root(facts), result_root(scores), *sorted(places), *boards, *sorted(ends)]
print(hashlib.sha256("|".join(words).encode()).hexdigest())
"""


def test_one_hash_over_shuffles_processes_locales_time_zones_and_hash_seeds() -> None:
    zones = ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati")
    locales = ("C", "C.UTF-8", "de_DE.UTF-8", "zh_CN.UTF-8", "tr_TR.UTF-8")

    def run(number: int) -> bytes:
        settings = {
            "PYTHONHASHSEED": str(number * 7919), "TZ": zones[number % 4], "LC_ALL": locales[number % 5],
            "OMP_NUM_THREADS": str(1 + number % 2), "OPENBLAS_NUM_THREADS": str(1 + number % 2),
        }  # fmt: skip
        command = [sys.executable, "-c", PROGRAM, str(number)]
        return subprocess.run(command, env=os.environ | settings, capture_output=True, check=True).stdout

    with ThreadPoolExecutor(2) as pool:
        found = set(pool.map(run, range(20)))
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


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

"""Engine benchmarks: ratios inside one run, with the machine and versions.

python -m bench.engine [--units N ...] [--million]: each size in a process of its own, so that its peak memory is its own.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scoring.engine import load_scheme, make_facts, rank, rank_intervals, result_root, score, snapshot_root
from scoring.engine.facts import Facts
from scoring.engine.relative import dense_order, midrank, span_scores
from scoring.engine.scheme import Scheme


def best(run: Callable[[], Any], times: int = 3) -> float:
    """Shortest of some runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


def in_turn(runs: Sequence[Callable[[], Any]], times: int) -> list[float]:
    """Shortest seconds of each, taken in turns: a busy machine slows all of them alike."""
    rounds = [[best(run, 1) for run in runs] for _ in range(times)]
    return [min(column) for column in zip(*rounds, strict=True)]


def reset_peak() -> None:
    """The peak of memory counts from here."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Most memory of this process since the peak was reset, in GB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e9


def zone(scheme: Scheme, units: int, seed: int = 7) -> Facts:
    """Facts of a believable size, seeded."""
    rng = np.random.default_rng(seed)
    values = np.zeros((units, len(scheme.fact_columns)), dtype=np.int64)
    for index, column in enumerate(scheme.fact_columns):
        code = column.split(".")[0]
        if code == "penalty":
            values[:, index] = rng.random(units) < 0.01
            continue
        kind = scheme.input_by_code[code].type
        money, count = np.exp(rng.normal(22, 2, units)), rng.poisson(30, units)
        values[:, index] = {"money": money, "int": count}.get(kind, rng.poisson(0.2, units))
    states = np.where(rng.random((units, len(scheme.inputs))) < 0.03, 0, 1)
    return make_facts(scheme, ids=[f"{i:018d}" for i in range(units)], values=values, states=states)


def bare_percentile(column: Any) -> Any:
    """What a person would write in numpy by hand."""
    _, inverse, counts = np.unique(column, return_inverse=True, return_counts=True)
    below = np.cumsum(counts) - counts
    return (below[inverse] + 0.5 * (counts[inverse] - 1)) / max(len(column) - 1, 1)


def bare_min_max(column: Any) -> Any:
    """The same by hand, rounded to 4 decimals as the engine does."""
    low, high = column.min(), column.max()
    return np.floor((column - low) / (high - low) * 10_000 + 0.5).astype(np.int64)


def by_group(table: Any, group: Any, run: Callable[[Any], Any]) -> None:
    for index in range(30):
        rows = np.flatnonzero(group == index)
        for column in range(table.shape[1]):
            run(table[rows, column])


def core(units: int) -> None:
    """Min-max and percentile midrank of units x 30 in 30 groups: engine, bare numpy, pandas."""
    import pandas as pd

    rng = np.random.default_rng(3)
    table, group = rng.normal(size=(units, 30)), rng.integers(0, 30, units)
    no_error = np.zeros(units)

    def percentile(x: Any) -> None:
        midrank(
            dense_order(x, no_error[: len(x)], lambda rows: rows[:, None], lambda rows: rows.tolist()), 10_000
        )

    def min_max(x: Any) -> None:
        span_scores(x, no_error[: len(x)], lambda rows: [int(v * 1e15) for v in x[rows]], higher=True)

    def pandas_min_max() -> Any:
        groups = frame.groupby(group)
        low, high = groups.transform("min"), groups.transform("max")
        return np.floor((frame - low) / (high - low) * 10_000 + 0.5)

    reset_peak()
    by_group(table, group, percentile)
    by_group(table, group, min_max)
    print(f"  peak memory of the engine with its table of {table.nbytes / 1e9:.2f} GB: {peak():.2f} GB")
    frame = pd.DataFrame(table)
    times = 7 if units <= 100_000 else 2
    for name, own, bare, other in (
        ("min-max", min_max, bare_min_max, pandas_min_max),
        ("percentile", percentile, bare_percentile, lambda: frame.groupby(group).rank(method="average")),
    ):
        engine, numpy, pandas = in_turn(
            (partial(by_group, table, group, own), partial(by_group, table, group, bare), other), times
        )
        print(
            f"  {name:10} x 30 in 30 groups: engine {engine:7.3f} s, numpy {numpy:7.3f} s, pandas {pandas:7.3f} s;"
            f" engine / numpy {engine / numpy:.2f}, pandas / engine {pandas / engine:.2f}"
        )


def whole(units: int) -> None:
    """The engine's share of a run under the scheme of 30 indicators, and one unit alone."""
    scheme = load_scheme("indicators/schemes/cq_htz_30.yaml")
    facts = zone(scheme, units)
    reset_peak()
    scores = score(facts, scheme)
    rank(scores, facts, scheme)
    snapshot_root(facts), result_root(scores)
    print(
        f"  peak memory with facts of {sum(part.nbytes for part in (*facts.columns, facts.states)) / 1e9:.2f} GB: {peak():.2f} GB"
    )
    times = 3 if units <= 100_000 else 1
    parts = {
        "score": best(lambda: score(facts, scheme), times),
        "rank and four boards": best(lambda: rank(scores, facts, scheme), times),
        "roots of facts and results": best(lambda: (snapshot_root(facts), result_root(scores)), times),
    }
    for name, seconds in parts.items():
        print(f"  {name:30} {seconds:7.3f} s, {seconds / units * 1e6:6.2f} us a unit")
    one = facts.take([0])
    print(f"  {'one unit alone':30} {best(lambda: score(one, scheme), 20) * 1000:7.2f} ms")


def sure() -> None:
    """Rank intervals: 10,000 draws of 527 units, 1,000 draws of 10,000."""
    scheme = load_scheme("indicators/schemes/cq_htz_30.yaml")
    for units, draws in ((527, 10_000), (10_000, 1000)):
        scores = score(zone(scheme, units), scheme)
        seconds = best(partial(rank_intervals, scores, scheme, draws=draws, seed="bench"), 5)
        print(f"rank intervals, {draws:,} draws x {units:,} units: {seconds:.2f} s")


def one_size(units: int, part: str) -> None:
    {"core": core, "whole": whole}[part](units)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, nargs="+", default=[2_000, 100_000])
    parser.add_argument("--million", action="store_true", help="1,000,000 too")
    parser.add_argument("--part", choices=("core", "whole"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        return one_size(args.units[0], args.part)
    import pandas as pd

    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, numpy {np.__version__}, pandas {pd.__version__}"
    )
    for units in [*args.units, *([1_000_000] if args.million else [])]:
        for part in ("core", "whole"):
            print(f"{units:,} units, {part}", flush=True)
            command = [sys.executable, "-m", "bench.engine", "--units", str(units), "--part", part]
            subprocess.run(command, check=True)
    return sure()


if __name__ == "__main__":
    main()

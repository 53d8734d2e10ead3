"""Engine benchmarks: ratios inside one run, with the machine and versions. python -m bench.engine [--units N]."""

import argparse
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from scoring.engine import load_scheme, make_facts, rank, result_root, score, snapshot_root
from scoring.engine.facts import Facts
from scoring.engine.relative import dense_order, midrank
from scoring.engine.scheme import Scheme


def best(run: Callable[[], Any], times: int = 3) -> float:
    """Shortest of some runs, in seconds."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        found.append(time.perf_counter() - start)
    return min(found)


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


def by_group(table: Any, group: Any, run: Callable[[Any], Any]) -> None:
    for index in range(30):
        rows = np.flatnonzero(group == index)
        for column in range(table.shape[1]):
            run(table[rows, column])


def core(units: int) -> None:
    """Percentile midrank of units x 30 in 30 groups: engine, bare numpy, pandas."""
    import pandas as pd

    rng = np.random.default_rng(3)
    table, group = rng.normal(size=(units, 30)), rng.integers(0, 30, units)

    no_error = np.zeros(units)

    def engine_column(x: Any) -> None:
        midrank(
            dense_order(x, no_error[: len(x)], lambda rows: rows[:, None], lambda rows: rows.tolist()), 10_000
        )

    times = 3 if units <= 100_000 else 1
    engine = best(lambda: by_group(table, group, engine_column), times)
    bare = best(lambda: by_group(table, group, bare_percentile), times)
    frame = pd.DataFrame(table)
    pandas = best(lambda: frame.groupby(group).rank(method="average"), times)
    print(
        f"percentile {units:>9,} x 30 in 30 groups: engine {engine:.3f} s, numpy {bare:.3f} s, pandas {pandas:.3f} s"
    )
    print(f"  engine / numpy {engine / bare:.2f}   pandas / engine {pandas / engine:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--million", action="store_true", help="the core at 1,000,000 too")
    args = parser.parse_args()
    import pandas as pd

    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}, numpy {np.__version__}, pandas {pd.__version__}"
    )
    core(args.units)
    if args.million:
        core(1_000_000)
    scheme = load_scheme("indicators/schemes/cq_htz_30.yaml")
    facts = zone(scheme, args.units)
    scores = score(facts, scheme)
    print(f"score  {args.units:,} x 30: {best(lambda: score(facts, scheme)):.3f} s")
    print(f"rank   with four boards: {best(lambda: rank(scores, facts, scheme), 1):.3f} s")
    print(
        f"hashes of facts and results: {best(lambda: (snapshot_root(facts), result_root(scores)), 1):.3f} s"
    )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()

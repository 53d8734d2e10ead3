"""What-if and dry run on zones of any size: python -m bench.whatif [--units N]. Seconds as a web process waits.

Places among a sample are compared with places among all firms, for a hundred firms of the zone.
"""

from __future__ import annotations

import argparse
import resource
from typing import Any

from bench.run import Clock, fill, prepare, remove

ASKED = 100


def measure(park: Any, cycle: Any) -> tuple[Clock, float]:
    """Times, and the mean distance between sampled and exact places in per cent of the cohort."""
    from parks import jobs
    from parks.actors import Actor
    from parks.scope import park_scope
    from scoring.models import CurrentRun, ScoreResult
    from scoring.queries import alternatives, dry_run, facts, ways, whatif
    from scoring.queries.schemes import scheme_of
    from scoring.services import runs

    clock = Clock()
    with park_scope(park.pk):
        run = runs.request_run(by=Actor.system(park), cycle=cycle)
    jobs.run(run.job_id or 0)
    with park_scope(park.pk):
        run = (
            CurrentRun.objects.select_related("run__snapshot__scheme_version", "run__scheme_version")
            .get()
            .run
        )
        scheme = scheme_of(run.scheme_version)
        asked = ScoreResult.objects.filter(run=run, place__isnull=False).order_by("uscc")
        rows = list(asked[:: max(run.rows // ASKED, 1)][:ASKED])
        with clock("peers read once a process"):
            peers = alternatives.peers_of(run, scheme)
        distances = []
        for row in rows:
            row.run = run
            frozen = whatif.frozen_row(row)
            with clock("own score while a slider moves"):
                whatif.outcome(row, frozen, {"rd_expense": 10**9}, among_peers=False)
            with clock("one question with places and boards"):
                whatif.outcome(row, frozen, {"rd_expense": 10**9})
            own = facts.read(run.snapshot, scheme, usccs=[row.uscc]).facts
            place = _place(scheme, alternatives.with_row(peers.rows.facts, own))
            exact = row.place / run.statistics["ranked"]
            distances.append(abs(place - exact) * 100)
        with clock("page: fields and the ways up"):
            ways.advice(rows[0], frozen)
        with clock("dry run of all firms"):
            dry_run.computed(dry_run.subject(run.scheme_version_id))
    return clock, sum(distances) / len(distances)


def _place(scheme: Any, table: Any) -> float:
    """Place of the last row as a share of the ranked."""
    from scoring import engine

    ranking = engine.rank(engine.score(table, scheme), table, scheme)
    return float(ranking.overall[-1] / (ranking.overall > 0).sum())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100_000)
    args = parser.parse_args()
    prepare()
    try:
        clock, distance = measure(*fill(args.units))
    finally:
        remove()
    print(f"\nwhat-if and dry run, {args.units:,} enterprises, the best of {ASKED} questions")
    for name, seconds in clock.best.items():
        print(f"{name:40} {seconds:8.3f} s")
    print(f"sampled places are off by {distance:.2f} % of the cohort on average")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()

"""How long a freeze takes: python -m bench.freeze [--units N].

The demo zone of bench.run, its figures written back as verified declarations (a row a value), is frozen once more: read
every value with its provenance, make the dense rows and their root, write them.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

import psycopg2

from bench import run as base

DECLARE = (
    """
INSERT INTO enterprises_declaration (park_id, cycle_id, enterprise_id, state, stage_override, stage_override_reason, returns,
       content_hash, submitted_by_name, submitted_at, verified_by_name, verified_at, version)
SELECT s.park_id, s.cycle_id, r.enterprise_id, 'frozen', '', '', 0, '', 'A', now(), 'B', now(), 1
  FROM scoring_snapshot s JOIN scoring_snapshotrow r ON r.park_id = s.park_id AND r.snapshot_id = s.id
""",
    """
INSERT INTO enterprises_declaredvalue (park_id, declaration_id, code, state, prefilled_amount, prefilled_entries, source, as_of,
       reason, explanation, verified_by_name, version, updated_at)
SELECT d.park_id, d.id, i.code, 'prefilled',
       CASE WHEN i.level IS NULL THEN r.facts[i.place] / CASE i.type WHEN 'money' THEN 100.0 ELSE 1 END END,
       CASE WHEN i.level IS NOT NULL THEN jsonb_build_array(jsonb_build_object('level', i.level)) END,
       'tax', '2026-06-12', '', '', '', 1, now()
  FROM enterprises_declaration d
  JOIN scoring_snapshotrow r ON r.park_id = d.park_id AND r.enterprise_id = d.enterprise_id
 CROSS JOIN unnest(%s::text[], %s::text[], %s::text[], %s::int[]) AS i(code, type, level, place)
""",
    "ANALYZE enterprises_declaration, enterprises_declaredvalue",
)


def declare(park_id: int, scheme: Any) -> int:
    """Verified declarations with the figures of the frozen rows, one entry a list. Returns the values written."""
    places = {name: number for number, name in enumerate(scheme.fact_columns, start=1)}
    inputs = [
        (item.code, item.type, next(iter(item.levels), None), places.get(item.code)) for item in scheme.inputs
    ]
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park_id)])
        cursor.execute(DECLARE[0])
        cursor.execute(DECLARE[1], [list(column) for column in zip(*inputs, strict=True)])
        written = cursor.rowcount
        cursor.execute(DECLARE[2])
    owner.close()
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=100_000)
    args = parser.parse_args()
    base.prepare()
    try:
        from parks.actors import Actor
        from parks.scope import park_scope
        from scoring.queries.schemes import scheme_of
        from scoring.services import snapshots

        park, cycle = base.fill(args.units)
        values = declare(park.pk, scheme_of(cycle.scheme_version))
        base.reset_peak()
        start = time.perf_counter()
        with park_scope(park.pk):
            snapshot = snapshots.correct(by=Actor.system(park), cycle=cycle, reason="bench")
        seconds = time.perf_counter() - start
        print(f"{snapshot.rows:,} enterprises, {values:,} values: {seconds:.1f} s, peak {base.peak():.2f} GB")
    finally:
        base.remove()


if __name__ == "__main__":
    main()

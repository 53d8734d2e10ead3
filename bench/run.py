"""A whole score run against the time of COPYing the same bytes: python -m bench.run [--units N] [--times K].

Makes a throw-away database on the embedded server, fills it with a demo zone, and removes it afterwards. The measured
run is the job as the worker does it: read the frozen rows, check their root, score, rank, digest, write, switch.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2

from bench.engine import peak, reset_peak

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "innovscore_bench"
SEED = 2022
WORLD = 100_000  # firms of the demo world; more are copies of them
CORRECTED, COUNTED = 200, 20  # enterprises whose figure is changed; every so many is checked by counting
RD_EXPENSE = 700_000_000  # fen


def prepare(place: Any = None) -> None:
    """Start the embedded servers (of a place, else those of the tests), make the database, and point this process at it
    as the worker role."""
    from innovscore import embedded

    values = embedded.start(place or embedded.TEST)
    source = values["DATABASE_OWNER_URL"]
    for name in embedded.DATABASE_NAMES:
        values[name] = urlsplit(values[name])._replace(path=f"/{DATABASE}").geturl()
    os.environ.update(
        values, DJANGO_SETTINGS_MODULE="innovscore.settings", BENCH_SOURCE=source, DEMO_MODE="1"
    )
    _admin(source, f'DROP DATABASE IF EXISTS "{DATABASE}"')
    _admin(source, f"CREATE DATABASE \"{DATABASE}\" TEMPLATE template0 ENCODING 'UTF8'")
    _manage("ensure_roles")
    if (
        "MIGRATED" in os.environ
    ):  # the owner's URL of a database that is migrated already: its tables are copied
        _copy_tables(os.environ["MIGRATED"], values["DATABASE_OWNER_URL"])
    else:
        _manage("migrate", "--skip-checks", "-v0")
    connect()


def _manage(*command: str) -> None:
    owner = os.environ | {"INNOVSCORE_PROCESS": "owner"}
    subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=owner, check=True, stdout=subprocess.DEVNULL
    )


def _copy_tables(source: str, target: str) -> None:
    from innovscore.embedded import postgres_bin

    dump = [postgres_bin() / "pg_dump", "--enable-row-security", "--inserts", source]
    load = [postgres_bin() / "psql", "--quiet", "--set=ON_ERROR_STOP=1", target]
    tables = subprocess.run(dump, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(load, check=True, input=tables, stdout=subprocess.DEVNULL)


def connect() -> None:
    """Point this process at the prepared database, as the worker role."""
    os.environ["INNOVSCORE_PROCESS"] = "worker"
    os.environ["LOG_LEVEL"] = "WARNING"
    import django
    import structlog

    django.setup()
    import_module("innovscore.celery")  # the bell rings in the test server's Redis
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))


def remove() -> None:
    from django.db import connections

    connections.close_all()
    for _attempt in range(50):  # sessions of killed workers and of the lease keeper end a moment later
        try:
            return _admin(os.environ["BENCH_SOURCE"], f'DROP DATABASE IF EXISTS "{DATABASE}"')
        except psycopg2.errors.ObjectInUse:
            time.sleep(0.2)
    return None


def _admin(url: str, command: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    connection.cursor().execute(command)
    connection.close()


class Clock:
    """Seconds by name; the shortest of several passes is kept."""

    def __init__(self) -> None:
        self.best: dict[str, float] = {}
        self.corrections: list[float] = []

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        taken = time.perf_counter() - start
        self.best[name] = min(taken, self.best.get(name, taken))


@contextmanager
def timed(clock: Clock, module: Any, name: str, label: str) -> Iterator[None]:
    """Time a function of a module while it is used by others."""
    function = getattr(module, name)

    def watched(*args: Any, **kwargs: Any) -> Any:
        with clock(label):
            return function(*args, **kwargs)

    setattr(module, name, watched)
    try:
        yield
    finally:
        setattr(module, name, function)


def fill(units: int) -> tuple[Any, Any]:
    """A park with `units` frozen enterprises; gives (park, cycle)."""
    import datetime as dt

    import numpy as np

    from enterprises.models import Cycle
    from indicators.models import SchemeVersion
    from innovscore.core.digest import sha256_hex
    from innovscore.demo.load import load_enterprises
    from innovscore.demo.world import make_world
    from parks import bulk, pgcopy
    from parks.models import Park, SubPark
    from parks.scope import park_scope
    from scoring import engine
    from scoring.models import Snapshot, SnapshotRow
    from scoring.queries.facts import LATE, LETTERS, head_of

    world = make_world(min(units, WORLD), 1, SEED)
    scheme = engine.load_scheme(ROOT / "indicators/schemes/cq_htz_30.yaml")
    values, states = _facts(world, scheme)
    park = Park.objects.create(code="bench", name="bench")
    with park_scope(park.pk):
        for number in range(3):
            SubPark.objects.create(code=f"s{number}", name=f"s{number}")
        numbers = [one.pk for one in load_enterprises(world, since=dt.date(2015, 1, 1))]
    ids = list(world.uscc)
    if units > WORLD:
        numbers, ids, values, states = _grown(park, units, numbers, ids, (values, states))
    facts = engine.make_facts(scheme, ids=ids, values=values, states=states)
    with park_scope(park.pk):
        version = SchemeVersion.objects.create(
            code=scheme.code, version="1", title=scheme.zh, body=dict(scheme.body), digest=scheme.digest, state="active",
            activated_at="2026-01-01T00:00Z",
        )  # fmt: skip
        cycle = Cycle.objects.create(
            year=2025, scheme_version=version, declaration_deadline="2026-06-30T00:00Z", state="frozen"
        )
        snapshot = Snapshot(
            cycle=cycle, scheme_version=version, columns=list(scheme.fact_columns), inputs=[i.code for i in scheme.inputs],
            rows=units, format=Snapshot.Format.SEALED,
        )  # fmt: skip
        nowhere = sha256_hex(b"{}")
        seal = engine.Seal(
            head=head_of(snapshot, scheme), confirmed_at=np.full(units, LATE), refused=np.zeros(units, dtype=np.uint8),
            provenance=np.full(units, nowhere, dtype="S64"),
        )  # fmt: skip
        snapshot.root = engine.snapshot_root(facts, seal)
        snapshot.save()
        letters = np.frombuffer(LETTERS.encode(), dtype="S1")[states]
        columns = (
            np.array(numbers, dtype=np.int64),
            np.array(ids, dtype="S18"),
            values,
            np.ascontiguousarray(letters).view(f"S{states.shape[1]}").ravel(),
        )
        in_order = np.argsort(np.array(ids))  # as a freeze writes them
        chunks = pgcopy.pack(lambda rows: [column[rows] for column in columns], in_order)
        bulk.copy_binary(
            SnapshotRow,
            columns={"enterprise_id": "bigint", "uscc": "text", "facts": "bigint[]", "states": "text"},
            chunks=chunks,
            insert={
                "snapshot_id": str(snapshot.pk), "enterprise_id": "enterprise_id", "uscc": "uscc", "facts": "facts",
                "states": "states", "stage_override": "''", "provenance": "'{}'",
                "provenance_digest": f"'{nowhere}'", "publication_refused": "false",
            },
        )  # fmt: skip
    return park, cycle


COPY_ENTERPRISE = """
INSERT INTO enterprises_enterprise (park_id, organisation_id, uscc, external_id, name, sub_park_id, industry, founded_on,
       legal_representative, registered_address, certification_state, uscc_override_reason, publication_refused, member_from,
       created_at)
SELECT park_id, organisation_id, '9150099Y' || lpad(n::text, 10, '0'), external_id, name, sub_park_id, industry, founded_on,
       legal_representative, registered_address, certification_state, uscc_override_reason, publication_refused, member_from,
       created_at
  FROM generate_series(0, %s) n JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS at FROM enterprises_enterprise) e
    ON e.at = n %% %s
RETURNING id
"""


def _grown(
    park: Any, units: int, numbers: list[int], ids: list[str], made: tuple[Any, Any]
) -> tuple[list[int], list[str], Any, Any]:
    """More firms than the demo world makes in a reasonable time: copies of its firms, money up to a quarter off."""
    import numpy as np

    values, states = made
    base, more = len(ids), units - len(ids)
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park.pk)])
        cursor.execute("ALTER TABLE enterprises_enterprise DROP CONSTRAINT enterprise_one_park_at_a_time")
        cursor.execute(COPY_ENTERPRISE, [more - 1, base])
        numbers = numbers + [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT id, uscc FROM enterprises_enterprise WHERE uscc LIKE '9150099Y%'")
        code = dict(cursor.fetchall())
    owner.close()
    ids = ids + [code[number] for number in numbers[base:]]
    rows = np.concatenate((np.arange(base), np.arange(more) % base))
    factor = np.random.default_rng(SEED).uniform(0.8, 1.25, (units, 1))
    factor[:base] = 1
    grown = values[rows]
    money = np.abs(values).max(axis=0) > 10**6
    grown[:, money] = np.rint(grown[:, money] * factor).astype(np.int64)
    return numbers, ids, grown, states[rows]


def _facts(world: Any, scheme: Any) -> tuple[Any, Any]:
    """Dense facts of a demo world's year, in the order of the scheme's columns."""
    import numpy as np

    year, n = world.years[0], len(world)
    values = np.zeros((n, len(scheme.fact_columns)), dtype=np.int64)
    states = np.ones((n, len(scheme.inputs)), dtype=np.uint8)
    place = {name: number for number, name in enumerate(scheme.fact_columns)}
    for number, item in enumerate(scheme.inputs):
        if item.is_list:
            for row, entries in year.entries[item.code].items():
                for entry in entries:
                    values[row, place[_column(item, entry)]] += 1
            continue
        amounts = year.amounts[item.code]
        gaps = np.isnan(amounts)
        values[:, place[item.code]] = np.rint(np.nan_to_num(amounts) * item.scale).astype(np.int64)
        states[gaps, number] = 0
    return values, states


def _column(item: Any, entry: dict[str, Any]) -> str:
    from scoring.engine.facts import rank_bucket

    if not item.levels:
        return str(item.code)
    column = f"{item.code}.{entry['level']}"
    return f"{column}#{rank_bucket(item, str(entry.get('rank') or ''))}" if item.ranks else column


def measure(park: Any, cycle: Any, times: int) -> tuple[Clock, dict[str, float]]:
    """Phases, whole runs and bare COPY, each the best of `times`."""
    from parks import bulk, jobs
    from parks.actors import Actor
    from parks.models import Job
    from parks.scope import park_scope
    from scoring import engine
    from scoring.models import ScoreResult, ScoreRun
    from scoring.queries import facts as frozen
    from scoring.queries.schemes import scheme_of
    from scoring.services import runs

    clock, sizes = Clock(), {}
    by = Actor.system(park)
    for number in range(times):
        with park_scope(park.pk):
            engine_version = f"{engine.ENGINE_VERSION}+{number}"
            run = runs.request_run(by=by, cycle=cycle)
            ScoreRun.objects.filter(pk=run.pk).update(engine_version=engine_version)
        with (
            clock("whole run (job, as the worker does it)"),
            timed(clock, runs, "write_results", "  write results"),
        ):
            reset_peak()
            jobs.run(run.job_id or 0)
        sizes["peak"] = peak()
        _analyse()
        with park_scope(park.pk):
            job = Job.objects.get(pk=run.job_id)
            assert job.state == "succeeded", job.error
            run = ScoreRun.objects.select_related("snapshot__scheme_version", "scheme_version").get(pk=run.pk)
            _phases(clock, run, frozen)
            clock.corrections = correct(run)
            rows = frozen.read(run.snapshot, scheme_of(run.scheme_version))
            done = runs.evaluate(run, rows)
            with clock("  statistics for the pages"):
                _ = done.statistics
            with clock("    of which pack"):
                chunks = list(runs.packed(done))
            query = "SELECT enterprise_id, uscc, facts, states, confirmed_at, publication_refused FROM scoring_snapshotrow WHERE snapshot_id = %s"
            with clock("COPY facts out"):
                out = io.BytesIO()
                bulk.read_binary(query, [run.snapshot_id], out)
            sizes["facts"] = out.tell() / 1e6
            sizes["results"] = sum(map(len, chunks)) / 1e6
            assert ScoreResult.objects.filter(run=run).count() == len(rows.facts)
            kinds = {name: kind for name, (kind, _values) in runs.result_columns(done, runs.NOBODY).items()}
        _copy_in(clock, run, kinds, chunks)  # outside of the scope: its transaction would hold the tables
    return clock, sizes


def _analyse() -> None:
    """The tables' statistics, which autovacuum takes within a minute of a bulk write."""
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("ANALYZE scoring_scoreresult, scoring_snapshotrow")
    owner.close()


def correct(run: Any) -> list[float]:
    """Seconds from one enterprise's changed figure to its new score and exact place, for enterprises all over the run.

    Some places are counted as well; raises AssertionError where the place found is another.
    """
    from scoring.models import ScoreResult
    from scoring.queries import alternatives, places, whatif
    from scoring.queries.schemes import scheme_of

    scheme, ranked = scheme_of(run.scheme_version), ScoreResult.objects.filter(run=run, place__isnull=False)
    step = max(run.statistics["ranked"] // CORRECTED, 1)
    seconds = []
    for number, row in enumerate(ranked.filter(place__in=range(1, step * CORRECTED, step))[:CORRECTED]):
        row.run = run
        start = time.perf_counter()
        after = whatif.changed(whatif.frozen_row(row), scheme, {"rd_expense": RD_EXPENSE})
        total = alternatives.score_rows(scheme, after)[0].total
        place = places.place_of(run, total, instead_of=row)
        seconds.append(time.perf_counter() - start)
        if number % COUNTED == 0:
            assert place == ranked.filter(total__gt=total).exclude(pk=row.pk).count() + 1
    return sorted(seconds)


INDEXES = (
    "ALTER TABLE copied ADD PRIMARY KEY (id)",
    "ALTER TABLE copied ADD UNIQUE (park_id, run_id, enterprise_id)",
    "CREATE INDEX ON copied (park_id, run_id, place)",
)
KEYS = (
    "ALTER TABLE copied ADD FOREIGN KEY (park_id, run_id) REFERENCES scoring_scorerun (park_id, id)",
    "ALTER TABLE copied ADD FOREIGN KEY (park_id, enterprise_id) REFERENCES enterprises_enterprise (park_id, id)",
)
TABLES = {"bare table": (), "same indexes": INDEXES, "same indexes and keys": INDEXES + KEYS}


def _copy_in(clock: Clock, run: Any, kinds: dict[str, str], chunks: list[bytes]) -> None:
    """Bare COPY of a run's results into ordinary tables of the same columns."""
    from parks import bulk

    made = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    names = ", ".join(f'"{name}"' for name in kinds)
    owner = psycopg2.connect(os.environ["DATABASE_OWNER_URL"])
    with owner.cursor() as cursor:
        for label, extra in TABLES.items():
            cursor.execute(
                "CREATE TABLE copied (id bigint GENERATED ALWAYS AS IDENTITY,"
                f" park_id bigint DEFAULT {run.park_id}, run_id bigint DEFAULT {run.pk}, {made})"
            )
            for statement in extra:
                cursor.execute(statement)
            owner.commit()
            with clock(f"COPY results in ({label})"):
                cursor.copy_expert(
                    f"COPY copied ({names}) FROM STDIN WITH (FORMAT binary)", bulk._Chunks(chunks), bulk.CHUNK
                )
                owner.commit()
            cursor.execute("DROP TABLE copied")
            owner.commit()
    owner.close()


def _phases(clock: Clock, run: Any, frozen: Any) -> None:
    from scoring import engine
    from scoring.queries.schemes import scheme_of

    scheme = scheme_of(run.scheme_version)
    with clock("  read facts"):
        rows = frozen.read(run.snapshot, scheme)
    with clock("  snapshot root"):
        engine.snapshot_root(rows.facts, rows.seal)
    with clock("  snapshot root, format 1"):
        engine.snapshot_root(rows.facts)
    with clock("  score"):
        scores = engine.score(rows.facts, scheme)
    with clock("  rank and boards"):
        engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    with clock("  result root"):
        engine.result_root(scores)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    args = parser.parse_args()
    prepare()
    try:
        park, cycle = fill(args.units)
        before = psutil.Process().memory_info().rss / 1e9
        clock, sizes = measure(park, cycle, args.times)
        _print(args, clock, sizes, before)
    finally:
        remove()


def _print(args: argparse.Namespace, clock: Clock, sizes: dict[str, float], before: float) -> None:
    import numpy as np
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
    print(
        f"whole run, {args.units:,} enterprises x 30 indicators, best of {args.times}; {platform.machine()}, {os.cpu_count()} cores,"
    )
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, PostgreSQL {server} (embedded, fsync off)"
    )
    for name, seconds in clock.best.items():
        print(f"  {seconds:7.3f} s  {name}")
    found = clock.corrections
    print(
        f"  one correction, score and exact place: least {1000 * found[0]:.1f} ms, median {1000 * found[len(found) // 2]:.1f} ms, "
        f"95 of 100 within {1000 * found[len(found) * 95 // 100]:.1f} ms"
    )
    whole = clock.best["whole run (job, as the worker does it)"]
    print(f"  facts {sizes['facts']:.0f} MB, results {sizes['results']:.0f} MB")
    print(
        "  on disk with indexes: " + ", ".join(f"{name} {size:.0f} MB" for name, size in _stored(args.times))
    )
    for label in TABLES:
        copies = clock.best["COPY facts out"] + clock.best[f"COPY results in ({label})"]
        print(f"  whole run / COPY out and in, {label}: {whole / copies:.2f}")
    print(f"  peak memory of the run {sizes['peak']:.2f} GB (the process before it: {before:.2f} GB)")


def _stored(runs: int) -> list[tuple[str, float]]:
    """Megabytes of frozen facts, and of the results of one run."""
    from django.db import connection

    sizes = []
    with connection.cursor() as cursor:
        for name, table, share in (
            ("facts", "scoring_snapshotrow", 1), ("results of a run", "scoring_scoreresult", runs),
        ):  # fmt: skip
            cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            sizes.append((name, cursor.fetchone()[0] / share / 1e6))
    return sizes


if __name__ == "__main__":
    main()

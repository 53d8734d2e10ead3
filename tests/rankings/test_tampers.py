"""Any row and column of what is published, and of what it rests on, changed by hand: found, and named.

Tables and columns come from the models; `BLIND` says which columns no hash covers and why, and a column in it that is
found after all is a fault of the list. TAMPERS (default 100) and SEED come from the environment.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError
from psycopg2.errors import IntegrityError as Refused
from psycopg2.extras import Json

from parks import audit
from parks.models import AuditEvent
from parks.scope import park_scope
from parks.tenancy import ParkModel
from rankings.models import BoardEdition, BoardEntry
from rankings.queries import certificates
from rankings.queries.verification import verify
from scoring.models import ScoreResult, ScoreRun, Snapshot, SnapshotRow
from tests.conftest import owner_connection
from tests.factories import rankings as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TRIES = int(os.environ.get("TAMPERS", "100"))
SEED = int(os.environ.get("SEED", str(random.randrange(10**6))))
RESTS_ON = (BoardEdition, BoardEntry, ScoreRun, ScoreResult, Snapshot, SnapshotRow, AuditEvent)
WHO = "who did it and when is in the audit chain, which is walked too"
OWN_PAGE = "shown to the firm and the office only; verify_run computes it again from the snapshot"
BLIND = {
    "rankings_publishedmethod.published_at": "when it was first shown is no part of a claim",
    "rankings_publishedkey.registered_at": "what a key signed is in the signed texts",
    "rankings_publishedkey.retired_at": "what a key signed is in the signed texts",
    "rankings_publishedcertificate.code": "a random address; another one is answered with 未查到",
    "rankings_publishedcertificate.shows_score": "the firm's consent, in the audit chain",
    "rankings_publishedcertificate.reason": "the words of a withdrawal, in the audit chain",
    "rankings_boardedition.supersedes_id": "follows from the numbers", "rankings_boardedition.members": "computed again with the rule",
    "rankings_boardedition.exclusions": "who refused; the lines are computed without them",
    "rankings_boardedition.proposed_at": WHO, "rankings_boardedition.proposed_by_ref": WHO, "rankings_boardedition.proposed_by_name": WHO,
    "rankings_boardedition.noticed_by_ref": WHO, "rankings_boardedition.noticed_by_name": WHO,
    "rankings_boardedition.published_by_ref": WHO, "rankings_boardedition.published_by_name": WHO,
    "rankings_boardedition.withdrawn_at": WHO, "rankings_boardedition.withdrawn_by_ref": WHO, "rankings_boardedition.withdrawn_by_name": WHO,
    "scoring_scorerun.job_id": WHO, "scoring_scorerun.requested_by_ref": WHO, "scoring_scorerun.requested_by_name": WHO,
    "scoring_scorerun.created_at": WHO, "scoring_scorerun.computed_at": WHO, "scoring_scorerun.official_at": WHO,
    "scoring_scorerun.state": OWN_PAGE, "scoring_scorerun.rows": OWN_PAGE, "scoring_scorerun.stages": OWN_PAGE,
    "scoring_scorerun.flag_codes": OWN_PAGE,
    "scoring_scorerun.statistics": OWN_PAGE, "scoring_scorerun.report": OWN_PAGE,
    "scoring_scoreresult.normalised": OWN_PAGE, "scoring_scoreresult.points": OWN_PAGE, "scoring_scoreresult.dimensions": OWN_PAGE,
    "scoring_scoreresult.deductions": OWN_PAGE, "scoring_scoreresult.completeness": OWN_PAGE,
    "scoring_scoreresult.flags": OWN_PAGE, "scoring_scoreresult.place": OWN_PAGE, "scoring_scoreresult.stage_place": OWN_PAGE,
    "scoring_scoreresult.stage_percentile": OWN_PAGE,
    "scoring_scoreresult.board_positions": "orders equal scores only",
    "scoring_scoreresult.board_places": "places are counted from the scores",
    "scoring_snapshot.frozen_by_ref": WHO, "scoring_snapshot.frozen_by_name": WHO, "scoring_snapshot.created_at": WHO,
}  # fmt: skip


PUBLISHED = {"scoring_scoreresult": "WHERE uscc IN (SELECT uscc FROM rankings_publishedentry)"}
"""Of the results, those that a board shows; the others are computed again by verify_run."""


def tables() -> list[type[ParkModel]]:
    """What everybody reads, written by functions alone, and what it rests on."""
    published = [
        model
        for model in apps.get_app_config("rankings").get_models()
        if issubclass(model, ParkModel) and getattr(model.Tenancy, "visible", "") == "true"
    ]
    return [*published, *RESTS_ON]


def columns(model: type[ParkModel]) -> list[str]:
    """Every column but the row's number and its park, which the composite keys hold."""
    fixed = {"id", "park_id"}
    return [field.column for field in model._meta.concrete_fields if field.column not in fixed]


def shorter(value: Any) -> Any:
    """Another value of the same kind: less of it. A list loses its first entry, so that all others stand for another column
    (the last one alone may belong to a board that is not published, and verify_run computes it again)."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value - 1 if value else value + 2
    if isinstance(value, dt.datetime | dt.date):
        return value - dt.timedelta(days=1)
    if isinstance(value, str):
        return value[:-1]
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, dict):
        return {}
    return value


def other(value: Any) -> Any:
    """The same kind of value, but another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Decimal):
        return value + 1
    if isinstance(value, dt.datetime | dt.date):
        return value + dt.timedelta(days=1)
    if isinstance(value, str):
        return (("0" if value[:1] != "0" else "1") + value[1:]) if value else "x"
    if isinstance(value, list):
        return [other(one) for one in value]
    if isinstance(value, dict):
        return value | {"tampered": 1}
    return value


@contextmanager
def tampered(owner: Any, table: str, column: str, number: int, value: Any) -> Iterator[None]:
    """One cell is another until the end; the cell is written back as it was."""
    owner.execute(f"SELECT {column} FROM {table} WHERE id = %s", [number])
    (was,) = owner.fetchone()
    write = f"UPDATE {table} SET {column} = %s WHERE id = %s"
    owner.execute(write, [_sent(value), number])
    try:
        yield
    finally:
        owner.execute(write, [_sent(was), number])


def _sent(value: Any) -> Any:
    return Json(value) if isinstance(value, dict) else value


def found() -> list[str]:
    said = [f"{one.where}: {one.what}" for one in verify()]
    said += [f"witness {number}: {what}" for number, what in certificates.witness_breaks()]
    return said + [f"audit {one.seq}: {one.what}" for one in audit.breaks()]


@pytest.fixture
def owner(live_db: None, park: Any, tmp_path: Any) -> Iterator[Any]:
    """A published and certified board, and a session of the owner with the triggers of the tables off."""
    make.certified_world(park, tmp_path / "signing")
    with make.as_worker(tmp_path / "signing"), park_scope(park.pk):
        from parks.actors import Actor
        from rankings.services import certificates as services

        services.record_witness(by=Actor.system(park))
    with owner_connection() as session, session.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        for model in tables():
            cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE TRIGGER USER")
        yield cursor
        for model in tables():
            cursor.execute(f"ALTER TABLE {model._meta.db_table} ENABLE TRIGGER USER")


def test_tampers_are_found_and_named(owner: Any, park: Any) -> None:
    rng = random.Random(SEED)  # which cells, not secrets
    cells = _cells(owner, rng)
    tried, refused, missed, unneeded = 0, 0, [], []
    seen: set[tuple[str, str]] = set()
    with park_scope(park.pk):
        assert found() == []
    for table, column, number, change in cells:
        is_blind = f"{table}.{column}" in BLIND
        if tried >= TRIES and len(seen) == len({cell[:2] for cell in cells}) and not is_blind:
            continue
        seen.add((table, column))
        owner.execute(f"SELECT {column} FROM {table} WHERE id = %s", [number])
        (value,) = owner.fetchone()
        if change(value) == value:
            continue
        try:
            with tampered(owner, table, column, number, change(value)), park_scope(park.pk):
                said = found()
        except (IntegrityError, Refused):
            refused += 1  # a constraint holds even against the owner
            continue
        if is_blind:
            unneeded += [f"{table}.{column}"] if said else []
            continue
        tried += 1
        missed += [] if said else [f"{table}.{column} of row {number}"]
    print(
        f"SEED={SEED} {tried} tried, {len(missed)} failed ({refused} refused by a constraint, {len(BLIND)} columns blind)"
    )
    print("missed:", missed, "found although blind:", unneeded)
    assert not missed and not unneeded
    assert tried >= min(TRIES, 100)
    with park_scope(park.pk):
        assert found() == []


def _cells(owner: Any, rng: random.Random) -> list[tuple[str, str, int, Callable[[Any], Any]]]:
    """Cells to change and how: every column once, then more rows and both ways, in a mixed order; the blind ones once."""
    sound, blind = [], []
    for model in tables():
        table = model._meta.db_table
        owner.execute(f"SELECT id FROM {table} {PUBLISHED.get(table, '')} ORDER BY id")
        rows = [number for (number,) in owner.fetchall()]
        for column in columns(model):
            if f"{table}.{column}" in BLIND:
                blind.append((table, column, rows[0], other))
            else:
                sound.append([(table, column, number, other) for number in rng.sample(rows, len(rows))])
    first = [cells[0] for cells in sound if cells]
    more = [cell for cells in sound for cell in cells[1:]]
    more += [(*cell[:3], shorter) for cells in sound for cell in cells]
    rng.shuffle(more)
    return [*first, *blind, *more]

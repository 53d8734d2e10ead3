"""Boards of the demo zones: published ones of earlier years, and one in every other state."""

from __future__ import annotations

import datetime as dt

import psycopg2

from innovscore.core import workdays
from innovscore.settings import env
from parks.actors import Actor
from parks.clock import BEIJING
from parks.scope import park_scope
from rankings.models import BoardEdition
from rankings.services import editions, notices, publication

CONTACT = "科技创新局积分专班 023-0000 0000"
TABLES = ("rankings_boardedition", "rankings_publishedboard")


def publish_year(*, park_id: int, year: int, boards: list[str], officer: Actor, publisher: Actor) -> None:
    """All boards of a past year, with a notice that ended in the October after it."""
    made = [
        _notice(park_id=park_id, year=year, board=board, officer=officer, publisher=publisher)
        for board in boards
    ]
    start = dt.datetime(year + 1, 10, 12, 9, tzinfo=BEIJING)
    _move_notices(made, start=start, end=start + dt.timedelta(days=9))
    for edition in made:
        with park_scope(park_id):
            publication.publish(by=publisher, edition=edition)
    _date_publication(made, at=dt.datetime(year + 1, 11, 20, 10, tzinfo=BEIJING))


def every_state(
    *, park_id: int, year: int, boards: list[str], officer: Actor, publisher: Actor, now: dt.datetime
) -> None:
    """First board: notice over, may be published now; second: on notice; third: proposed; the rest: nothing yet."""
    over = _notice(park_id=park_id, year=year, board=boards[0], officer=officer, publisher=publisher)
    _move_notices([over], start=now - dt.timedelta(days=12), end=now - dt.timedelta(hours=2))
    _notice(park_id=park_id, year=year, board=boards[1], officer=officer, publisher=publisher)
    with park_scope(park_id):
        editions.propose(by=officer, year=year, board=boards[2])


def _notice(*, park_id: int, year: int, board: str, officer: Actor, publisher: Actor) -> BoardEdition:
    with park_scope(park_id):
        edition = editions.propose(by=officer, year=year, board=board)
        return notices.put_on_notice(by=publisher, edition=edition, contact=CONTACT)


def _move_notices(made: list[BoardEdition], *, start: dt.datetime, end: dt.datetime) -> None:
    """Invented history needs the owner of the tables: the application cannot shorten a notice."""
    first = start.astimezone(BEIJING).date()
    days = [workdays.add_working_days(first, number) for number in range(1, 6)]
    for table in TABLES:
        change = "notice_starts_at = %s, notice_ends_at = %s, notice_days = %s::date[]"
        _as_owner(table, made, change, (start, end, days))


def _date_publication(made: list[BoardEdition], *, at: dt.datetime) -> None:
    for table in TABLES:
        _as_owner(table, made, "published_at = %s", (at,))


def _as_owner(table: str, made: list[BoardEdition], change: str, values: tuple[object, ...]) -> None:
    key = "id" if table == "rankings_boardedition" else "edition_id"
    owner = psycopg2.connect(env.str("DATABASE_OWNER_URL"))
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(made[0].park_id)])
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # table names are literals above
        update = f"UPDATE {table} SET {change} WHERE {key} = ANY(%s)"  # noqa: S608
        cursor.execute(update, (*values, [one.pk for one in made]))
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.close()

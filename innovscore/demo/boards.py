"""Boards of the demo zones: published ones of earlier years, and one in every other state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import psycopg2

from innovscore.core import workdays
from innovscore.settings import env
from parks.actors import Actor
from parks.clock import BEIJING
from parks.models import Park
from parks.scope import park_scope
from rankings.models import BoardEdition
from rankings.queries import editions as queries
from rankings.services import definitions, editions, notices, publication, releases
from rankings.states import COUNTDOWN

from . import papers

EVIDENCED = ("innovation_input", "rd_expense")
CONTACT = "科技创新局积分专班 023-0000 0000"
TABLES = ("rankings_boardedition", "rankings_publishedboard", "rankings_boardrelease")
FURTHER = (
    ("startup_input", "创新投入榜（初创期）", "R&D investment, start-ups", "stage", "innovation_input", "startup", 10, 5),
    ("ext1_quality", "高质量发展榜（拓展园一）", "Quality growth, extension park 1", "sub_park", "high_quality", "ext1", 10, 5),
    ("risers", "积分跃升榜", "Biggest risers", "risers", "", "", 20, 5),
    ("top_10", "总积分前 10%", "Top tenth by total", "band", "", "10", 200, 5),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """Who makes the boards of a zone: three persons, as the rules want it."""

    park: Park
    officer: Actor
    first: Actor
    second: Actor

    def propose(self, year: int, board: str) -> BoardEdition:
        with park_scope(self.park.pk):
            return editions.propose(by=self.officer, year=year, board=board)

    def notice(self, made: list[BoardEdition], *, start: dt.datetime, end: dt.datetime | None = None) -> None:
        """Confirmed by the first publisher; the notice begins at `start` and ends at `end` (as the rules say without it)."""
        with park_scope(self.park.pk):
            for edition in made:
                notices.put_on_notice(by=self.first, edition=edition, contact=CONTACT)
        _countdowns_end(made)
        with park_scope(self.park.pk):
            releases.settle(self.park)
        _date(made, step="on_notice", at=start, end=end)

    def publish(self, made: list[BoardEdition], *, at: dt.datetime) -> None:
        """Confirmed by the second publisher, final at `at`."""
        with park_scope(self.park.pk):
            for edition in made:
                publication.publish(by=self.second, edition=edition)
        _countdowns_end(made)
        with park_scope(self.park.pk):
            releases.settle(self.park)
        _date(made, step="final", at=at)


def publish_year(desk: Desk, *, year: int, boards: list[str], further: bool) -> None:
    """All boards of a past year, with a notice that ended in the October after it; `further`: also those of the zone's own."""
    codes = [*boards, *_defined(desk, boards, year)] if further else boards
    made = [desk.propose(year, board) for board in codes]
    papers.attach(desk.officer, made[codes.index(EVIDENCED[0])], EVIDENCED[1])
    start = dt.datetime(year + 1, 10, 12, 9, tzinfo=BEIJING)
    desk.notice(made, start=start, end=start + dt.timedelta(days=9))
    desk.publish(made, at=dt.datetime(year + 1, 11, 20, 10, tzinfo=BEIJING))


def _defined(desk: Desk, taken: list[str], year: int) -> list[str]:
    """Boards of the zone's own: a stage, a sub-park, the biggest risers, a band; those that have enough firms."""
    with park_scope(desk.park.pk):
        for code, zh, en, kind, base, value, size, smallest in FURTHER:
            fields = {
                "code": code, "name_zh": zh, "name_en": en, "kind": kind, "base": base, "value": value, "size": size,
                "smallest": smallest,
            }  # fmt: skip
            definitions.make(by=desk.officer, fields=fields, taken=set(taken))
        run = queries.run_of_year(year)
        return [code for code, *_rest in FURTHER if queries.draft_of(run, code).lines]


def every_state(desk: Desk, *, year: int, boards: list[str], now: dt.datetime) -> None:
    """First board: notice over, may be published now; second: on notice; third: proposed; the rest: nothing yet."""
    desk.notice(
        [desk.propose(year, boards[0])], start=now - dt.timedelta(days=12), end=now - dt.timedelta(hours=2)
    )
    desk.notice([desk.propose(year, boards[1])], start=now)
    desk.propose(year, boards[2])


# Invented history needs the owner of the tables: the application cannot move these times.


def _countdowns_end(made: list[BoardEdition]) -> None:
    _as_owner("rankings_boardrelease", made, "due_at = clock_timestamp()", (), "AND state = 'waiting'")


def _date(made: list[BoardEdition], *, step: str, at: dt.datetime, end: dt.datetime | None = None) -> None:
    _as_owner(
        "rankings_boardrelease", made, "confirmed_at = %s, due_at = %s", (at - COUNTDOWN, at), f"AND step = '{step}'"
    )  # fmt: skip
    for table in TABLES[:2]:
        if step == "final":
            _as_owner(table, made, "published_at = %s", (at,))
            continue
        if table == TABLES[0]:
            _as_owner(table, made, "proposed_at = %s", (at - COUNTDOWN * 5,))
        if end is not None:
            first = at.astimezone(BEIJING).date()
            days = [workdays.add_working_days(first, number) for number in range(1, 6)]
            change = "notice_starts_at = %s, notice_ends_at = %s, notice_days = %s::date[]"
            _as_owner(table, made, change, (at, end, days))


def _as_owner(
    table: str, made: list[BoardEdition], change: str, values: tuple[object, ...], which: str = ""
) -> None:
    key = "id" if table == "rankings_boardedition" else "edition_id"
    owner = psycopg2.connect(env.str("DATABASE_OWNER_URL"))
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(made[0].park_id)])
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")  # table names are literals above
        update = f"UPDATE {table} SET {change} WHERE {key} = ANY(%s) {which}"  # noqa: S608
        cursor.execute(update, (*values, [one.pk for one in made]))
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    owner.close()

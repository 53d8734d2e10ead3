"""Boards in every state, made through the services; time is moved as the owner of the tables."""

from __future__ import annotations

import datetime as dt
import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import connection
from django.test import override_settings

from enterprises.models import Cycle
from parks import jobs
from parks.actors import Actor
from parks.models import Park
from parks.scope import park_scope, set_local
from rankings.models import BoardEdition, PublishedBoard
from rankings.queries import editions as queries
from rankings.services import certificates, editions, notices, objections, publication, releases
from scoring.models import Anomaly, ScoreRun
from scoring.queries import results
from scoring.services import anomalies, runs
from tests.conftest import owner_connection
from tests.factories import parks as people
from tests.factories import scoring as make

YEAR = 2025
BOARD = "innovation_input"
CONTACT = "科技创新局 王女士 023-0000 0000"


def cases(count: int = 13, first: int = 1, scale: Decimal = Decimal(1)) -> list[make.Case]:
    """Firms that are all eligible; the figures fall from firm to firm, and two pairs are equal."""
    base = make.GOLDEN[2]["inputs"]
    found = []
    for number in range(count):
        firm = make.enterprise(first + number)
        values = _scaled(make.values_of(base), number, scale)
        found.append(make.Case(enterprise_id=firm.pk, uscc=firm.uscc, values=values))
    return found


def cases_again(count: int = 13) -> list[make.Case]:
    """The same cases for the firms that exist already."""
    from enterprises.models import Enterprise

    firms = list(Enterprise.objects.order_by("pk")[:count])
    base = make.GOLDEN[2]["inputs"]
    found = []
    for number, firm in enumerate(firms):
        found.append(
            make.Case(enterprise_id=firm.pk, uscc=firm.uscc, values=_scaled(make.values_of(base), number))
        )
    return found


def _scaled(values: dict[str, make.Value], number: int, scale: Decimal = Decimal(1)) -> dict[str, make.Value]:
    step = {4: 3, 11: 10}.get(number, number)  # firm 5 equals firm 4, firm 12 equals firm 11
    for code in ("rd_expense", "rd_staff", "revenue"):
        amount = values[code].amount if code in values else None
        if amount is not None:
            values[code].amount = (amount * (1 - Decimal(step) / 50) * scale).quantize(Decimal(1))
    return values


def weaker() -> list[make.Case]:
    """The same firms with less R&D, a year earlier."""
    found = cases_again()
    for case in found:
        for code in ("rd_expense", "hightech_revenue"):
            amount = case.values[code].amount
            if amount is not None:
                case.values[code].amount = (amount / 4).quantize(Decimal(1))
    return found


def computed(by: Actor, chosen: list[make.Case] | None = None, year: int = YEAR) -> ScoreRun:
    """A frozen and computed cycle; call it inside the park."""
    make.snapshot(by, year, cases() if chosen is None else chosen)
    return compute(by, year)


def compute(by: Actor, year: int = YEAR) -> ScoreRun:
    """Compute the newest snapshot of the year, make it current, and look at its anomalies."""
    run = runs.request_run(by=by, cycle=Cycle.objects.get(year=year))
    assert run.job_id is not None
    jobs.run(run.job_id)
    look_at_anomalies(by, run)
    return results.get_run(run.pk)


def look_at_anomalies(by: Actor, run: ScoreRun) -> None:
    """Every anomaly that is open: boards wait for it."""
    ids = list(Anomaly.objects.filter(run=run, cleared_at__isnull=True).values_list("pk", flat=True))
    if ids:
        anomalies.clear(by=by, run=run, ids=ids, note="已核对材料")


class Office:
    """The people of a park's office who make boards."""

    def __init__(self, park: Park) -> None:
        self.park = park
        self.officer = people.actor("score_officer", park)
        self.publisher = people.actor("publisher", park, name="孙发布")
        self.second = people.actor("publisher", park, name="何复核")
        self.admin = people.actor("park_admin", park)

    def proposed(self, board: str = BOARD, year: int = YEAR) -> BoardEdition:
        return editions.propose(by=self.officer, year=year, board=board)

    def on_notice(self, board: str = BOARD, year: int = YEAR) -> BoardEdition:
        return self.noticed(self.proposed(board, year))

    def noticed(self, edition: BoardEdition) -> BoardEdition:
        """Confirmed as a notice, and the countdown is over."""
        notices.put_on_notice(by=self.publisher, edition=edition, contact=CONTACT, text="拟入选名单")
        countdowns_end(self.park)
        return queries.get_edition(edition.pk)

    def checked(self, objection: Any) -> Any:
        """Taken up and investigated: ready to be answered."""
        objections.accept(by=self.admin, objection=objection)
        objections.investigate(by=self.admin, objection=objection, findings="核对了审计报告")
        return objection

    def publish(self, edition: BoardEdition) -> PublishedBoard:
        """Confirmed as final, and the countdown is over."""
        publication.publish(by=self.second, edition=edition)
        countdowns_end(self.park)
        return PublishedBoard.objects.get(edition=edition)


@functools.cache
def _clock_hand() -> None:
    """A function of the owner, in the tests' databases only: no guard lets the application move these times."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(
            "CREATE SCHEMA IF NOT EXISTS tests; GRANT USAGE ON SCHEMA tests TO innovscore_web, innovscore_worker; "
            "CREATE OR REPLACE FUNCTION tests.end_countdowns() RETURNS void LANGUAGE sql SECURITY DEFINER AS "
            "$$ UPDATE public.rankings_boardrelease SET due_at = clock_timestamp() WHERE state = 'waiting' $$"
        )


def countdowns_end(park: Park, *, settle: bool = True) -> int:
    """A quarter of an hour goes by in the park entered."""
    _clock_hand()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tests.end_countdowns()")
    return releases.settle(park) if settle else 0


@contextmanager
def inside(park: Park) -> Iterator[None]:
    """Work in the park and leave it for good: a test's transaction would keep the database's setting."""
    with park_scope(park.pk):
        yield
    set_local("app.park_id", "")


def run_out(edition: BoardEdition) -> None:
    """The notice ended an hour ago: stored times are moved by a session of the owner (committed data only)."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(edition.park_id)])
        cursor.execute("SELECT statement_timestamp() - interval '1 hour'")
        (end,) = cursor.fetchone()
        for table, column in (("rankings_boardedition", "id"), ("rankings_publishedboard", "edition_id")):
            cursor.execute(
                f"UPDATE {table} SET notice_starts_at = notice_starts_at - %s, notice_ends_at = %s WHERE {column} = %s",
                [dt.timedelta(days=10), end, edition.pk],
            )


def published_world(park: Park) -> tuple[Office, BoardEdition]:
    """A park with one final board (committed data only)."""
    with park_scope(park.pk):
        office = Office(park)
        computed(office.officer)
        edition = office.on_notice()
    run_out(edition)
    with park_scope(park.pk):
        office.publish(edition)
    return office, edition


@contextmanager
def as_worker(keys: Path) -> Iterator[None]:
    """Connected as the worker role with a folder of signing keys (committed data only)."""
    settings_of = connection.settings_dict
    kept = {name: settings_of[name] for name in ("USER", "PASSWORD")}
    parts = urlsplit(os.environ["DATABASE_WORKER_URL"])
    connection.close()
    settings_of.update(USER=unquote(parts.username or ""), PASSWORD=unquote(parts.password or ""))
    try:
        with override_settings(SIGNING_KEYS=keys, WITNESS_ROOT=keys.parent / "witness"):
            yield
    finally:
        connection.close()
        settings_of.update(kept)


def certified_world(park: Park, keys: Path) -> tuple[Office, BoardEdition]:
    """A park with one final board and its certificates, signed by the worker role (committed data only)."""
    office, edition = published_world(park)
    with as_worker(keys), park_scope(park.pk):
        assert certificates.issue_missing(by=Actor.system(park)) == edition.size
    return office, edition

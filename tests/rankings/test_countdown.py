"""A confirmed step is public a quarter of an hour later, and until then it can be recalled; the database's clock decides."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from enterprises.models import Enterprise, PenaltyRecord
from finance.queries.standing import in_force
from innovscore.core.problems import Conflict, Forbidden, Problem
from parks.models import AuditEvent
from parks.queries import inbox
from parks.scope import park_scope
from rankings.models import BoardEdition, BoardRelease, Objection, PublishedBoard
from rankings.queries import editions as queries
from rankings.services import notices, objections, publication, releases
from scoring.models import ScoreRun
from scoring.queries.schemes import scheme_of
from tests.conftest import owner_connection
from tests.factories import parks as people
from tests.factories import rankings as make

pytestmark = pytest.mark.django_db
BOARD = f"/zones/cq/boards/{make.YEAR}/{make.BOARD}/"
QUARTER = dt.timedelta(minutes=15)


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    make.computed(office.officer)
    return office


def confirmed(office: make.Office) -> BoardEdition:
    edition = office.proposed()
    notices.put_on_notice(by=office.publisher, edition=edition, contact=make.CONTACT)
    return edition


def state_of(edition: BoardEdition) -> str:
    return BoardEdition.objects.get(pk=edition.pk).state


def test_nothing_is_public_before_the_countdown_is_over(office: make.Office) -> None:
    edition = confirmed(office)
    release = BoardRelease.objects.get()
    assert release.due_at - release.confirmed_at == pytest.approx(QUARTER, abs=dt.timedelta(seconds=1))
    assert releases.settle(office.park) == 0
    assert (state_of(edition), PublishedBoard.objects.count()) == ("proposed", 0)


def test_whoever_looks_first_puts_it_in_force_from_the_end_of_the_countdown(live_db: None, park: Any) -> None:
    """No worker runs here."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = confirmed(office)
    assert Client().get(BOARD).status_code == 404
    with park_scope(park.pk):
        make.countdowns_end(park, settle=False)
        due = BoardRelease.objects.get().due_at
    assert Client().get(BOARD).status_code == 200
    with park_scope(park.pk):
        edition = queries.get_edition(edition.pk)
        assert (edition.state, edition.notice_starts_at, edition.noticed_by_name) == (
            "on_notice",
            due,
            "孙发布",
        )
        assert AuditEvent.objects.get(action="board.put_on_notice").after.count("孙发布") == 1
        assert releases.settle(park) == 0


def test_a_recalled_step_leaves_everything_as_it_was_and_may_be_confirmed_again(office: make.Office) -> None:
    edition = confirmed(office)
    releases.recall(by=office.officer, edition=edition)
    assert make.countdowns_end(office.park) == 0
    assert state_of(edition) == "proposed"
    with pytest.raises(Conflict, match="countdown_over"):
        releases.recall(by=office.publisher, edition=edition)
    assert office.noticed(edition).state == "on_notice"
    assert [row.state for row in BoardRelease.objects.order_by("pk")] == ["recalled", "done"]


def test_what_waits_is_neither_confirmed_twice_nor_withdrawn(office: make.Office) -> None:
    edition = confirmed(office)
    for step in (
        lambda: notices.put_on_notice(by=office.second, edition=edition, contact=make.CONTACT),
        lambda: publication.withdraw(by=office.officer, edition=edition, reason="数据有误"),
    ):
        with pytest.raises(Conflict, match="release_waits"):
            step()
    with pytest.raises(DatabaseError, match="recall what waits first"), transaction.atomic():
        BoardEdition.objects.filter(pk=edition.pk).update(state="withdrawn", reason="x", withdrawn_by_ref=1)


def test_the_one_who_put_it_on_notice_does_not_publish_it(live_db: None, park: Any) -> None:
    """Proposer, who puts on notice and who publishes are three persons: service, page and database say so."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
    make.run_out(edition)
    with park_scope(park.pk):
        with pytest.raises(Forbidden):
            publication.publish(by=office.publisher, edition=edition)
        with pytest.raises(DatabaseError, match="does not confirm it"), transaction.atomic():
            sql(
                "SELECT rankings_confirm(%s, %s, 'x', 'final', NULL, '{}', '', '')",
                edition.pk,
                office.publisher.person_id,
            )
        publication.publish(by=office.second, edition=edition)
        assert state_of(edition) == "on_notice"
        make.countdowns_end(park)
        assert state_of(edition) == "final"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE rankings_boardrelease SET due_at = now()",
        "UPDATE rankings_boardrelease SET state = 'recalled', recalled_at = now()",
        "DELETE FROM rankings_boardrelease",
        "INSERT INTO rankings_boardrelease SELECT * FROM rankings_boardrelease",
        "UPDATE rankings_boardedition SET state = 'on_notice'",
        "SELECT rankings_recall(e.id, 987654, 'x') FROM rankings_boardedition e",
    ],
)
def test_sql_as_the_application_does_not_hurry_the_countdown(office: make.Office, statement: str) -> None:
    edition = confirmed(office)
    with pytest.raises(DatabaseError), transaction.atomic():
        sql(statement)
    assert sql("SELECT rankings_settle(%s)", edition.pk) == (None,)
    assert state_of(edition) == "proposed"


def sql(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone() if cursor.description else None


# Races: the edition's row is locked by all who change it


def at_once(park: Any, *deeds: Callable[[], Any]) -> list[str]:
    """What happens to each deed when they are done at the same time, on connections of their own."""
    start, told = threading.Barrier(len(deeds)), [""] * len(deeds)

    def do(number: int, deed: Callable[[], Any]) -> None:
        start.wait()
        try:
            with park_scope(park.pk):
                deed()
            told[number] = "done"
        except Problem as problem:
            told[number] = problem.code
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


@pytest.fixture
def ended(live_db: None, park: Any) -> tuple[make.Office, BoardEdition]:
    """A board whose notice is over."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
    make.run_out(edition)
    return office, edition


def test_publishing_twice_at_once_has_one_effect(ended: Any, park: Any) -> None:
    office, edition = ended
    publish = lambda: publication.publish(by=office.second, edition=edition)  # noqa: E731
    assert sorted(at_once(park, publish, publish, publish)) == ["done", "release_waits", "release_waits"]
    with park_scope(park.pk):
        assert BoardRelease.objects.filter(step="final").count() == 1
        make.countdowns_end(park, settle=False)
    at_once(park, *[lambda: releases.settle(park)] * 4)
    with park_scope(park.pk):
        assert AuditEvent.objects.filter(action="board.published").count() == 1


def test_a_recall_at_the_end_of_the_countdown_is_before_it_or_after_it_never_both(
    ended: Any, park: Any
) -> None:
    office, edition = ended
    for milliseconds in (200, 40, 20, 10, 5, 0, -20):
        with park_scope(park.pk):
            publication.publish(by=office.second, edition=edition)
        as_owner(
            park, "UPDATE rankings_boardrelease SET due_at = clock_timestamp() + %s WHERE state = 'waiting'",
            dt.timedelta(milliseconds=milliseconds),
        )  # fmt: skip
        told = at_once(
            park, lambda: releases.recall(by=office.publisher, edition=edition), lambda: releases.settle(park)
        )[0]
        with park_scope(park.pk):
            releases.settle(park)
            after = (told, state_of(edition))
        assert after in {("done", "on_notice"), ("countdown_over", "final"), ("refused_by_database", "final")}
        if after[1] == "final":
            break


def as_owner(park: Any, statement: str, *values: Any) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        cursor.execute(statement, values)


def test_an_objection_of_the_last_moment_bars_publication(live_db: None, park: Any) -> None:
    """Filed before the end and committed after it: who publishes meanwhile waits for it and is refused."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
        shown = PublishedBoard.objects.get()
    soon_over(park, edition)
    filed = threading.Event()

    def file() -> None:
        objections.file_publicly(
            published=shown,
            name="张三",
            contact="13800000000",
            statement="研发费用数据与年报不符。",
            address="10.0.0.1",
        )
        filed.set()
        sleep_past_the_end(0.3)

    def publish() -> None:
        filed.wait(10)
        sleep_past_the_end(0.01)
        publication.publish(by=office.second, edition=edition)

    assert at_once(park, file, publish) == ["done", "objection_open"]


def test_an_objection_that_had_to_wait_past_the_end_is_late(live_db: None, park: Any) -> None:
    """Somebody held the edition when the notice ended: the clock is read after the wait, never before."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
        shown = PublishedBoard.objects.get()
    soon_over(park, edition)
    held = threading.Event()

    def hold() -> None:
        BoardEdition.objects.select_for_update().get(pk=edition.pk)
        held.set()
        sleep_past_the_end(0.2)

    def file() -> None:
        held.wait(10)
        objections.file_publicly(
            published=shown, name="张三", contact="13800000000", statement="研发费用数据与年报不符。", address="10.0.0.1"
        )  # fmt: skip

    assert at_once(park, hold, file) == ["done", "notice_over"]
    with park_scope(park.pk):
        assert Objection.objects.count() == 0


def soon_over(park: Any, edition: BoardEdition) -> None:
    for table, column in (("rankings_boardedition", "id"), ("rankings_publishedboard", "edition_id")):
        as_owner(
            park, f"UPDATE {table} SET notice_starts_at = now() - interval '10 days', "
            f"notice_ends_at = clock_timestamp() + interval '1 second' WHERE {column} = %s", edition.pk,
        )  # fmt: skip


def sleep_past_the_end(seconds: float) -> None:
    sql(
        "SELECT pg_sleep(extract(epoch FROM notice_ends_at - clock_timestamp()) + %s) FROM rankings_boardedition",
        seconds,
    )


# Withdrawing


def test_when_the_last_board_of_a_run_is_withdrawn_lending_no_longer_goes_by_it(
    live_db: None, park: Any
) -> None:
    office, edition = make.published_world(park)
    firm = edition_firm(park, edition)
    with park_scope(park.pk):
        standing = in_force(firm)
        assert standing is not None and standing.is_published
        publication.withdraw(by=office.publisher, edition=edition, reason="数据有误")
    with park_scope(park.pk):
        assert ScoreRun.objects.get(pk=edition.run_id).official_at is None
        standing = in_force(firm)
        assert standing is not None and not standing.is_published
        assert AuditEvent.objects.filter(action="run.no_longer_official").count() == 1


# What changed during the countdown


def first_firm(edition: BoardEdition) -> Enterprise:
    return Enterprise.objects.get(pk=edition.entries.get(position=1).enterprise_id)


def messages_to(actor: Any) -> list[str]:
    return [message.text for message in inbox.of(actor)]


def test_a_firm_that_refuses_during_the_countdown_stops_it_at_once(office: make.Office) -> None:
    edition = confirmed(office)
    firm = first_firm(edition)
    signatory = people.actor("enterprise_signatory", office.park, organisation=firm.organisation)
    browser = people.client_for(signatory)
    page = reverse("rankings:own_profile", args=[office.park.code])
    assert browser.post(page, {"declare": "refuse"}).status_code == 302
    with park_scope(office.park.pk):
        release = BoardRelease.objects.get()
        assert (release.state, release.recalled_by_ref, firm.name in release.reason) == (
            "recalled",
            None,
            True,
        )
        assert make.countdowns_end(office.park) == 0
        assert state_of(edition) == "proposed"
        assert any(firm.name in text and "自动暂停" in text for text in messages_to(office.publisher))
        assert AuditEvent.objects.filter(action="enterprise.publication_refused").count() == 1
    assert "撤销声明" in browser.get(page).content.decode()
    browser.post(page, {"declare": "agree"})
    with park_scope(office.park.pk):
        assert not first_firm(edition).publication_refused
        assert office.noticed(edition).state == "on_notice"


def refuses(edition: BoardEdition) -> None:
    Enterprise.objects.filter(pk=first_firm(edition).pk).update(publication_refused=True)


def is_struck_by_a_veto(edition: BoardEdition) -> None:
    scheme = scheme_of(edition.run.scheme_version)
    veto = next(one.code for one in scheme.penalties if one.veto)
    PenaltyRecord.objects.create(
        enterprise=first_firm(edition), code=veto, source="market", starts_on="2026-01-01"
    )


@pytest.mark.parametrize(("change", "said"), [(refuses, "不同意公开"), (is_struck_by_a_veto, "否决事项")])
def test_what_changed_without_a_word_is_found_when_the_countdown_is_over(
    office: make.Office, change: Callable[[BoardEdition], None], said: str
) -> None:
    edition = confirmed(office)
    change(edition)
    assert make.countdowns_end(office.park) == 0
    release = BoardRelease.objects.get()
    assert (release.state, said in release.reason) == ("recalled", True)
    assert (state_of(edition), PublishedBoard.objects.count()) == ("proposed", 0)
    assert any(said in text for text in messages_to(office.officer))
    assert releases.settle(office.park) == 0
    publication.withdraw(by=office.officer, edition=edition, reason="重新编制")
    again = office.proposed()
    assert first_firm(edition).uscc not in {line.uscc for line in queries.lines_of(again)}
    assert office.noticed(again).state == "on_notice"


def test_a_snapshot_changed_during_the_countdown_is_not_released(ended: Any, park: Any) -> None:
    office, edition = ended
    with park_scope(park.pk):
        publication.publish(by=office.second, edition=edition)
    as_owner(park, "ALTER TABLE scoring_snapshotrow DISABLE TRIGGER USER")
    as_owner(park, "UPDATE scoring_snapshotrow SET provenance = replace(provenance, 'tax', 'tox')")
    with park_scope(park.pk):
        assert make.countdowns_end(park) == 0
        assert "核定人" in BoardRelease.objects.get(step="final").reason
        assert state_of(edition) == "on_notice"
    as_owner(park, "ALTER TABLE scoring_snapshotrow ENABLE TRIGGER USER")


def test_the_database_alone_releases_no_list_with_a_firm_that_refuses(office: make.Office) -> None:
    edition = confirmed(office)
    refuses(edition)
    make.countdowns_end(office.park, settle=False)
    with pytest.raises(DatabaseError, match="refuses to be shown"), transaction.atomic():
        sql("SELECT rankings_settle(%s)", edition.pk)


def edition_firm(park: Any, edition: BoardEdition) -> int:
    with park_scope(park.pk):
        number: int = edition.entries.get(position=1).enterprise_id
        return number

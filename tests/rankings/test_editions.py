"""From a run to a published board: four eyes, the notice's window, proofs; guarded by the database too."""

from __future__ import annotations

import copy
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from enterprises.models import Enterprise
from innovscore.core.problems import Conflict, Forbidden, Gone, Refused, TooMany
from parks.clock import BEIJING
from parks.models import AuditEvent, CalendarDay, Person
from parks.scope import park_scope
from rankings import rules
from rankings.models import (
    BoardEdition,
    BoardEntry,
    Objection,
    PublishedBoard,
    PublishedCurrent,
    PublishedEntry,
)
from rankings.queries import editions as queries
from rankings.queries import public
from rankings.queries.wording import moment
from rankings.services import notices, objections, publication
from rankings.signals import board_published
from scoring.models import ScoreRun
from tests.conftest import owner_connection
from tests.factories import parks as people
from tests.factories import rankings as make
from tests.factories import scoring

pytestmark = pytest.mark.django_db
CONFIRM_FINAL = "SELECT rankings_confirm(%s, %s, 'x', 'final', NULL, '{}'::date[], '', '')"


@pytest.fixture
def office(in_park: Any) -> make.Office:
    office = make.Office(in_park)
    make.computed(office.officer)
    return office


def as_app(sql: str, *parameters: Any) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone() if cursor.description else None


def refused(sql: str, *parameters: Any) -> str:
    with pytest.raises(DatabaseError) as error:
        as_app(sql, *parameters)
    return str(error.value)


def test_a_proposal_copies_the_board_of_the_run_and_can_be_proved(office: make.Office) -> None:
    edition = office.proposed()
    lines = queries.lines_of(edition)
    assert (edition.state, edition.number, edition.eligible, len(lines)) == ("proposed", 1, 13, 10)
    assert [line.place for line in lines] == [1, 2, 3, 4, 4, 6, 7, 8, 9, 10]
    assert [line.tied for line in lines].count(True) == 2
    assert edition.entries_root == rules.root_of(lines)
    assert queries.proof_breaks(edition) == []


def test_those_next_out_are_named_with_the_reason(office: make.Office) -> None:
    draft = queries.draft_of(queries.run_of_year(make.YEAR), make.BOARD)
    assert [one.place for one in draft.next_out] == [11, 11, 13]
    assert all("比末位低" in one.reason for one in draft.next_out)


def test_all_who_share_the_last_place_are_on_the_board_when_the_scheme_says_so(in_park: Any) -> None:
    body = copy.deepcopy(dict(scoring._scheme.body))
    body["board_rules"]["cut"] = "include_all"
    body["board_rules"]["size"] = 11
    scoring.scheme_version(body, "2021.2")
    office = make.Office(in_park)
    make.computed(office.officer)
    lines = queries.lines_of(office.proposed())
    assert [line.place for line in lines][-2:] == [11, 11]
    assert len(lines) == 12


def test_who_refuses_publication_is_not_shown_and_others_move_up(office: make.Office) -> None:
    winner = queries.draft_of(queries.run_of_year(make.YEAR), make.BOARD).lines[0]
    Enterprise.objects.filter(pk=winner.enterprise_id).update(publication_refused=True)
    edition = office.proposed()
    assert winner.line.uscc not in {line.uscc for line in queries.lines_of(edition)}
    assert edition.exclusions[0]["enterprise"] == winner.enterprise_id
    assert [line.place for line in queries.lines_of(edition)][:3] == [1, 2, 3]
    assert queries.proof_breaks(edition) == []


def test_fewer_than_ten_are_listed_with_the_reason_from_preview_to_publication(
    live_db: None, park: Any
) -> None:
    """Seven are eligible, the last two refuse: five places, everywhere with the reason, and the proof holds."""
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer, make.cases(7))
        draft = queries.draft_of(queries.run_of_year(make.YEAR), make.BOARD)
        assert "只有 7 家，全部列入" in public.draft_page(draft, make.YEAR).shortfall
        Enterprise.objects.filter(
            pk__in=[row.enterprise_id for row in draft.lines if row.line.position > 5]
        ).update(publication_refused=True)
        edition = office.on_notice()
        assert queries.proof_breaks(edition) == []
    make.run_out(edition)
    with park_scope(park.pk):
        published = office.publish(edition)
    assert (published.size, published.eligible) == (5, 7)
    client = Client()
    for path in (
        f"/zones/cq/boards/{make.YEAR}/{make.BOARD}/",
        f"/zones/cq/notices/{published.pk}/",
        f"/zones/cq/notices/{published.pk}/print/",
    ):
        assert "实际列入 5 家" in client.get(path).content.decode(), path


def test_who_refuses_after_the_proposal_stops_the_notice(office: make.Office) -> None:
    edition = office.proposed()
    Enterprise.objects.filter(uscc=queries.lines_of(edition)[2].uscc).update(publication_refused=True)
    with pytest.raises(Conflict) as error:
        notices.put_on_notice(by=office.publisher, edition=edition, contact=make.CONTACT)
    assert error.value.code == "publication_refused"
    assert PublishedBoard.objects.count() == 0


def test_one_proposal_waits_at_a_time_and_a_run_is_shown_once(office: make.Office) -> None:
    first = office.proposed()
    with pytest.raises(Conflict) as error:
        office.proposed()
    assert error.value.code == "proposal_waits"
    office.noticed(first)
    with pytest.raises(Conflict) as error:
        office.proposed()
    assert error.value.code == "same_run"


def test_no_board_without_a_run(in_park: Any) -> None:
    with pytest.raises(Conflict) as error:
        make.Office(in_park).proposed()
    assert error.value.code == "no_run"


# Four eyes


def test_the_proposer_neither_puts_on_notice_nor_publishes(office: make.Office) -> None:
    person = Person.objects.get(pk=office.officer.person_id)
    other_hat = people.actor("publisher", office.park, person=person)  # another account, the same human being
    edition = office.proposed()
    with pytest.raises(Forbidden):
        notices.put_on_notice(by=other_hat, edition=edition, contact=make.CONTACT)
    edition = office.noticed(edition)
    with pytest.raises(Forbidden):
        publication.publish(by=other_hat, edition=edition)


def test_the_database_refuses_the_same_person_too(office: make.Office) -> None:
    people.actor("publisher", office.park, person=Person.objects.get(pk=office.officer.person_id))
    edition = office.proposed()
    message = refused(
        "SELECT rankings_confirm(%s, %s, 'x', 'on_notice', now() + interval '9 days', '{}'::date[], '', 'y')",
        edition.pk, office.officer.person_id,
    )  # fmt: skip
    assert "does not confirm it" in message


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE rankings_boardedition SET state = 'on_notice', noticed_by_ref = %(other)s WHERE id = %(id)s",
        "UPDATE rankings_boardedition SET state = 'on_notice' WHERE id = %(id)s",
        "UPDATE rankings_boardedition SET state = 'final' WHERE id = %(id)s",
        "UPDATE rankings_boardedition SET proposed_by_ref = %(other)s WHERE id = %(id)s",
        "UPDATE rankings_boardedition SET eligible = 1 WHERE id = %(id)s",
        "UPDATE rankings_boardentry SET name = '别家' WHERE edition_id = %(id)s",
        "DELETE FROM rankings_boardentry WHERE edition_id = %(id)s",
        "DELETE FROM rankings_boardedition WHERE id = %(id)s",
        "INSERT INTO rankings_allowedtransition (aggregate, before, after) VALUES ('edition', 'proposed', 'final')",
        "UPDATE rankings_allowedtransition SET after = 'final' WHERE before = 'proposed'",
        "DELETE FROM rankings_allowedtransition",
        "SELECT rankings_confirm(%(id)s, %(other)s, 'x', 'final', NULL, '{}'::date[], '', '')",
        "SELECT rankings_publish(e, 1) FROM rankings_boardedition e WHERE id = %(id)s",
        "SELECT rankings_put_on_notice(e, 1) FROM rankings_boardedition e WHERE id = %(id)s",
        "SELECT rankings_confirm(%(id)s, %(officer)s, 'x', 'on_notice', now() + interval '9 days', '{}'::date[], '', 'y')",
        "SELECT rankings_confirm(%(id)s, 987654, 'x', 'on_notice', now() + interval '9 days', '{}'::date[], '', 'y')",
        "SELECT rankings_confirm(%(id)s, %(other)s, 'x', 'on_notice', now() + interval '4 days', '{}'::date[], '', 'y')",
        "SELECT rankings_supersede(%(id)s)",
        "SELECT rankings_take(%(id)s, %(other)s)",
        "INSERT INTO rankings_publishedcurrent (park_id, year, board, published_id) VALUES (%(park)s, 2025, 'x', 1)",
        "DELETE FROM rankings_publishedboard",
        "UPDATE rankings_publishedentry SET place = 1",
        "UPDATE rankings_publishedboard SET state = 'final'",
        "DELETE FROM rankings_publishedmethod",
    ],
)
def test_sql_as_the_application_gets_around_nothing(office: make.Office, sql: str) -> None:
    edition = office.proposed()
    values = {
        "id": edition.pk,
        "other": office.publisher.person_id,
        "officer": office.officer.person_id,
        "park": office.park.pk,
    }
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    edition.refresh_from_db()
    assert edition.state == "proposed"


def test_the_worker_role_cannot_publish(office: make.Office) -> None:
    functions = ("rankings_confirm", "rankings_recall", "rankings_withdraw")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, has_function_privilege('innovscore_worker', oid, 'EXECUTE'), "
            "has_function_privilege('innovscore_web', oid, 'EXECUTE'), prosecdef, proconfig IS NOT NULL "
            "FROM pg_proc WHERE proname = ANY(%s)",
            [list(functions)],
        )
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    assert found == dict.fromkeys(functions, (False, True, True, True))


# The table of transitions


def test_the_table_in_the_database_is_the_table_in_the_code(db: None) -> None:
    from rankings.models import AllowedTransition
    from rankings.states import TRANSITIONS

    stored = set(AllowedTransition.objects.values_list("aggregate", "before", "after"))
    assert stored == {(what, str(a), str(b)) for what, pairs in TRANSITIONS.items() for a, b in pairs}


# The notice


def test_a_notice_ends_after_five_working_days_of_the_official_calendar(office: make.Office) -> None:
    span = notices.window()
    assert len(span.days) == 5
    assert span.ends_at.astimezone(BEIJING).time() == dt.time()
    edition = office.on_notice()
    assert edition.notice_ends_at == span.ends_at
    assert edition.notice_days == span.days


def test_the_parks_own_holidays_move_the_end(office: make.Office) -> None:
    before = notices.window()
    CalendarDay.objects.create(day=before.days[0], is_working_day=False)
    assert notices.window().ends_at > before.ends_at


def test_a_make_up_saturday_counts(in_park: Any) -> None:
    from parks import workdays

    assert workdays.add_working_days(dt.date(2026, 9, 28), 5) == dt.date(
        2026, 10, 10
    )  # a Saturday after the National Day


def test_midnight_is_written_as_the_end_of_the_day() -> None:
    assert moment(dt.datetime(2026, 12, 1, 16, tzinfo=dt.UTC)) == "2026年12月1日 24:00"
    assert moment(dt.datetime(2026, 12, 1, 10, tzinfo=dt.UTC)) == "2026年12月1日 18:00"


def test_a_shorter_notice_is_refused(office: make.Office) -> None:
    with pytest.raises(Refused) as error:
        notices.put_on_notice(
            by=office.publisher, edition=office.proposed(), contact=make.CONTACT, working_days=4
        )
    assert error.value.field == "working_days"


def test_a_running_notice_cannot_be_published(office: make.Office) -> None:
    edition = office.on_notice()
    with pytest.raises(Conflict) as error:
        office.publish(edition)
    assert error.value.code == "notice_runs"
    assert "24:00" in str(error.value.message)
    message = refused(CONFIRM_FINAL, edition.pk, office.second.person_id)
    assert "the notice is still running" in message


@pytest.mark.parametrize(
    "column",
    [
        "notice_ends_at = notice_ends_at - interval '1 second'",
        "notice_starts_at = now() - interval '30 days'",
    ],
)
def test_a_notice_cannot_be_shortened_by_the_application(office: make.Office, column: str) -> None:
    edition = office.on_notice()
    refused(f"UPDATE rankings_boardedition SET {column} WHERE id = %s", edition.pk)


def test_after_the_notice_it_is_published_and_the_run_is_official(live_db: None, park: Any) -> None:
    heard = []

    def hear(**event: Any) -> None:
        heard.append(event["published"].board)

    board_published.connect(hear)
    try:
        office, edition = make.published_world(park)
    finally:
        board_published.disconnect(hear)
    assert heard == [make.BOARD]
    with park_scope(park.pk):
        shown = PublishedBoard.objects.get()
        assert (shown.state, shown.published_at is not None) == ("final", True)
        assert PublishedCurrent.objects.get().published_id == shown.pk
        assert ScoreRun.objects.get(pk=edition.run_id).official_at is not None
        actions = list(
            AuditEvent.objects.filter(action__startswith="board.")
            .order_by("seq")
            .values_list("action", flat=True)
        )
        assert actions == [
            "board.proposed", "board.release_confirmed", "board.put_on_notice", "board.release_confirmed", "board.published",
        ]  # fmt: skip


def test_the_database_publishes_only_after_the_end_by_its_own_clock(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
    with park_scope(park.pk):
        assert "still running" in refused(CONFIRM_FINAL, edition.pk, office.second.person_id)
    make.run_out(edition)
    with park_scope(park.pk):
        assert as_app(CONFIRM_FINAL, edition.pk, office.second.person_id)


def test_withdrawing_what_was_on_notice_needs_a_publisher_and_tells_the_public_why(
    office: make.Office,
) -> None:
    edition = office.on_notice()
    with pytest.raises(Forbidden):
        publication.withdraw(by=office.officer, edition=edition, reason="数据有误")
    publication.withdraw(by=office.publisher, edition=edition, reason="数据有误")
    shown = PublishedBoard.objects.get()
    assert (shown.state, shown.reason) == ("withdrawn", "数据有误")
    assert office.proposed().number == 2


# Proofs


def test_a_run_that_no_longer_verifies_is_not_published(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        run = make.computed(office.officer)
        edition = office.on_notice()
    make.run_out(edition)
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT set_config('app.park_id', %s, false)", [str(park.pk)])
        cursor.execute("ALTER TABLE scoring_snapshotrow DISABLE TRIGGER append_only")
        cursor.execute(
            "UPDATE scoring_snapshotrow SET facts[1] = facts[1] + 1 WHERE snapshot_id = %s AND uscc = %s",
            [run.snapshot_id, scoring.uscc(1)],
        )
        assert cursor.rowcount == 1
        cursor.execute("ALTER TABLE scoring_snapshotrow ENABLE TRIGGER append_only")
    with park_scope(park.pk), pytest.raises(Conflict) as error:
        office.publish(edition)
    assert error.value.code == "does_not_verify"


# Objections


def test_an_objection_bars_publication_until_it_is_answered(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
        shown = PublishedBoard.objects.get()
    row = objections.file_publicly(
        published=shown,
        name="张三",
        contact="13800000000",
        statement="研发费用数据与年报不符。",
        address="10.0.0.1",
    )
    make.run_out(edition)
    with park_scope(park.pk):
        with pytest.raises(Conflict) as error:
            office.publish(edition)
        assert error.value.code == "objection_open"
        assert "an objection" in refused(CONFIRM_FINAL, edition.pk, office.second.person_id)
        office.checked(row)
        with pytest.raises(Conflict):
            office.publish(edition)
        objections.answer(by=office.admin, objection=row, outcome="rejected", text="经核对，数据一致。")
        assert office.publish(edition).state == "final"


def test_an_upheld_objection_needs_an_edition_of_a_newer_run(live_db: None, park: Any) -> None:
    from scoring.services import snapshots

    with park_scope(park.pk):
        office = make.Office(park)
        run = make.computed(office.officer)
        edition = office.on_notice()
        shown = PublishedBoard.objects.get()
        row = objections.file_by_enterprise(
            by=people.actor("enterprise_agent", park),
            published=shown,
            contact="1",
            statement="名次有误，见附件。",
        )
        office.checked(row)
        objections.answer(by=office.admin, objection=row, outcome="upheld", text="属实。")
    make.run_out(edition)
    with park_scope(park.pk):
        with pytest.raises(Conflict) as error:
            office.publish(edition)
        assert error.value.code == "objection_upheld"
        new = snapshots.store(
            by=office.officer,
            cycle=scoring.Cycle.objects.get(),
            cases=corrected(run),
            corrects=run.snapshot,
            reason="更正令第 1 号",
        )
        assert new.pk != run.snapshot_id
        newer = make.compute(office.officer)
        assert newer.pk != run.pk
        second = office.on_notice()
        edition.refresh_from_db()
        assert (edition.state, second.state, second.number) == ("superseded", "on_notice", 2)
        assert public.edition(park, make.YEAR, make.BOARD, 1).state == "superseded"
        assert public.shown(park, make.YEAR, make.BOARD).number == 2


def corrected(run: ScoreRun) -> list[Any]:
    """The same firms, the first with less R&D expense."""
    found = []
    for number, firm in enumerate(Enterprise.objects.order_by("pk")):
        values = scoring.values_of(scoring.GOLDEN[2]["inputs"])
        values["rd_expense"].amount = (
            values["rd_expense"].amount * (1 - Decimal((number + 5) % 13) / 50)
        ).quantize(Decimal(1))
        found.append(scoring.Case(enterprise_id=firm.pk, uscc=firm.uscc, values=values))
    return found


def test_the_proposer_does_not_answer_objections(office: make.Office) -> None:
    office.on_notice()
    row = file(office)
    office.checked(row)
    with pytest.raises(Forbidden):
        objections.answer(by=office.officer, objection=row, outcome="rejected", text="无据")
    message = refused(
        "UPDATE rankings_objection SET state = 'rejected', answer = 'x', answered_by_ref = %s WHERE id = %s",
        office.officer.person_id,
        row.pk,
    )
    assert "does not answer" in message


def file(office: make.Office, address: str = "10.0.0.1") -> Objection:
    return objections.file_publicly(
        published=PublishedBoard.objects.get(), name="张三", contact="13800000000",
        statement="研发费用数据与年报不符。", address=address,
    )  # fmt: skip


def test_steps_of_an_objection_follow_the_table(office: make.Office) -> None:
    office.on_notice()
    row = file(office)
    with pytest.raises(Conflict):
        objections.answer(by=office.admin, objection=row, outcome="rejected", text="无据")
    for state in ("upheld", "rejected"):
        refused(
            "UPDATE rankings_objection SET state = %s, answer = 'x', answered_by_ref = %s WHERE id = %s",
            state,
            office.admin.person_id,
            row.pk,
        )
    refused("UPDATE rankings_objection SET statement = 'x' WHERE id = %s", row.pk)
    refused("DELETE FROM rankings_objection WHERE id = %s", row.pk)


def test_one_address_files_at_most_five_in_an_hour(office: make.Office) -> None:
    office.on_notice()
    for _number in range(objections.LIMIT):
        file(office)
    with pytest.raises(TooMany):
        file(office)
    file(office, address="10.0.0.2")


def test_late_objections_are_refused_by_service_and_database(live_db: None, park: Any) -> None:
    with park_scope(park.pk):
        office = make.Office(park)
        make.computed(office.officer)
        edition = office.on_notice()
    make.run_out(edition)
    with park_scope(park.pk):
        with pytest.raises(Gone):
            file(office)
        message = refused(
            "INSERT INTO rankings_objection (park_id, edition_id, receipt, state, objector_name, objector_contact, statement, origin, filed_at,"
            " accepted_by_name, answered_by_name, answer) VALUES (%s, %s, 'YY1', 'filed', 'a', 'b', 'c', '', now(), '', '', '')",
            park.pk, edition.pk,
        )  # fmt: skip
        assert "the notice is over" in message


# Tenancy


def test_another_parks_editions_do_not_exist(office: make.Office) -> None:
    edition = office.proposed()
    assert BoardEdition.everywhere.filter(pk=edition.pk).exists()
    as_app("SELECT set_config('app.park_id', '987654', true)")
    assert not BoardEdition.everywhere.filter(pk=edition.pk).exists()
    assert not BoardEntry.everywhere.filter(edition_id=edition.pk).exists()
    message = refused(
        "SELECT rankings_confirm(%s, %s, 'x', 'on_notice', now() + interval '9 days', '{}'::date[], '', 'y')",
        edition.pk,
        office.publisher.person_id,
    )
    assert "no such edition" in message


def test_entries_are_published_as_they_were_proposed(office: make.Office) -> None:
    edition = office.on_notice()
    kept = [queries.line_of(row) for row in BoardEntry.objects.filter(edition=edition).order_by("position")]
    shown = [queries.line_of(row) for row in PublishedEntry.everywhere.order_by("position")]
    assert shown == kept

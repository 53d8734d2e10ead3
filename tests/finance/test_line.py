"""A line is never over-committed: races of many connections, cuts, and what the database says without its guards."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from finance.models import Application, CreditLine
from finance.services import applications, lines
from innovscore.core.problems import Conflict, Problem
from parks import idempotency
from parks.idempotency import Reply
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.factories import finance as make

pytestmark = pytest.mark.django_db
MILLION = 1_000_000
UNGUARDED = """
CREATE OR REPLACE FUNCTION finance_reserve(p_park bigint, p_line bigint, p_delta numeric) RETURNS void LANGUAGE plpgsql
  SET search_path = pg_catalog AS $$
DECLARE free boolean;
BEGIN
  SELECT reserved + drawn + p_delta <= quoted_limit INTO free FROM public.finance_creditline WHERE park_id = p_park AND id = p_line;
  PERFORM pg_sleep(0.2);
  IF NOT free THEN RAISE EXCEPTION 'no' USING ERRCODE = 'IS001'; END IF;
  UPDATE public.finance_creditline SET reserved = reserved + p_delta WHERE park_id = p_park AND id = p_line;
END $$"""
GUARDED = "SELECT pg_get_functiondef('finance_reserve(bigint, bigint, numeric)'::regprocedure)"


def race(number: int, work: Callable[[int], Any]) -> list[Any]:
    """Run `work(i)` in as many connections at once; what each gave, or the Problem it met."""
    start, results = threading.Barrier(number), [None] * number

    def run(i: int) -> None:
        try:
            start.wait(30)
            results[i] = work(i)
        except (Problem, DatabaseError) as error:
            results[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_many_connections_take_exactly_what_the_line_has(live_db: None, market: Any) -> None:
    code, by = market.bank.product.code, market.firm.signatory

    def submit(i: int) -> Application:
        with park_scope(market.park.pk):
            return applications.submit(
                by=by,
                product_code=code,
                amount=Decimal(MILLION),
                term_months=12,
                purpose="采购",
                client_ref=f"r{i}",
            )

    results = race(24, submit)
    winners = [one for one in results if isinstance(one, Application)]
    assert len(winners) == 9
    assert {type(one) for one in results} == {Application, Conflict}
    with park_scope(market.park.pk):
        market.line.refresh_from_db()
        assert (market.line.reserved, market.line.drawn) == (9 * MILLION, 0)
        assert Application.objects.count() == 9


def _race_of_sql(market: Any) -> int:
    """Twelve drafts are submitted by plain inserts at once; what the line says is reserved afterwards."""
    with park_scope(market.park.pk):
        drafts = [
            make.draft(market.bank, market.firm, market.line, market.consent, amount=3 * MILLION)
            for _n in range(12)
        ]

    def submit(i: int) -> None:
        with park_scope(market.park.pk):
            make.step(drafts[i], "submit", "enterprise_signatory", "submitted", person=market.firm.signatory)

    race(12, submit)
    with park_scope(market.park.pk):
        market.line.refresh_from_db()
        return int(market.line.reserved)


def test_plain_sql_in_many_connections_does_not_over_commit_either(live_db: None, market: Any) -> None:
    assert _race_of_sql(market) == 9 * MILLION


@contextmanager
def without_the_guard() -> Iterator[None]:
    """The database with a check-then-write reserve and without the CHECK."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(GUARDED)
        original = cursor.fetchone()[0]
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'credit_line_exposure'"
        )
        check = cursor.fetchone()[0]
        cursor.execute(UNGUARDED)
        cursor.execute("ALTER TABLE finance_creditline DROP CONSTRAINT credit_line_exposure")
        try:
            yield
        finally:
            cursor.execute(original)
            cursor.execute("TRUNCATE finance_creditline CASCADE")
            cursor.execute(f"ALTER TABLE finance_creditline ADD CONSTRAINT credit_line_exposure {check}")


def test_without_the_guard_the_same_race_over_commits(live_db: None, market: Any) -> None:
    with without_the_guard():
        assert _race_of_sql(market) > 9 * MILLION


def test_the_check_alone_refuses_an_overdraft(inside: Any) -> None:
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'credit_line_exposure'"
        )
        assert "reserved + drawn" in cursor.fetchone()[0]


@pytest.mark.parametrize("column", ["reserved", "drawn"])
def test_the_application_role_cannot_write_what_is_taken(inside: Any, column: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        CreditLine.objects.filter(pk=inside.line.pk).update(**{column: 0})


def test_a_limit_cannot_rise_above_its_quote(inside: Any) -> None:
    with pytest.raises(DatabaseError, match="not covered by a live quote"), transaction.atomic():
        CreditLine.objects.filter(pk=inside.line.pk).update(
            quoted_limit=10 * MILLION, hard_limit=10 * MILLION
        )


def test_a_cut_counts_at_once_and_keeps_what_is_taken(inside: Any) -> None:
    inside.submitted(4 * MILLION)
    line = lines.cut(by=inside.bank.maker, line_id=inside.line.pk, limit=Decimal(3 * MILLION))
    assert (line.quoted_limit, line.hard_limit) == (3 * MILLION, 4 * MILLION)
    with pytest.raises(DatabaseError, match="does not allow"), transaction.atomic():
        inside.submitted(MILLION)


def test_an_approval_above_a_cut_line_is_refused(inside: Any) -> None:
    application = inside.submitted(4 * MILLION)
    decision = make.proposal(inside.bank, application)
    lines.cut(by=inside.bank.maker, line_id=inside.line.pk, limit=Decimal(3 * MILLION))
    make.decide(decision, "approved", inside.bank.checker)
    with pytest.raises(DatabaseError, match="was cut"), transaction.atomic():
        make.step(
            application,
            "approve",
            "bank_checker",
            "approved",
            person=inside.bank.checker,
            reserve=4 * MILLION,
        )


@pytest.mark.parametrize("ending", ["withdraw", "lapse", "reject"])
def test_every_way_out_gives_the_reserve_back(inside: Any, ending: str) -> None:
    application = inside.submitted(4 * MILLION)
    decision = make.proposal(inside.bank, application)
    if ending == "reject":
        make.decide(decision, "rejected", inside.bank.checker)
        make.step(application, "reject", "bank_checker", "rejected", person=inside.bank.checker)
    elif ending == "withdraw":
        make.step(application, "withdraw", "enterprise_signatory", "withdrawn", person=inside.firm.signatory)
    else:
        make.step(application, "lapse", "system", "lapsed")
    inside.line.refresh_from_db()
    assert (inside.line.reserved, application.reserved) == (0, 0)


def test_an_approval_of_less_gives_the_difference_back(inside: Any) -> None:
    application = inside.submitted(4 * MILLION)
    decision = make.proposal(inside.bank, application, amount=3 * MILLION)
    make.decide(decision, "approved", inside.bank.checker)
    make.step(
        application, "approve", "bank_checker", "approved", person=inside.bank.checker, reserve=3 * MILLION
    )
    inside.line.refresh_from_db()
    assert (inside.line.reserved, application.status) == (3 * MILLION, "approved")


def test_an_expired_quote_carries_no_application(in_park: Any) -> None:
    bank, firm = make.bank(in_park), make.firm(in_park)
    consent = make.consent(bank, firm)
    import datetime as dt

    line = make.line(bank, firm, consent, expires=dt.timedelta(seconds=-1))
    with pytest.raises(DatabaseError, match="not live"), transaction.atomic():
        make.submitted(bank, firm, line, consent)


def test_a_form_sent_many_times_at_once_applies_once(live_db: None, market: Any) -> None:
    """Equal keys in parallel: one application, equal answers; another body under the key is refused."""
    code, by, keys = market.bank.product.code, market.firm.signatory, [str(uuid.uuid4()) for _n in range(3)]

    def send(i: int, amount: int = MILLION) -> Reply:
        key = keys[i % len(keys)]

        def effect() -> Reply:
            made = applications.submit(
                by=by,
                product_code=code,
                amount=Decimal(amount),
                term_months=12,
                purpose="采购",
                client_ref=key,
            )
            return Reply(302, location=f"/{made.pk}/")

        with park_scope(market.park.pk):
            return idempotency.once(
                by=by, route="finance:apply", key=key, body={"amount": str(amount)}, effect=effect
            )

    results = race(24, send)
    assert all(isinstance(one, Reply) for one in results), results
    assert len({one.location for one in results}) == len(keys)
    with park_scope(market.park.pk):
        assert Application.objects.count() == len(keys)
    with pytest.raises(Problem) as refused:
        send(0, 2 * MILLION)
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")


def test_one_reference_of_a_firm_applies_once_for_ever(inside: Any) -> None:
    application = inside.submitted()
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.create(
            **{name: getattr(application, name) for name in ("line", "enterprise", "organisation", "product_version", "quote", "consent", "amount",
               "term_months", "purpose", "client_ref", "contact_due_at", "lapses_at", "created_by_ref", "created_by_name")}
        )  # fmt: skip

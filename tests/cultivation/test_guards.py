"""What the database itself holds: each guard refuses a statement of the tables' owner, and lets it pass once it is taken away."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from cultivation.services import broadcasts, claims, gatherings, visits
from parks.clock import db_today
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.cultivation.test_events import said as event
from tests.cultivation.test_needs import post
from tests.factories import policies as make

pytestmark = pytest.mark.django_db

GUARDS = {
    "one claim for a thing": (
        "DROP INDEX claim_one_for_a_thing, claim_one_under_a_policy",
        """INSERT INTO cultivation_claim (park_id, policy_id, version_id, enterprise_id, subject, state, is_automatic, inputs, result,
             amount, account_name, account_bank, account_number, returns, paid_reference)
           SELECT park_id, policy_id, version_id, enterprise_id, subject, 'draft', false, '{}', '{}', 1, '', '', '', 0, ''
             FROM cultivation_claim""",
    ),
    "the budget": (
        "ALTER TABLE cultivation_policy DROP CONSTRAINT policy_budget",
        "UPDATE cultivation_policy SET committed = budget + 1",
    ),
    "what is submitted is fixed": (
        "ALTER TABLE cultivation_claim DISABLE TRIGGER guard",
        "UPDATE cultivation_claim SET amount = 1",
    ),
    "a step by another person": (
        "ALTER TABLE cultivation_claimevent DISABLE TRIGGER USER",
        """INSERT INTO cultivation_claimevent (park_id, claim_id, seq, from_state, event, role, to_state, person_ref, person_name, reason, note, paid_reference)
           SELECT park_id, claim_id, 9, 'reviewed', 'joint', role, 'joint', person_ref, person_name, '', '', ''
             FROM cultivation_claimevent WHERE event = 'review'""",
    ),
    "steps are never rewritten": (
        "ALTER TABLE cultivation_claimevent DISABLE TRIGGER append_only",
        "UPDATE cultivation_claimevent SET note = 'x'",
    ),
    "two persons release": (
        "ALTER TABLE cultivation_policyversion DROP CONSTRAINT policy_two_persons, DISABLE TRIGGER guard",
        "UPDATE cultivation_policyversion SET released_by_ref = proposed_by_ref",
    ),
    "seats": (
        "ALTER TABLE cultivation_gathering DROP CONSTRAINT event_seats",
        "UPDATE cultivation_gathering SET taken = seats + 1",
    ),
    "a notice is never rewritten": (
        "ALTER TABLE cultivation_broadcast DISABLE TRIGGER append_only",
        "UPDATE cultivation_broadcast SET text = 'x'",
    ),
    "a visit is never rewritten": (
        "ALTER TABLE cultivation_visit DISABLE TRIGGER append_only",
        "UPDATE cultivation_visit SET note = 'x'",
    ),
    "who answers does not confirm": (
        "ALTER TABLE cultivation_appeal DROP CONSTRAINT appeal_confirmed_by_firm, DISABLE TRIGGER guard",
        "UPDATE cultivation_appeal SET state = 'closed', answer = 'x', answered_by_ref = 1, confirmed_by_ref = 1",
    ),
}
TABLES = ("visit", "appeal", "appealevent", "gathering", "signup", "broadcast", "broadcastfirm", "techneed")


@pytest.fixture
def full(live_db: None, park: Any, other_park: Any) -> tuple[Any, Any]:
    """A park with a row in every table of this room that people write; and another park."""
    with park_scope(park.pk):
        office = make.Office(park)
        version, firm = office.release(make.text(budget_wan="50")), make.firm(park)
        claim = make.filed(firm, version)
        claims.step(by=office["reviewer"], claim_id=claim.pk, event="review")
        row = gatherings.save(by=office["officer"], **event(seats=1, is_public=False))
        gatherings.publish(by=office["officer"], gathering_id=row.pk)
        gatherings.sign_up(by=firm.agent, gathering_id=row.pk, people=1, names="王", phone="13800000000")
        broadcasts.send(
            by=office["officer"], title="通知", text="正文", stages=[], qualifications=[], sub_park=None
        )
        visit = visits.record(
            by=office["reviewer"], firm=firm.enterprise.uscc, visited_on=db_today(), visitors="赵审", purpose="service"
        )  # fmt: skip
        visits.raise_appeal(
            by=office["reviewer"], category="space", text="需要厂房", visit_id=visit.pk, responsible=office["reviewer"].person_id
        )  # fmt: skip
        post(firm, is_public=False)
    return park, other_park


def enter(cursor: Any, park: Any) -> None:
    cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park.pk)])


def test_each_guard_refuses_and_nothing_else_does(full: tuple[Any, Any]) -> None:
    """In one transaction of the owner that is taken back: refused; guard away; passes."""
    for name, (away, statement) in GUARDS.items():
        with owner_connection() as owner, owner.cursor() as cursor:
            owner.autocommit = False
            enter(cursor, full[0])
            cursor.execute("SAVEPOINT before")
            with pytest.raises(psycopg2.DatabaseError):
                cursor.execute(statement)
                pytest.fail(f"not guarded: {name}")
            cursor.execute("ROLLBACK TO before")
            cursor.execute(away)
            cursor.execute(statement)
            assert cursor.rowcount > 0, name
            owner.rollback()


def test_another_park_sees_nothing_and_would_without_the_wall(full: tuple[Any, Any]) -> None:
    for name in TABLES:
        with owner_connection() as owner, owner.cursor() as cursor:
            owner.autocommit = False
            enter(cursor, full[1])
            count = f"SELECT count(*) FROM cultivation_{name}"  # names of this file
            cursor.execute(count)
            assert cursor.fetchone()[0] == 0, name
            cursor.execute(f"ALTER TABLE cultivation_{name} NO FORCE ROW LEVEL SECURITY")
            cursor.execute(count)
            assert cursor.fetchone()[0] > 0, name
            owner.rollback()

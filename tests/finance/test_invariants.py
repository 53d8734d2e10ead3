"""`verify_invariants` is quiet after the whole walk and names the row for every kind of damage."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from finance.models import Application, ConsentAccess, CreditLine, Decision
from finance.queries.invariants import INVARIANTS
from finance.services import applications, consents, decisions, subsidies
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.factories import finance as make
from tests.factories import loans, rankings

pytestmark = pytest.mark.django_db
MILLION = Decimal(1_000_000)


@pytest.fixture
def walked(live_db: None, park: Any) -> Any:
    """Consent, read, application, proposal, approval, revocation: through the services, committed."""
    with park_scope(park.pk):
        bank, firm = make.bank(park), make.firm(park)
        consent = consents.grant(by=firm.signatory, product_code=bank.product.code, months=12)
        consents.read(by=bank.maker, consent_id=consent.pk, subject="A1")
        for number in range(2):
            made = applications.submit(
                by=firm.signatory,
                product_code=bank.product.code,
                amount=2 * MILLION,
                term_months=12,
                purpose="采购",
                client_ref=str(number),
            )
            if number == 0:
                decision = decisions.propose(
                    by=bank.maker,
                    application_id=made.pk,
                    amount=MILLION,
                    rate=Decimal("0.045"),
                    term_months=12,
                )
                decisions.decide(
                    by=bank.checker,
                    application_id=made.pk,
                    outcome="approve",
                    content_hash=decision.content_hash,
                )
        consents.revoke(by=firm.signatory, consent_id=consent.pk)
        assert sorted(Application.objects.values_list("status", flat=True)) == ["approved", "on_hold"]
        assert CreditLine.objects.get().reserved == 3 * MILLION
    return park


def verify() -> str:
    out = io.StringIO()
    call_command("verify_invariants", "--park", "cq", stdout=out, stderr=out)
    return out.getvalue()


def test_every_invariant_has_its_damage() -> None:
    assert set(INVARIANTS) == set(DAMAGE) | set(LOAN_DAMAGE) | set(BOARD_DAMAGE)


def test_all_hold_after_the_walk(walked: Any) -> None:
    assert verify() == f"cq: {', '.join(INVARIANTS)} hold\n"


DAMAGE = {
    "I1": "UPDATE finance_creditline SET reserved = -1",
    "I2": "UPDATE finance_creditline SET reserved = reserved + 10",
    "I3": "UPDATE finance_decision SET checker_person = maker_person",
    "I4": "UPDATE finance_consentaccess SET at = now() + interval '1 second'",
    "I5": "UPDATE finance_quote SET expires_at = created_at",
    "I6": "UPDATE finance_decision SET amount = 3000000",
    "I13": 'UPDATE finance_consent SET period = period; INSERT INTO finance_quote SELECT (json_populate_record(q, \'{"id": 999, "state": "live"}\')).* FROM finance_quote q;'
    'INSERT INTO finance_quote SELECT (json_populate_record(q, \'{"id": 1000, "state": "live"}\')).* FROM finance_quote q WHERE id <> 999',
    "I14": "UPDATE finance_applicationevent SET from_state = 'proposed' WHERE event = 'screen'",
    "I15": "UPDATE finance_application SET status = 'rejected' WHERE status = 'on_hold'",
    "I19": "INSERT INTO parks_idempotencyrecord (park_id, account_id, route, key, body_sha256, status, response, created_at) "
    "SELECT park_id, account_id, 'x', 'x', '', 200, '{}', now() FROM parks_membership LIMIT 1",
    "I21": "UPDATE finance_application SET lapses_at = now() - interval '2 days' WHERE status = 'on_hold'",
}
LOAN_DAMAGE = {
    "I2": "UPDATE finance_riskcounter SET committed = committed + 1",
    "I3": "UPDATE finance_disbursement SET checker_person = maker_person",
    "I6b": "UPDATE finance_contract SET amount = 1",
    "I7": "UPDATE finance_repayment SET interest = interest + 1",
    "I8": "UPDATE finance_entry SET amount = amount + 1 WHERE side = 'D'",
    "I9": "UPDATE finance_claim SET amount = loss",
    "I10": "UPDATE finance_claimshare SET amount = amount + 1 WHERE party = 'bank'",
    "I11": "UPDATE finance_riskcounter SET committed = cap + 1 WHERE kind = 'pool'",
    "I12": "UPDATE finance_riskcounter SET committed = cap + 1 WHERE kind = 'guarantor'",
    "I16": "INSERT INTO parks_outboxmessage (park_id, topic, aggregate, seq, payload, state, attempts, next_attempt_at, last_error, created_at) "
    """SELECT park_id, 'bank.event', 'application:0', 1, '{"object": {"type": "application", "id": 0}}', 'pending', 0, now(), '', now() FROM finance_application LIMIT 1""",
    "I22": "INSERT INTO parks_job (park_id, kind, dedupe_key, args, state, actor, code_version, lease_until, fence, attempts, done, total, message, "
    "cancel_requested, result, error, created_at) SELECT park_id, 'x', 'x', '{}', 'running', '{}', '', now() - interval '21 seconds', 1, 1, 0, 0, '', "
    "false, '{}', '', now() - interval '1 minute' FROM finance_application LIMIT 1",
    "I20": "INSERT INTO finance_subsidy (park_id, programme_id, application_id, enterprise_id, period, interest_paid, principal_days, amount, computation, state, created_at) "
    "SELECT g.park_id, g.id, a.id, a.enterprise_id, '[2026-01-01,2026-02-01)', 1, 0, 2, '{}', 'computed', now() FROM finance_subsidyprogramme g, finance_application a LIMIT 1",
}
LOAN_TABLES = (
    "riskcounter",
    "disbursement",
    "contract",
    "repayment",
    "entry",
    "claim",
    "claimshare",
    "subsidy",
    "recovery",
)


@pytest.fixture
def lent(live_db: None, park: Any) -> Any:
    """A loan to the end of its claim, with a subsidy programme: through the services, committed."""
    with park_scope(park.pk):
        scene = loans.scene(park)
        programme = subsidies.propose_programme(
            by=scene.fund1, code="lpr", name="贴息", method="lpr", rate=Decimal("0.5"), lpr=Decimal("0.03"), budget=MILLION, year_cap=MILLION,
            total_cap=MILLION,
        )  # fmt: skip
        subsidies.activate_programme(by=scene.fund2, programme_id=programme.pk)
        application = scene.loan()
        scene.reverse(scene.repay(application, 1000, "12.34"))
        scene.repay(application, MILLION, 500)
        scene.default(application)
        scene.pay(scene.claim(application))
        scene.recover(application, 1000)
    return park


def test_all_hold_after_a_claim(lent: Any) -> None:
    assert verify().endswith("hold\n")


@pytest.mark.parametrize("code", list(LOAN_DAMAGE))
def test_damage_to_loans_is_named(lent: Any, code: str) -> None:
    """In one transaction of the owner, with triggers, checks and walls out of the way, which is taken back."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(lent.pk)])
        for table in LOAN_TABLES:
            cursor.execute(f"ALTER TABLE finance_{table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x')",
                [f"finance_{table}"],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE finance_{table} DROP CONSTRAINT "{name}"')
        cursor.execute(LOAN_DAMAGE[code])
        cursor.execute(INVARIANTS[code][1])
        assert cursor.fetchall()
        cursor.execute("ROLLBACK")


BOARD_DAMAGE = {
    "I17": "UPDATE rankings_publishedboard SET snapshot_root = run_hash",
    "I18": "UPDATE rankings_publishedentry SET score = score + 0.0001 WHERE position = 1",
}


def test_damage_to_boards_is_named(live_db: None, park: Any) -> None:
    """What the public reads stands on one snapshot and on its hashes, line by line; a changed line is named."""
    rankings.published_world(park)
    assert verify().endswith("hold\n")
    for code, damage in BOARD_DAMAGE.items():
        with owner_connection() as owner, owner.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT set_config('app.park_id', %s, true)", [str(park.pk)])
            for table in ("publishedboard", "publishedentry"):
                cursor.execute(
                    f"ALTER TABLE rankings_{table} DISABLE ROW LEVEL SECURITY, DISABLE TRIGGER USER"
                )
            cursor.execute(damage)
            cursor.execute(INVARIANTS[code][1])
            assert cursor.fetchall(), code
            cursor.execute("ROLLBACK")


TABLES = (
    "creditline",
    "decision",
    "consentaccess",
    "quote",
    "consent",
    "applicationevent",
    "application",
    "productversion",
)


@pytest.mark.parametrize("code", list(DAMAGE))
def test_damage_is_named(walked: Any, code: str) -> None:
    """With triggers, keys, checks and walls out of the way, what is broken is found."""
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("BEGIN")
        dropped = []
        for table in TABLES:
            name = f"finance_{table}"
            cursor.execute(f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY, DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'x')",
                [name],
            )
            for constraint, definition in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {name} DROP CONSTRAINT "{constraint}"')
                dropped.append((name, constraint, definition))
        cursor.execute("ALTER TABLE finance_applicationevent DROP CONSTRAINT application_event_allowed")
        cursor.execute("SELECT pg_get_indexdef('quote_one_live'::regclass)")
        index = cursor.fetchone()[0]
        cursor.execute("DROP INDEX quote_one_live")
        cursor.execute("COMMIT")
        try:
            cursor.execute(
                "SELECT set_config('app.park_id', id::text, false) FROM parks_park WHERE code = 'cq'"
            )
            cursor.execute(DAMAGE[code])
            for table in TABLES:
                cursor.execute(f"ALTER TABLE finance_{table} ENABLE ROW LEVEL SECURITY")
            out = io.StringIO()
            with pytest.raises(CommandError, match="break an invariant"):
                call_command("verify_invariants", "--park", "cq", stdout=out, stderr=out)
            assert f"cq {code} " in out.getvalue()
        finally:
            cursor.execute(
                "TRUNCATE finance_product, finance_consent, finance_quote, finance_creditline, finance_application CASCADE"
            )
            for name, constraint, definition in dropped:
                cursor.execute(f'ALTER TABLE {name} ADD CONSTRAINT "{constraint}" {definition}')
            for table in TABLES:
                cursor.execute(f"ALTER TABLE finance_{table} ENABLE ROW LEVEL SECURITY, ENABLE TRIGGER USER")
            cursor.execute(
                "ALTER TABLE finance_applicationevent ADD CONSTRAINT application_event_allowed FOREIGN KEY (machine, from_state, event, role, to_state) "
                "REFERENCES finance_allowedtransition (machine, from_state, event, role, to_state)"
            )
            cursor.execute(index)


def test_an_unknown_park_is_said(db: None) -> None:
    with pytest.raises(CommandError, match="no park"):
        call_command("verify_invariants", "--park", "zz")


def test_another_park_is_not_looked_at(walked: Any, other_park: Any) -> None:
    out = io.StringIO()
    call_command("verify_invariants", "--park", other_park.code, stdout=out)
    assert out.getvalue().startswith("hz: ")
    with park_scope(walked.pk):
        assert Decision.objects.exists() and ConsentAccess.objects.exists()

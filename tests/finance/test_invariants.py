"""`verify_invariants` is quiet after the whole walk and names the row for every kind of damage."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from finance.models import Application, ConsentAccess, CreditLine, Decision
from finance.queries.invariants import INVARIANTS
from finance.services import applications, consents, decisions
from parks.scope import park_scope
from tests.conftest import owner_connection
from tests.factories import finance as make

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
}
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


@pytest.mark.parametrize("code", list(INVARIANTS))
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

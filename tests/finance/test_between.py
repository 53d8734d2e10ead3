"""What changes between two steps: terms, caps, consent, line. No step goes by what is over; what is under contract goes on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.models import Consent, RiskCounter
from finance.queries.invariants import breaches
from finance.services import consents, loans
from innovscore.core.problems import Conflict, Problem
from parks.clock import db_today
from tests.factories import finance
from tests.factories import loans as make

pytestmark = pytest.mark.django_db
MILLION = make.MILLION


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    return make.scene(in_park)


def revoke(scene: make.Scene) -> None:
    consent = Consent.objects.get(enterprise=scene.firm.enterprise, organisation=scene.bank)
    consents.revoke(by=scene.firm.signatory, consent_id=consent.pk)


STEPS: tuple[tuple[str, Callable[[make.Scene, Any], Any]], ...] = (
    ("pledge", lambda scene, one: scene.pledge(one)),
    ("approve", lambda scene, one: scene.approve(one)),
    ("contract", lambda scene, one: scene.contract(one)),
    ("disburse", lambda scene, one: scene.disburse(one)),
)


@pytest.mark.parametrize(
    "done", range(4), ids=["before pledge", "before approval", "before contract", "before payment"]
)
def test_a_consent_revoked_between_two_steps(scene: make.Scene, done: int) -> None:
    """Until the approval everything stops; what was approved goes on with what was pinned."""
    application = scene.apply()
    for _name, step in STEPS[:done]:
        step(scene, application)
    revoke(scene)
    application.refresh_from_db()
    if done < 2:
        with pytest.raises(Problem):
            STEPS[done][1](scene, application)
        assert application.status == "on_hold"
    else:
        for _name, step in STEPS[done:]:
            step(scene, application)
        application.refresh_from_db()
        assert (application.status, application.drawn) == ("active", application.amount)
    assert not list(breaches())


@pytest.mark.parametrize("done", range(3), ids=["before pledge", "before approval", "before contract"])
def test_caps_lowered_between_two_steps(scene: make.Scene, done: int) -> None:
    """Not below what is held; what is not held yet is refused by the cap that does not carry it."""
    application = scene.apply()
    for _name, step in STEPS[:done]:
        step(scene, application)
    low = {"client_cap": 200_000, "group_cap": 200_000}
    for one, two, is_held in (
        (scene.g_maker, scene.g_checker, done > 0),
        (scene.fund1, scene.fund2, done > 1),
    ):
        if is_held:
            with pytest.raises(Conflict, match="committed_more"):
                make.terms(one, two, **low)
        else:
            make.terms(one, two, **low)
    if done < 2:
        with pytest.raises(Conflict, match=("cap_guarantor_client", "cap_pool_client")[done]):
            STEPS[done][1](scene, application)
    assert not list(breaches())


def test_a_repayment_that_bounced_is_owed_again_when_others_took_the_cap(in_park: Any) -> None:
    """The cap grows by what is owed, carries nothing new, and shrinks back to its terms."""
    scene = make.scene(
        in_park, guarantor={"capital": 3 * MILLION, "client_cap": 3 * MILLION, "group_cap": 3 * MILLION}
    )
    application = scene.loan(3 * MILLION)
    bounced = scene.repay(application, 2 * MILLION)
    other = finance.firm(in_park, 2)
    scene.consent(other)
    scene.pledge(scene.apply(2 * MILLION, firm=other))
    scene.reverse(bounced)
    total = RiskCounter.objects.get(organisation=scene.guarantor, scope="total")
    assert (total.committed, total.cap) == (4 * MILLION, 4 * MILLION)
    third = finance.firm(in_park, 3)
    scene.consent(third)
    with pytest.raises(Conflict, match="line_missing"):
        scene.apply(100_000, firm=third)
    assert not list(breaches())
    scene.repay(application, 3 * MILLION)
    total.refresh_from_db()
    assert (total.committed, total.cap) == (1_600_000, 3 * MILLION)


def test_out_of_order_and_beyond(scene: make.Scene) -> None:
    application = scene.approved(MILLION)
    with pytest.raises(Conflict):
        loans.record_disbursement(
            by=scene.ops,
            application_id=application.pk,
            amount=MILLION,
            value_date=db_today(),
            bank_ref="early",
        )
    scene.contract(application)
    with pytest.raises(Problem):
        scene.repay(application, 1)
    scene.disburse(application)
    made = scene.repay(application, 400_000)
    for amount in (600_001, Decimal("600000.01")):
        with pytest.raises(Problem, match="principal"):
            scene.repay(application, amount)
    asked = loans.request_reversal(by=scene.ops, repayment_id=made.pk, bank_ref=make.ref(), reason="记错")
    loans.confirm_reversal(by=scene.ops2, repayment_id=asked.pk)
    for again in (
        lambda: loans.confirm_reversal(by=scene.ops2, repayment_id=asked.pk),
        lambda: scene.reverse(made),
    ):
        with pytest.raises(Conflict):
            again()
    assert not list(breaches())


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO finance_journal (park_id, application_id, kind, source_id, value_date) SELECT park_id, id, 'repay', 1, now() FROM finance_application",
        "UPDATE finance_entry SET amount = amount + 1",
        "DELETE FROM finance_entry",
        "UPDATE finance_ledgeraccount SET balance = 0",
        "UPDATE finance_riskcounter SET cap = cap * 2",
        "UPDATE finance_riskhold SET amount = 0",
        "UPDATE finance_creditline SET drawn = 0",
        "UPDATE finance_repayment SET interest = interest + 1",
        "UPDATE finance_contract SET amount = amount * 2",
        "UPDATE finance_consent SET groups = groups || 'history'::varchar",
        "UPDATE finance_consent SET period = tstzrange(lower(period), upper(period) + interval '1 day')",
        "UPDATE finance_consentaccess SET groups = '{}'",
        "DELETE FROM finance_consentaccess",
        "UPDATE finance_applicationevent SET person_name = ''",
        "UPDATE finance_claimshare SET amount = 0",
        "SELECT finance_hold(park_id, counter_id, application_id, 0, 0) FROM finance_riskhold",
        "ALTER TABLE finance_entry DISABLE TRIGGER ALL",
        "TRUNCATE finance_consentaccess",
    ],
)
def test_the_application_s_role_cannot_edit_what_happened(scene: make.Scene, query: str) -> None:
    application = scene.loan(MILLION)
    consents.read(by=scene.maker, consent_id=application.consent_id, subject="案卷")
    with (
        pytest.raises(DatabaseError, match="permission denied|must be owner"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(query)

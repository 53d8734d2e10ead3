"""Claims and recoveries to the cent: nobody is paid twice or more than he bears, and each payer sees his own share."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from finance.queries import loans as queries
from finance.queries.invariants import breaches
from finance.services import defaults, loans
from innovscore.core.problems import Conflict, NotFound, Refused
from parks.clock import db_today
from parks.models import AuditEvent
from tests.factories import loans as make
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
ODD = Decimal("1000000.01")


@pytest.fixture
def scene(in_park: Any) -> make.Scene:
    return make.scene(in_park)


def indemnified(scene: make.Scene) -> Any:
    application = scene.loan(ODD)
    scene.default(application)
    scene.pay(scene.claim(application))
    application.refresh_from_db()
    return application


def record(scene: make.Scene, application: Any, amount: Any) -> Any:
    return defaults.record_recovery(
        by=scene.ops,
        application_id=application.pk,
        amount=Decimal(amount),
        value_date=db_today(),
        bank_ref=make.ref(),
    )


def test_thirds_and_cents_come_back_in_full(scene: make.Scene) -> None:
    application = indemnified(scene)
    for amount in ("333333.33", "0.01", "0.01", "333333.33", "333333.32", "0.01"):
        assert application.status == "indemnified"
        scene.recover(application, amount)
        application.refresh_from_db()
    assert (application.status, set(queries.borne(application).values()), list(breaches())) == (
        "recovered",
        {Decimal(0)},
        [],
    )


def test_nothing_comes_back_twice(scene: make.Scene) -> None:
    """Two people record the same money at once: the first confirmation takes it, the second is refused."""
    application = indemnified(scene)
    one, two = record(scene, application, ODD), record(scene, application, ODD)
    defaults.confirm_recovery(by=scene.ops2, recovery_id=one.pk)
    with pytest.raises(Conflict):
        defaults.confirm_recovery(by=scene.ops2, recovery_id=two.pk)
    for amount in (ODD, "0.01"):
        with pytest.raises(Conflict, match="not_allowed_now"):
            record(scene, application, amount)
    defaults.drop_recovery(by=scene.ops, recovery_id=two.pk)
    assert application.pk not in {row.pk for row in queries.waiting_for_ops(scene.ops)}


def test_after_a_recovery_nothing_is_claimed_again(scene: make.Scene) -> None:
    application = indemnified(scene)
    for amount in ("-1", "0", "1000000.02"):
        with pytest.raises(Refused, match="amount"):
            record(scene, application, amount)
    scene.recover(application, 10)
    with pytest.raises(Conflict):
        defaults.file_claim(by=scene.maker, application_id=application.pk)
    scene.default(application, "write_off")
    for step in (
        lambda: record(scene, application, 1),
        lambda: defaults.file_claim(by=scene.maker, application_id=application.pk),
    ):
        with pytest.raises(Conflict, match="not_allowed_now"):
            step()
    assert not list(breaches())


def test_each_payer_sees_its_own_share(scene: make.Scene, client_as: Any) -> None:
    application = indemnified(scene)
    scene.recover(application, "100.00")
    for who, share, back in ((scene.g_maker, "800000.01", "80.00"), (scene.fund1, "100000.00", "10.00")):
        (row,) = found = queries.with_claims(who)
        assert [str(value) for value in (row.loss, row.own_share, row.own_paid, row.own_back)] == [
            str(ODD),
            share,
            share,
            back,
        ]
        assert [str(value) for value in queries.of_claims(found).values()] == [share, share, back]
        page = f"/p/{scene.park.code}/desk/claims/"
        client = client_as(who)
        assert f"{Decimal(share):,.2f}" in client.get(page).content.decode()
        assert share in client.get(f"{page}?export=csv").content.decode()


def test_money_is_not_booked_before_what_it_follows_on(scene: make.Scene) -> None:
    """Not a repayment before the loan, a payment before its claim, a recovery before the payment."""
    application = scene.loan(ODD, days_ago=5)
    with pytest.raises(Refused, match="value_date"):
        scene.repay(application, 1, days_ago=6)
    scene.repay(application, 1, days_ago=5)
    scene.default(application)
    claim = scene.claim(application)
    yesterday = db_today() - dt.timedelta(days=1)
    share = claim.shares.get(party="guarantor")
    with pytest.raises(Refused, match="value_date"):
        defaults.record_payment(by=scene.g_maker, share_id=share.pk, bank_ref="early", value_date=yesterday)
    scene.pay(claim)
    with pytest.raises(Refused, match="value_date"):
        defaults.record_recovery(
            by=scene.ops,
            application_id=application.pk,
            amount=Decimal(1),
            value_date=yesterday,
            bank_ref="early",
        )


def test_who_confirms_money_confirms_what_the_page_showed(scene: make.Scene, client_as: Any) -> None:
    """Two payments wait: the button of a page that showed the first one never confirms the second."""
    application = scene.approved(ODD)
    scene.contract(application)
    first, _second = (
        loans.record_disbursement(
            by=scene.ops,
            application_id=application.pk,
            amount=Decimal(n),
            value_date=db_today(),
            bank_ref=make.ref(),
        )
        for n in (100_000, 200_000)
    )
    ops2, page = client_as(scene.ops2), f"/p/{scene.park.code}/desk/loans/{application.pk}/"
    found = re.search(
        r'name="shown" value="([^"]+)" id="disburse_confirm_shown"', ops2.get(page).content.decode()
    )
    assert found and f"100,000.00 元 · {first.bank_ref}" in found[1]
    body = {"action": "disburse_confirm", "shown": found[1]}
    answers = [ops2.post(page, body | {"idempotency_key": f"confirm-{n}"}).status_code for n in range(2)]
    application.refresh_from_db()
    assert (answers, application.drawn) == ([302, 409], 100_000)


def test_what_nobody_confirmed_is_taken_back(scene: make.Scene) -> None:
    """A wrong amount or reference does not block the contract; what counts is never deleted, not by SQL either."""
    application = scene.approved(ODD)
    scene.contract(application)
    words: dict[str, Any] = {
        "by": scene.ops,
        "application_id": application.pk,
        "amount": ODD,
        "value_date": db_today(),
        "bank_ref": "D1",
    }
    wrong = loans.record_disbursement(**words)
    with pytest.raises(NotFound):
        loans.drop_disbursement(by=people.actor("bank_ops", scene.park), disbursement_id=wrong.pk)
    loans.drop_disbursement(by=scene.ops, disbursement_id=wrong.pk)
    assert AuditEvent.objects.filter(action="disbursement.dropped").count() == 1
    made = loans.record_disbursement(**words)
    loans.confirm_disbursement(by=scene.ops2, disbursement_id=made.pk)
    with pytest.raises(Conflict, match="confirmed_already"):
        loans.drop_disbursement(by=scene.ops, disbursement_id=made.pk)
    paid = scene.repay(application, 1)
    asked = loans.request_reversal(by=scene.ops, repayment_id=paid.pk, bank_ref="R1", reason="记错")
    loans.drop_reversal(by=scene.ops2, repayment_id=asked.pk)
    scene.reverse(paid)
    for table in ("disbursement", "repayment"):
        with (
            pytest.raises(DatabaseError, match="what counts is not deleted"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM finance_{table}")
    assert not list(breaches())

"""A corrected score ends the lines that stand on the one before, until they are quoted again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from finance.models import Application, CreditLine, Quote
from finance.services import applications, consents, decisions
from innovscore.core.problems import Conflict
from parks.actors import Actor
from parks.models import Notification
from scoring.models import ScoreRun
from scoring.signals import run_made_current
from tests.factories import finance as make

pytestmark = pytest.mark.django_db
MILLION = Decimal(1_000_000)


@pytest.fixture
def lent(in_park: Any) -> Any:
    bank, firm = make.bank(in_park), make.firm(in_park)
    consents.grant(by=firm.signatory, product_code=bank.product.code, months=12)
    made = applications.submit(
        by=firm.signatory,
        product_code=bank.product.code,
        amount=MILLION,
        term_months=12,
        purpose="采购",
        client_ref="1",
    )
    decision = decisions.propose(
        by=bank.maker, application_id=made.pk, amount=MILLION, rate=Decimal("0.045"), term_months=12
    )
    return in_park, bank, firm, made, decision


def test_a_correction_supersedes_the_quote_and_tells_both(lent: Any) -> None:
    park, bank, firm, made, decision = lent
    run = make.run()
    run_made_current.send(sender=ScoreRun, run=run, previous=run, by=Actor.system(park))
    assert (Quote.objects.get().state, CreditLine.objects.get().state) == ("superseded", "frozen")
    told = set(Notification.objects.values_list("organisation_id", flat=True))
    assert told == {bank.organisation.pk, firm.enterprise.organisation_id}
    with pytest.raises(Conflict):
        decisions.decide(
            by=bank.checker, application_id=made.pk, outcome="approve", content_hash=decision.content_hash
        )
    with pytest.raises(Conflict):
        applications.submit(
            by=firm.signatory,
            product_code=bank.product.code,
            amount=MILLION,
            term_months=12,
            purpose="采购",
            client_ref="2",
        )
    assert Application.objects.get().reserved == MILLION


def test_the_first_run_of_a_year_changes_nothing(lent: Any) -> None:
    park = lent[0]
    run_made_current.send(sender=ScoreRun, run=make.run(), previous=None, by=Actor.system(park))
    assert Quote.objects.get().state == "live"

"""Amounts and shares that cannot be meant: each is refused in words, beside its field, and nothing is saved."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from finance.models import Need, NeedAnswer, ProductVersion, Repayment, RiskTerms, SubsidyProgramme
from finance.services import loans as loan_services
from finance.services import needs
from innovscore.core.problems import Problem
from parks.clock import db_today
from parks.scope import park_scope
from tests.factories import loans as make

pytestmark = pytest.mark.django_db
ODD = ("-5", "1e30", "0.0000001", "999999999999", "NaN", "abc", "٣٤", "9" * 5000)
SAVED = (Need, NeedAnswer, ProductVersion, Repayment, RiskTerms, SubsidyProgramme)
keys = itertools.count(1)


def refusals(client: Any, url: str, good: dict[str, str], name: str, values: tuple[str, ...] = ODD) -> None:
    """Each value at this field is refused with a sentence that is not about other people's records."""
    for value in values:
        body = good | {name: value, "idempotency_key": f"odd-amount-{next(keys)}"}
        answer = client.post(url, body)
        text = answer.content.decode()
        assert answer.status_code == 422, (name, value, answer.status_code)
        assert "field-error" in text, (name, value)
        assert "冲突" not in text, (name, value)


def test_what_cannot_be_meant_is_refused_at_its_field(park: Any, client_as: Any) -> None:
    with park_scope(park.pk):
        scene = make.scene(park)
        loan = scene.loan()
        need = needs.post(
            by=scene.firm.agent, amount=make.MILLION, term_months=12, purpose="周转", guarantee_wish="any"
        )
        before = [model.objects.count() for model in SAVED]
    firm, maker, ops, fund = (
        client_as(who) for who in (scene.firm.signatory, scene.maker, scene.ops, scene.fund1)
    )
    posted = {"amount": "100", "term_months": "12", "purpose": "周转", "guarantee_wish": "any"}
    refusals(firm, "/p/cq/e/needs/", posted, "amount", (*ODD, "0"))
    refusals(firm, "/p/cq/e/needs/", posted, "term_months", ("-1", "0", "1e1", "3_0", "٣", "601"))
    answer = {"offers": "1", "amount": "100", "rate": "3.45", "text": "可以"}
    refusals(maker, f"/p/cq/desk/needs/{need.pk}/", answer, "amount", (*ODD, "0"))
    refusals(maker, f"/p/cq/desk/needs/{need.pk}/", answer, "rate", ("-1", "101", "x", "1e1", "3_0", "٣"))
    terms = {"capital": "100", "leverage": "1", "client_cap": "10", "group_cap": "20"}
    for name in ("capital", "client_cap", "group_cap"):
        refusals(fund, "/p/cq/desk/caps/", terms, name)
    programme = {
        "code": "p1", "name": "贴息", "method": "points", "rate": "2", "budget": "100", "year_cap": "10", "total_cap": "20",
    }  # fmt: skip
    for name in ("budget", "year_cap", "total_cap"):
        refusals(fund, "/p/cq/desk/subsidies/", programme, name)
    product = {
        "code": "np", "name": "新产品", "cap": "100", "min_score": "60", "rate_low": "3", "rate_high": "4", "term_min": "6", "term_max": "12",
    }  # fmt: skip
    for name in ("cap", "min_amount", "first_loan_cap", "pool_project_cap"):
        refusals(maker, "/p/cq/bank/products/", product, name)
    for name in ("first_loan_cap", "pool_project_cap", "rate_low"):
        refusals(maker, "/p/cq/bank/products/", product, name, ("0",))
    repaid = {"action": "repay", "value_date": str(db_today()), "bank_ref": "R1"}
    for name in ("principal", "interest", "penalty", "fee"):
        refusals(ops, f"/p/cq/desk/loans/{loan.pk}/", repaid, name)
    with park_scope(park.pk):
        assert [model.objects.count() for model in SAVED] == before


def test_what_an_account_cannot_hold_is_refused_in_words(in_park: Any) -> None:
    """By API larger numbers are well formed; the ledger's accounts end at 16 digits."""
    scene = make.scene(in_park)
    loan = scene.loan()
    most = make.Decimal("9999999999999999.00")

    def repay() -> None:
        loan_services.record_repayment(
            by=scene.ops, application_id=loan.pk, principal=make.Decimal(0), interest=most, value_date=db_today(),
            bank_ref=make.ref(),
        )  # fmt: skip

    repay()
    with pytest.raises(Problem, match="金额过大"):
        repay()
    assert Repayment.objects.count() == 1

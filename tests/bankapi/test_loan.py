"""A whole loan through the API: contract, money out and back, reversal, default, claim; each half by another person."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from finance.queries.invariants import breaches
from finance.queries.loans import recorded_contract
from finance.services import loans
from parks.clock import db_today
from tests.bankapi.conftest import Case
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(case: Case) -> Any:
    case.consent()
    application, world = case.application(), case.world
    with case.inside():
        world.propose(application)
        world.approve(application)
    return application


def test_from_contract_to_payment_and_back(case: Case, approved: Any, park: Any) -> None:
    engine, world, number = case.engine, case.world, approved.pk
    bank = people.Organisation.objects.get(pk=case.ops.organisation_id)
    second = people.actor("bank_ops", park, organisation=bank)
    today = db_today()
    contract = {
        "number": "C-1", "amount": "4000000.00", "rate": "0.0345", "starts_on": str(today),
        "ends_on": str(today + dt.timedelta(days=365)),
    }  # fmt: skip
    recorded = engine.decide(number, "recordContract", case.ops, contract)
    assert (recorded.status_code, recorded.json()["contract"]["signed_at"]) == (200, None), recorded.content
    with case.inside():
        loans.sign_contract(
            by=world.signatory, application_id=number, contract_id=recorded_contract(number).pk
        )
    pay = {"amount": "4000000.00", "value_date": str(today), "bank_ref": "DK-1"}
    out = engine.decide(number, "recordDisbursement", case.ops, pay)
    assert out.status_code == 200, out.content
    pk = out.json()["disbursements"][0]["id"]
    same = engine.decide(number, "confirmDisbursement", case.ops, {"disbursement": pk})
    assert same.json()["code"] == "same_person"
    assert engine.decide(number, "confirmDisbursement", second, {"disbursement": 987654}).status_code == 404
    confirmed = engine.decide(number, "confirmDisbursement", second, {"disbursement": pk})
    assert (confirmed.json()["status"], confirmed.json()["outstanding"]) == ("active", "4000000.00"), (
        confirmed.content
    )
    assert confirmed.json()["schedule"]

    back = {"principal": "1000000.00", "interest": "500.00", "value_date": str(today), "bank_ref": "HK-1"}
    repaid = engine.decide(number, "recordRepayment", case.ops, back)
    assert repaid.json()["outstanding"] == "3000000.00", repaid.content
    assert engine.decide(number, "recordRepayment", case.ops, back).json()["code"] == "bank_ref_used"
    wrong = repaid.json()["repayments"][0]["id"]
    asked = engine.decide(
        number, "requestReversal", case.ops, {"repayment": wrong, "bank_ref": "CZ-1", "reason": "记错"}
    )
    reversal = next(one["id"] for one in asked.json()["repayments"] if one["reversal_of"] == wrong)
    assert (
        engine.decide(number, "confirmReversal", case.ops, {"reversal": reversal}).json()["code"]
        == "same_person"
    )
    undone = engine.decide(number, "confirmReversal", second, {"reversal": reversal})
    assert undone.json()["outstanding"] == "4000000.00", undone.content

    declared = engine.decide(number, "declareDefault", world.maker, {"reason": "停产"})
    assert declared.status_code == 200, declared.content
    defaulted = engine.decide(number, "confirmDefault", world.checker)
    assert defaulted.json()["status"] == "defaulted", defaulted.content
    assert engine.decide(number, "fileClaim", world.maker).json()["code"] == "no_cover"
    assert engine.get(f"applications/{number}/loan").json()["outstanding"] == "4000000.00"
    with case.inside():
        assert list(breaches()) == []


@pytest.mark.parametrize(
    ("verb", "scope"),
    [
        ("recordContract", "contract.write"),
        ("recordDisbursement", "servicing.write"),
        ("declareDefault", "claim.write"),
    ],
)
def test_each_part_of_the_work_has_a_scope_of_its_own(
    case: Case, approved: Any, verb: str, scope: str
) -> None:
    from tests.factories import bankapi

    every = {"contract.write", "servicing.write", "claim.write", "application.read"} - {scope}
    case.engine.token = bankapi.token_of(case.engine.client.application, " ".join(every))
    answer = case.engine.decide(approved.pk, verb, case.ops)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")


def test_days_are_text_of_ascii_digits(case: Case, approved: Any) -> None:
    body = {
        "number": "C",
        "amount": "1.00",
        "rate": "0.03",
        "starts_on": "２０２６-01-01",
        "ends_on": 20270101,
    }
    answer = case.engine.decide(approved.pk, "recordContract", case.ops, body)
    assert [fault["field"] for fault in answer.json()["errors"]] == ["starts_on", "ends_on"]

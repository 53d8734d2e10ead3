"""Steps of people through a program: two persons, the version they saw, the consent as it is now, money as text."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from finance.models import Application, ConsentAccess, Decision
from finance.services import consents, lines
from tests.bankapi.conftest import Case
from tests.factories import bankapi
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
OFFER = {"amount": "4000000.00", "rate": "0.0345", "term_months": 12}


def test_the_person_who_proposed_cannot_decide_not_even_with_a_second_account(case: Case, park: Any) -> None:
    case.consent()
    application, world = case.application(), case.world
    assert case.engine.decide(application.pk, "propose", world.maker, OFFER).status_code == 200
    maker = people.Account.objects.get(pk=world.maker.account_id)
    bank = people.Organisation.objects.get(pk=world.maker.organisation_id)
    second = people.actor("bank_checker", park, organisation=bank, person=maker.person)
    seen = case.engine.get(f"applications/{application.pk}").json()["decision"]["content_hash"]
    verdict = {"outcome": "approve", "content_hash": seen}
    assert case.engine.decide(application.pk, "decide", second, verdict).json()["code"] == "same_person"
    assert case.engine.decide(application.pk, "decide", world.maker, verdict).json()["code"] == "actor_role"
    assert case.engine.decide(application.pk, "decide", world.checker, verdict).status_code == 200


def test_only_people_of_the_bank_in_that_role_may_be_named(case: Case, park: Any) -> None:
    case.consent()
    application = case.application()
    stranger = people.actor("bank_maker", park)
    for actor in (stranger, case.world.checker, case.ops, case.world.signatory):
        answer = case.engine.decide(application.pk, "propose", actor, OFFER)
        assert (answer.status_code, answer.json()["code"]) == (403, "actor_role")
    with case.inside():
        assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"key": bankapi.OTHER_KEY},
        {"aud": "x"},
        {"exp": int(time.time()) - 100},
        {"iss": "other"},
        {"jti": None},
    ],
)
def test_actor_tokens_must_hold(case: Case, changes: dict[str, Any]) -> None:
    case.consent()
    application = case.application()
    etag = case.engine.get(f"applications/{application.pk}")["ETag"]
    token = case.engine.as_person(case.world.maker, **changes)
    answer = case.engine.post(
        f"applications/{application.pk}:propose", OFFER | {"actor_token": token}, If_Match=etag
    )
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        422,
        "statement_invalid",
        "actor_token",
    )


def test_an_actor_token_counts_once(case: Case) -> None:
    case.consent()
    application = case.application()
    token = case.engine.as_person(case.world.maker)
    path = f"applications/{application.pk}"
    first = case.engine.post(f"{path}:ack", {"actor_token": token}, If_Match=case.engine.get(path)["ETag"])
    assert first.status_code == 200
    again = case.engine.post(f"{path}:propose", OFFER | {"actor_token": token}, If_Match=first["ETag"])
    assert (again.status_code, again.json()["code"]) == (422, "statement_invalid")


def test_a_decision_needs_the_version_that_was_read(case: Case) -> None:
    case.consent()
    application, world = case.application(), case.world
    path = f"applications/{application.pk}"
    body = OFFER | {"actor_token": case.engine.as_person(world.maker)}
    assert case.engine.post(f"{path}:propose", body).json()["code"] == "if_match_missing"
    old = case.engine.get(path)["ETag"]
    assert case.engine.decide(application.pk, "ack", world.maker).status_code == 200
    stale = case.engine.post(f"{path}:propose", body, If_Match=old)
    assert (stale.status_code, stale.json()["code"]) == (412, "changed")
    assert case.engine.post(f"{path}:propose", body, If_Match="*").status_code == 412
    assert (
        case.engine.post(f"{path}:propose", body, If_Match=case.engine.get(path)["ETag"]).status_code == 200
    )


def test_a_cut_of_the_line_changes_the_version(case: Case) -> None:
    case.consent()
    application = case.application()
    before = case.engine.get(f"applications/{application.pk}")["ETag"]
    with case.inside():
        lines.cut(by=case.world.maker, line_id=application.line_id, limit=Decimal(5_000_000))
    assert case.engine.get(f"applications/{application.pk}")["ETag"] != before


def test_revoked_in_the_middle_reads_and_decisions_stop(case: Case) -> None:
    consent = case.consent()
    application, world, engine = case.application(), case.world, case.engine
    proposed = engine.decide(application.pk, "propose", world.maker, OFFER)
    seen = proposed.json()["decision"]["content_hash"]
    with case.inside():
        consents.revoke(by=world.signatory, consent_id=consent.pk)
        reads = ConsentAccess.objects.count()
    verdict = {"outcome": "approve", "content_hash": seen}
    assert (
        engine.decide(application.pk, "decide", world.checker, verdict, etag=proposed["ETag"]).status_code
        == 412
    )
    assert (
        engine.decide(application.pk, "decide", world.checker, verdict).json()["code"] == "nothing_to_decide"
    )
    for path in (
        f"enterprises/{world.enterprise.uscc}/scorecard?consent={consent.pk}", f"applications/{application.pk}/dossier",
        f"quotes/{application.quote_id}", f"snapshots/1/proof?consent={consent.pk}",
    ):  # fmt: skip
        answer = engine.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "consent_over"), path
    for path in ("applications", "consents", f"consents/{consent.pk}", f"applications/{application.pk}"):
        text = engine.get(path).content.decode()
        assert world.enterprise.uscc not in text, path
        assert world.enterprise.name not in text, path
    assert engine.post("quotes:simulate", {"consent": consent.pk}).json()["code"] == "consent_over"
    with case.inside():
        assert ConsentAccess.objects.count() == reads


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 4000000}, "amount"), ({"amount": "4000000"}, "amount"), ({"amount": "4,000,000.00"}, "amount"),
        ({"amount": "４000000.00"}, "amount"), ({"amount": "-1.00"}, "amount"), ({"amount": "1e6"}, "amount"), ({"amount": None}, "amount"),
        ({"amount": ["1.00"]}, "amount"), ({"rate": "3.45"}, "rate"), ({"rate": "0.0345000001"}, "rate"), ({"rate": True}, "rate"),
        ({"term_months": "12"}, "term_months"), ({"term_months": True}, "term_months"), ({"term_months": 0}, "term_months"),
        ({"term_months": "１２"}, "term_months"), ({"term_months": 10**40}, "term_months"), ({"extra": 1}, "extra"), ({"note": 5}, "note"),
        ({"amount": "01.00"}, "amount"), ({"note": "x" * 501}, "note"),
    ],
)  # fmt: skip
def test_money_and_numbers_are_taken_as_documented_only(
    case: Case, change: dict[str, Any], field: str
) -> None:
    case.consent()
    application = case.application()
    answer = case.engine.decide(application.pk, "propose", case.world.maker, OFFER | change)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]
    with case.inside():
        assert Application.objects.get(pk=application.pk).status == "screened"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid"), (b"[]", "malformed"), (b"{", "malformed"), (b'{"a":1,"a":2}', "malformed"), (b'"x"', "malformed"),
        (b"[" * 50_000, "malformed"), (b'{"a":"\\ud800"}', "malformed"), (b'{"a":"\\u0000"}', "malformed"), (b"\xff\xfe", "malformed"),
        (b'{"amount": 1.5}', "number_with_fraction"), (b'{"amount": NaN}', "number_with_fraction"),
        (b'{"a": ' + b"9" * 5000 + b"}", "malformed"), (b'{"a":"' + b"x" * 70_000 + b'"}', "too_large"),
    ],
)  # fmt: skip
def test_json_that_readers_disagree_about_is_refused(case: Case, raw: bytes, code: str) -> None:
    answer = case.engine.post("quotes:simulate", raw=raw)
    assert (answer.json()["code"], answer.status_code // 100) == (code, 4)


def test_rules_of_the_services_come_as_problems_with_their_field(case: Case) -> None:
    case.consent()
    application = case.application()
    answer = case.engine.decide(application.pk, "propose", case.world.maker, OFFER | {"rate": "0.09"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "rate", "rate")
    assert answer.json()["type"] == "urn:innovscore:problem:rate"

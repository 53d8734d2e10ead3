"""Who gets in: signed assertions, tokens of ten minutes, scopes, parks, banks; and how often."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from finance.models import BankClient
from finance.services import clients
from innovscore.core.problems import Problem
from parks import access, throttle
from parks.models import Membership
from parks.scope import park_scope
from tests.bankapi.conftest import Case, make_case
from tests.bankapi.test_walk import ask_token
from tests.factories import bankapi, scoring
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


def test_tokens_are_stored_as_digests_and_end_after_ten_minutes(case: Case, client: Any) -> None:
    engine = case.engine
    clear = ask_token(client, engine, bankapi.signed(engine.client_id, engine.client_id)).json()[
        "access_token"
    ]
    stored = AccessToken.objects.get(token_checksum=bankapi.checksum(clear))
    assert stored.token == ""
    left = stored.expires - timezone.now()
    assert dt.timedelta(minutes=9) < left <= dt.timedelta(minutes=10)
    engine.token = clear
    assert engine.get("consents").status_code == 200
    AccessToken.objects.update(expires=timezone.now())
    refused = engine.get("consents")
    assert (refused.status_code, refused.json()["code"], refused["WWW-Authenticate"]) == (
        401,
        "not_signed_in",
        "Bearer",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"key": bankapi.OTHER_KEY}, {"aud": "urn:other"}, {"exp": int(time.time()) - 120}, {"exp": int(time.time()) + 3600},
        {"exp": "soon"}, {"exp": 10**30}, {"jti": None}, {"jti": 5}, {"sub": "somebody"}, {"aud": None}, {"exp": None},
    ],
)  # fmt: skip
def test_assertions_that_do_not_hold_get_no_token(case: Case, client: Any, changes: dict[str, Any]) -> None:
    engine = case.engine
    subject = changes.pop("sub", engine.client_id)
    answer = ask_token(client, engine, bankapi.signed(engine.client_id, subject, **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "\x00", "e" * 9000, "令牌", '{"payload": "e30"}'])
def test_nonsense_gets_no_token(case: Case, client: Any, assertion: str) -> None:
    assert ask_token(client, case.engine, assertion).status_code in (400, 401)


def test_an_assertion_counts_once(case: Case, client: Any) -> None:
    assertion = bankapi.signed(case.engine.client_id, case.engine.client_id)
    assert ask_token(client, case.engine, assertion).status_code == 200
    assert ask_token(client, case.engine, assertion).status_code == 401


def test_unsigned_and_symmetric_assertions_are_refused(case: Case, client: Any) -> None:
    """The public key is known to all: it must not pass as an HMAC secret."""
    from jwcrypto import jwk, jwt

    engine = case.engine
    shared = jwk.JWK(kty="oct", k=jwk.base64url_encode(bankapi.public_pem()))
    claims = {
        "iss": engine.client_id, "sub": engine.client_id, "aud": "urn:innovscore:bank-api", "exp": int(time.time()) + 60, "jti": "1",
    }  # fmt: skip
    made = jwt.JWT(header={"alg": "HS256"}, claims=claims)
    made.make_signed_token(shared)
    none = "eyJhbGciOiJub25lIn0." + made.serialize().split(".")[1] + "."
    for assertion in (made.serialize(), none):
        assert ask_token(client, engine, assertion).status_code == 401


def test_other_grants_do_not_exist(case: Case, client: Any) -> None:
    for grant in (
        "password",
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
    ):
        assertion = bankapi.signed(case.engine.client_id, case.engine.client_id)
        answer = ask_token(
            client, case.engine, assertion, grant_type=grant, username="x", password="x", code="x"
        )
        assert 400 <= answer.status_code < 500, grant


def test_a_program_gets_only_its_own_scopes(case: Case, client: Any) -> None:
    with case.inside():
        engine = bankapi.engine(case.ops, scopes=["consent.read"], name="只读")
    assertion = bankapi.signed(engine.client_id, engine.client_id)
    assert ask_token(client, engine, assertion, scope="application.decide").json()["error"] == "invalid_scope"
    answer = ask_token(client, engine, bankapi.signed(engine.client_id, engine.client_id))
    assert answer.json()["scope"] == "consent.read"


def test_each_call_needs_its_scope(case: Case) -> None:
    """Every route of the API has a scope, and a token without it is refused before anything else."""
    lines = [
        line
        for (route, _m), line in access.policy().items()
        if route.startswith("bank_api:") and not line.is_public
    ]
    assert all(line.scope for line in lines)
    engine = case.engine
    engine.token = bankapi.token_of(engine.client.application, "quote.read")
    answer = engine.get("consents")
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert 'scope="consent.read"' in answer["WWW-Authenticate"]


def test_people_cannot_use_the_api_with_their_session(case: Case, client_as: Any) -> None:
    for actor in (case.world.maker, case.ops, case.world.signatory):
        assert client_as(actor).get(case.engine.path("consents")).status_code == 403


def test_a_session_of_the_program_s_account_does_not_do(case: Case) -> None:
    with case.inside():
        membership = Membership.objects.get(role="bank_system")
    from parks.actors import Actor

    client = people.client_for(Actor.of(membership), second_factor=False)
    assert client.get(case.engine.path("consents")).json()["code"] == "insufficient_scope"


def test_other_parks_do_not_exist_until_the_program_is_let_in(case: Case, other_park: Any) -> None:
    engine = case.engine
    other = f"{bankapi.ROOT}/parks/hz/consents"
    absent = f"{bankapi.ROOT}/parks/nowhere/consents"
    assert (engine.get(other).status_code, engine.get(absent).status_code) == (404, 404)
    assert engine.get(other).json()["code"] == engine.get(absent).json()["code"]
    bank = people.Organisation.objects.get(pk=case.ops.organisation_id)
    ops = people.actor("bank_ops", other_park, organisation=bank)
    with park_scope(other_park.pk):
        clients.allow_here(by=ops, client_id=engine.client.pk)
    assert engine.get(other).json() == {"items": [], "next_cursor": None}


def test_what_is_another_bank_s_is_absent(case: Case, park: Any) -> None:
    consent, application = case.consent(), case.application()
    with case.inside():
        stranger = bankapi.engine(people.actor("bank_ops", park))
    uscc = case.world.enterprise.uscc
    for path in (
        "consents/{consent}", "applications/{application}", "applications/{application}/dossier", "quotes/{quote}",
        "enterprises/{uscc}/scorecard?consent={consent}", "snapshots/1/proof?consent={consent}",
    ):  # fmt: skip
        mine = path.format(
            consent=consent.pk, application=application.pk, quote=application.quote_id, uscc=uscc
        )
        none = path.format(consent=987654, application=987654, quote=987654, uscc=uscc)
        foreign, absent = stranger.get(mine), stranger.get(none)
        assert (foreign.status_code, absent.status_code) == (404, 404), path
        assert foreign.json() == absent.json()
    assert stranger.get("applications").json()["items"] == []
    body = {"actor_token": "x", "amount": "1.00", "rate": "0.03", "term_months": 12}
    assert stranger.post(f"applications/{application.pk}:propose", body, If_Match='"x"').status_code == 422


def test_the_consent_must_be_of_the_enterprise_asked_about(case: Case, park: Any) -> None:
    consent = case.consent()
    assert (
        case.engine.get(f"enterprises/91500000MA5U000018/scorecard?consent={consent.pk}").status_code == 404
    )


def test_disabling_and_removing_a_key_end_tokens_at_once(case: Case, client: Any) -> None:
    engine = case.engine
    with case.inside():
        clients.add_key(
            by=case.ops, client_id=engine.client.pk, public_key=bankapi.public_pem(bankapi.OTHER_KEY)
        )
    for key in (bankapi.KEY, bankapi.OTHER_KEY):
        assert (
            ask_token(client, engine, bankapi.signed(engine.client_id, engine.client_id, key=key)).status_code
            == 200
        )
    with case.inside():
        clients.remove_key(by=case.ops, client_id=engine.client.pk, kid=bankapi.KEY.thumbprint())
    assert engine.get("consents").status_code == 401
    assert ask_token(client, engine, bankapi.signed(engine.client_id, engine.client_id)).status_code == 401
    fresh = bankapi.signed(engine.client_id, engine.client_id, key=bankapi.OTHER_KEY)
    engine.token = ask_token(client, engine, fresh).json()["access_token"]
    assert engine.get("consents").status_code == 200
    with case.inside():
        with pytest.raises(Problem):
            clients.remove_key(by=case.ops, client_id=engine.client.pk, kid=bankapi.OTHER_KEY.thumbprint())
        clients.disable(by=case.ops, client_id=engine.client.pk)
    assert engine.get("consents").status_code == 401


def test_keys_are_public_strong_and_readable(case: Case) -> None:
    from jwcrypto import jwk

    private = bankapi.KEY.export_to_pem(private_key=True, password=None).decode()
    weak = jwk.JWK.generate(kty="RSA", size=1024).export_to_pem().decode()
    shared = jwk.JWK.generate(kty="oct", size=256).export()
    for text in (
        private,
        bankapi.KEY.export_private(),
        weak,
        shared,
        "x",
        "{}",
        "-----BEGIN PUBLIC KEY-----",
        "[]",
    ):
        with pytest.raises(Problem):
            clients.parse_key(text)
    for key in (jwk.JWK.generate(kty="OKP", crv="Ed25519"), jwk.JWK.generate(kty="RSA", size=2048)):
        assert set(clients.parse_key(key.export_public())) <= {"kty", "crv", "x", "n", "e", "kid"}


def test_asking_too_often_is_told_with_the_time_to_wait(case: Case, monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "CLIENT", throttle.Rate(per_minute=6, burst=3))
    answers = [case.engine.get("consents") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert (refused.json()["code"], refused["Content-Type"]) == ("rate_limited", "application/problem+json")
    assert 8 <= int(refused["Retry-After"]) <= 10


def test_refused_calls_count_too(case: Case, monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "CLIENT", throttle.Rate(per_minute=6, burst=2))
    statuses = [case.engine.get("applications/987654").status_code for _ in range(3)]
    assert statuses == [404, 404, 429]


def test_tokens_cannot_be_asked_for_without_end(case: Case, client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(throttle, "TOKEN", throttle.Rate(per_minute=6, burst=2))
    statuses = [ask_token(client, case.engine, "x").status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


def test_methods_and_addresses_that_do_not_exist_answer_with_problems(case: Case) -> None:
    wrong = case.engine.browser.put(
        case.engine.path("consents"), headers={"Authorization": f"Bearer {case.engine.token}"}
    )
    assert (wrong.status_code, wrong.json()["code"], wrong["Allow"]) == (405, "method_not_allowed", "GET")
    absent = case.engine.get("no/such/thing")
    assert (absent.status_code, absent.json()["code"]) == (404, "not_found")


def test_only_operations_people_register_programs(case: Case) -> None:
    with case.inside():
        for actor in (case.world.maker, case.world.checker, case.world.signatory):
            with pytest.raises(Problem):
                clients.register(by=actor, name="x", scopes=["consent.read"], public_key=bankapi.public_pem())
    assert BankClient.objects.count() == 1


def test_a_second_bank_has_programs_of_its_own(case: Case, other_park: Any) -> None:
    other = make_case(other_park, 2)
    assert other.engine.get("consents").status_code == 200
    assert other.engine.get(f"{bankapi.ROOT}/parks/{case.park.code}/consents").status_code == 404


def test_a_firm_without_consent_answers_as_one_that_does_not_exist(case: Case, park: Any) -> None:
    """Byte for byte, with the same headers: neither the body nor an ETag nor a status tells that the firm is there."""
    consent = case.consent()
    with case.inside():
        silent = scoring.enterprise(77)

    def asked(uscc: str) -> tuple[int, bytes, set[str]]:
        answer = case.engine.get(f"enterprises/{uscc}/scorecard?consent={consent.pk}")
        body = answer.content.replace(uscc.encode(), b"-")
        return answer.status_code, body, set(answer.headers)

    absent = silent.uscc[:-1] + ("0" if silent.uscc[-1] != "0" else "1")
    assert asked(silent.uscc) == asked(absent)
    assert asked(silent.uscc)[0] == 404
    for listed in ("consents", "applications"):
        assert silent.uscc not in case.engine.get(listed).content.decode()

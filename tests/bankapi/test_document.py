"""The OpenAPI document: every call is in it, its examples work, and what it generates never breaks the API."""

from __future__ import annotations

import os
import random
import re
import uuid
from typing import Any

import pytest
from django.db import connection

from finance.api import examples, urls
from finance.api.examples import ANSWERS, BODIES
from parks import throttle
from tests.bankapi.conftest import Case
from tests.bankapi.receiver import receiving
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
REQUESTS = int(os.environ.get("REQUESTS", "400"))
PREFIX = "/api/bank/v1"


@pytest.fixture
def document(client: Any) -> dict[str, Any]:
    answer = client.get(f"{PREFIX}/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_call_is_described_with_scope_key_and_refusals(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.")
    found = operations(document)
    assert len(document["paths"]) == len(urls.in_park)
    for path, method, operation in found:
        headers = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}
        assert ("Idempotency-Key" in headers) == (method == "post"), path
        assert operation["security"][0]["oauth2"], path
        assert {"401", "403", "404", "429"} <= set(operation["responses"]), path
    names = [operation["operationId"] for _path, _method, operation in found]
    assert len(names) == len(set(names))
    wanted = "listConsents getConsent getScoreCard verifySnapshot simulateQuote getQuote listApplications getApplication getDossier \
        acknowledge propose decide recordContract recordDisbursement recordRepayment declareDefault fileClaim rotateSecret replayEvent"
    assert set(wanted.split()) <= set(names)


def test_every_body_has_an_example_and_money_is_text(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if method == "post" and BODIES[operation["operationId"]]:
            assert operation["requestBody"]["content"]["application/json"]["examples"], path
    amount = document["components"]["schemas"]["ProposeForm"]["properties"]["amount"]
    assert (amount["type"], amount["pattern"]) == ("string", r"^(0|[1-9][0-9]{0,13})\.[0-9]{2}$")


def shape(value: Any) -> Any:
    """Names all the way down; a list is what its first item is."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def alike(example: Any, answer: Any) -> bool:
    """Same names; where one of them is empty (null, no items) there is nothing to compare."""
    if not example or not answer:
        return True
    if isinstance(example, dict) and isinstance(answer, dict):
        free = not (set(example) & set(answer))
        return free or (set(example) == set(answer) and all(alike(example[k], answer[k]) for k in example))
    if isinstance(example, list) and isinstance(answer, list):
        return alike(example[0], answer[0])
    return True


def test_the_examples_work(case: Case, settings: Any, park: Any) -> None:
    """The bodies are sent as they stand (ids, hash and signature put in); the answers look like the examples."""
    settings.WEBHOOK_LOOPBACK = True
    consent, application = case.consent(), case.application()
    engine, world = case.engine, case.world

    def check(name: str, answer: Any, status: int = 200) -> Any:
        assert answer.status_code == status, (name, answer.content)
        assert alike(ANSWERS[name], answer.json()), (name, shape(ANSWERS[name]), shape(answer.json()))
        return answer.json()

    check("listConsents", engine.get("consents"))
    check("getConsent", engine.get(f"consents/{consent.pk}"))
    check("getScoreCard", engine.get(f"enterprises/{world.enterprise.uscc}/scorecard?consent={consent.pk}"))
    check("simulateQuote", engine.post("quotes:simulate", BODIES["simulateQuote"] | {"consent": consent.pk}))
    check("getQuote", engine.get(f"quotes/{application.quote_id}"))
    check("listApplications", engine.get("applications"))
    check("getApplication", engine.get(f"applications/{application.pk}"))

    def step(name: str, verb: str, by: Any, **changes: Any) -> Any:
        body = {key: value for key, value in BODIES[name].items() if key != "actor_token"} | changes
        return check(name, engine.decide(application.pk, verb, by, body))

    step("acknowledge", "ack", world.maker)
    proposed = step("propose", "propose", world.maker)
    check("getDossier", engine.get(f"applications/{application.pk}/dossier"))
    step("decide", "decide", world.checker, content_hash=proposed["decision"]["content_hash"])
    step("recordContract", "recordContract", case.ops)
    with case.inside():
        from finance.queries.loans import recorded_contract
        from finance.services import loans

        loans.sign_contract(
            by=world.signatory,
            application_id=application.pk,
            contract_id=recorded_contract(application.pk).pk,
        )
    wrong = step("recordDisbursement", "recordDisbursement", case.ops)
    step("dropDisbursement", "dropDisbursement", case.ops, disbursement=wrong["disbursements"][0]["id"])
    paid = step("recordDisbursement", "recordDisbursement", case.ops)
    bank = people.Organisation.objects.get(pk=case.ops.organisation_id)
    second = people.actor("bank_ops", park, organisation=bank)
    step("confirmDisbursement", "confirmDisbursement", second, disbursement=paid["disbursements"][0]["id"])
    check("getLoan", engine.get(f"applications/{application.pk}/loan"))
    park.kind = park.Kind.SANDBOX
    park.save()
    check("advanceClock", engine.post("clock:advance", BODIES["advanceClock"]))
    check("getClock", engine.get("clock"))
    with receiving() as receiver:
        made = check(
            "createEndpoint", engine.post("webhooks", BODIES["createEndpoint"] | {"url": receiver.url}), 201
        )
        check("listEndpoints", engine.get("webhooks"))
        check("getEndpoint", engine.get(f"webhooks/{made['id']}"))
        for name, verb in (
            ("rotateSecret", "rotateSecret"),
            ("endFormerSecret", "endFormerSecret"),
            ("disableEndpoint", "disable"),
            ("enableEndpoint", "enable"),
        ):
            check(name, engine.post(f"webhooks/{made['id']}:{verb}", BODIES[name]))
        check("listDeliveries", engine.get(f"webhooks/{made['id']}/deliveries"))
    assert set(examples.BODIES) >= {"replayEvent"}


ODD: list[Any] = [
    None, True, -1, 0, 10**20, 10**400, "", " ", "x", "\u202e", "💰" * 50, "１２", "1e5", "-0.00", "NaN", "9" * 5000, "' OR 1=1 --", "../../etc",
    [], [[]], {}, {"a": {"a": {"a": []}}}, ["x"] * 50, "2026-02-30", "0001-01-01", "<script>", "%s%n", "\t\r\n", "0.0", "1000000.00",
]  # fmt: skip
RAW = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"\xff",
    b'{"a":1,"a":2}',
    b"[" * 2000,
    b'{"a":1.5}',
    b'{"x":"\\ud800"}',
    b'{"x":"\\u0000"}',
    b"1" * 70_000,
]
KEYS = [None, "", "x", "x" * 65, "\u00e9" * 10, "'; DROP TABLE x", " " * 20]


class Generator:
    """Requests made from the document: mostly right, with something wrong in path, query, headers or body."""

    def __init__(self, document: dict[str, Any], known: dict[str, Any], seed: int) -> None:
        self.document, self.known, self.pick = document, known, random.Random(seed)
        self.operations = operations(document)

    def request(self) -> tuple[str, str, dict[str, str], bytes | dict[str, Any] | None]:
        path, method, operation = self.pick.choice(self.operations)
        query, headers = [], {}
        for parameter in operation["parameters"]:
            name, value = parameter["name"], self.known.get(parameter["name"], self.pick.randint(1, 3))
            if self.pick.random() < 0.3:
                value = self.pick.choice(ODD)
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", self._segment(value))
            elif parameter["in"] == "query" and self.pick.random() < 0.6:
                query.append((name, value))
            elif parameter["in"] == "header":
                headers[name] = self._header(name)
        url = path + ("?" + "&".join(f"{n}={self._segment(v)}" for n, v in query) if query else "")
        body = self._body(operation) if method == "post" else None
        return method, url, headers, body

    def _segment(self, value: Any) -> str:
        from urllib.parse import quote

        text = quote(str(value)[:300], safe="")
        return text or "0"

    def _header(self, name: str) -> str:
        if name == "Idempotency-Key" and self.pick.random() < 0.85:
            return str(uuid.uuid4())
        if name == "If-Match" and self.pick.random() < 0.85:
            return self.known["etag"]
        return str(self.pick.choice(KEYS) or "").encode("ascii", "replace").decode()

    def _body(self, operation: dict[str, Any]) -> Any:
        if self.pick.random() < 0.15:
            return self.pick.choice(RAW)
        body = dict(BODIES[operation["operationId"]])
        if "actor_token" in body and self.pick.random() < 0.9:
            body["actor_token"] = self.known["token"]()
        for name in list(body):
            if self.pick.random() < 0.35:
                body[name] = self.pick.choice(ODD)
        if self.pick.random() < 0.2:
            body[self.pick.choice(["extra", "id", "park", "__class__", "amount"])] = self.pick.choice(ODD)
        return body


def rows_of(case: Case) -> list[tuple[Any, ...]]:
    """Number and newest version of the rows in each table of the park: an insert, change or removal shows."""
    from django.apps import apps

    rooms = [*apps.get_app_config("finance").get_models(), *apps.get_app_config("parks").get_models()]
    tables = [model._meta.db_table for model in rooms if hasattr(model, "everywhere")]
    union = " UNION ALL ".join(
        f"SELECT '{t}', count(*), coalesce(max(xmin::text::bigint), 0) FROM {t}" for t in tables
    )
    with case.inside(), connection.cursor() as cursor:
        cursor.execute(union)
        return cursor.fetchall()


def test_generated_requests_never_break_the_api(
    case: Case, document: Any, monkeypatch: Any, settings: Any
) -> None:
    """REQUESTS mostly-right calls: no 5xx, every refusal is a problem with a code, a 4xx changes no row."""
    monkeypatch.setattr(throttle, "CLIENT", throttle.Rate(per_minute=10**6, burst=10**6))
    consent, application = case.consent(), case.application()
    seed = random.randrange(10**6)
    actors = [case.world.maker, case.world.checker, case.ops]
    known = {
        "park": "cq", "consent": consent.pk, "consent_id": consent.pk, "application_id": application.pk, "quote_id": application.quote_id,
        "uscc": case.world.enterprise.uscc, "snapshot_id": 1, "token": lambda: case.engine.as_person(generator.pick.choice(actors)),
        "etag": case.engine.get(f"applications/{application.pk}")["ETag"],
    }  # fmt: skip
    generator = Generator(document, known, seed)
    statuses: dict[int, int] = {}
    before = rows_of(case)
    for number in range(REQUESTS):
        method, url, headers, body = generator.request()
        raw = body if isinstance(body, bytes) else None
        send = case.engine.get if method == "get" else case.engine.post
        more = {} if method == "get" else {"body": body, "raw": raw, "key": None}
        answer = send(url, **more, **{name.replace("-", "_"): value for name, value in headers.items()})
        where = (seed, number, method, url, headers, body, answer.content[:300])
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        assert answer.status_code < 500, where
        if answer.status_code >= 400:
            assert answer["Content-Type"].startswith("application/problem+json"), where
            assert re.fullmatch(r"[a-z][a-z0-9_]*", answer.json()["code"]), where
            assert rows_of(case) == before, where
        else:
            before = rows_of(case)
    print(f"SEED={seed} {sum(statuses.values())} tried, 0 failed; {dict(sorted(statuses.items()))}")
    assert any(status < 300 for status in statuses), "the generator must get through the door too"


def test_lists_make_a_constant_number_of_queries(case: Case) -> None:
    from django.test.utils import CaptureQueriesContext

    case.consent()
    counts = []
    for number in (1, 6):
        for n in range(number):
            case.application(100_000, f"{number}-{n}")
        case.engine.get("applications")
        with CaptureQueriesContext(connection) as found:
            assert case.engine.get("applications").status_code == 200
        counts.append(len(found))
    assert counts[0] == counts[1]

"""One effect a key: duplicates in parallel, other bodies, crashes in the middle."""

from __future__ import annotations

import os
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from finance.models import Application, ApplicationEvent, WebhookEndpoint
from finance.services import decisions, posting
from innovscore.core.problems import Problem
from parks import throttle
from parks.idempotency import Reply, once
from parks.models import IdempotencyRecord, Notification
from parks.scope import park_scope
from tests.bankapi.conftest import Case, make_case
from tests.factories import parks as people

OFFER = {"amount": "4000000.00", "rate": "0.0345", "term_months": 12}
KEYS, COPIES = int(os.environ.get("KEYS", "8")), 8


@pytest.mark.django_db
def test_a_post_needs_a_key(case: Case) -> None:
    for key in (None, "short", "x" * 65, "has space", "令牌令牌令牌令牌"):
        answer = case.engine.post("quotes:simulate", {"consent": 1}, key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing"), key


@pytest.mark.django_db
def test_the_same_key_and_body_get_the_first_answer_even_when_the_state_moved_on(case: Case) -> None:
    case.consent()
    application, world, engine = case.application(), case.world, case.engine
    key, etag = str(uuid.uuid4()), engine.get(f"applications/{application.pk}")["ETag"]
    first = engine.decide(application.pk, "propose", world.maker, OFFER, key=key, etag=etag)
    again = engine.decide(application.pk, "propose", world.maker, OFFER, key=key, etag=etag)
    assert (first.status_code, again.status_code) == (200, 200)
    assert (again.content, again["ETag"], again["Idempotent-Replayed"]) == (
        first.content,
        first["ETag"],
        "true",
    )
    assert "Idempotent-Replayed" not in first
    other = engine.decide(application.pk, "propose", world.maker, OFFER | {"term_months": 6}, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    with case.inside():
        assert ApplicationEvent.objects.filter(event="propose").count() == 1


@pytest.mark.django_db
def test_another_person_is_another_body(case: Case, park: Any) -> None:
    case.consent()
    application, engine = case.application(), case.engine
    bank = people.Organisation.objects.get(pk=case.world.maker.organisation_id)
    colleague = people.actor("bank_maker", park, organisation=bank)
    key = str(uuid.uuid4())
    assert engine.decide(application.pk, "ack", case.world.maker, key=key).status_code == 200
    assert engine.decide(application.pk, "ack", colleague, key=key).json()["code"] == "idempotency_key_reused"


@pytest.mark.django_db
def test_a_refused_call_uses_no_key_and_leaves_nothing(case: Case) -> None:
    case.consent()
    application, key = case.application(), str(uuid.uuid4())
    refused = case.engine.decide(
        application.pk, "propose", case.world.maker, OFFER | {"rate": "0.09"}, key=key
    )
    assert refused.status_code == 422
    with case.inside():
        assert not IdempotencyRecord.objects.exists()
    assert case.engine.decide(application.pk, "propose", case.world.maker, OFFER, key=key).status_code == 200


@pytest.mark.django_db
def test_a_crash_after_the_effect_leaves_neither_key_nor_effect(case: Case, monkeypatch: Any) -> None:
    case.consent()
    application, key = case.application(), str(uuid.uuid4())
    real = decisions.propose

    def crash(**kwargs: Any) -> Any:
        real(**kwargs)
        raise RuntimeError("the process dies")

    monkeypatch.setattr(decisions, "propose", crash)
    answer = case.engine.decide(application.pk, "propose", case.world.maker, OFFER, key=key)
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    monkeypatch.undo()
    with case.inside():
        assert Application.objects.get(pk=application.pk).status == "screened"
        assert not IdempotencyRecord.objects.exists()
    assert case.engine.decide(application.pk, "propose", case.world.maker, OFFER, key=key).status_code == 200


@pytest.mark.django_db
def test_a_secret_is_stored_sealed_and_replayed_in_clear(case: Case, settings: Any) -> None:
    settings.WEBHOOK_LOOPBACK = True
    key = str(uuid.uuid4())
    body = {"url": "http://127.0.0.1:9999/", "events": ["quote.live"]}
    first, again = (case.engine.post("webhooks", body, key=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["secret"] == again.json()["secret"]
    assert first.json()["secret"].startswith(posting.PREFIX)
    with case.inside():
        stored = str(IdempotencyRecord.objects.get().response) + WebhookEndpoint.objects.get().secret
    assert first.json()["secret"] not in stored


def test_parallel_duplicates_have_one_effect_and_equal_answers(
    live_db: None, park: Any, settings: Any, monkeypatch: Any
) -> None:
    """KEYS × COPIES calls at once: those in flight are told to come back, and then all have the same answer."""
    settings.WEBHOOK_LOOPBACK = True
    monkeypatch.setattr(throttle, "CLIENT", throttle.Rate(per_minute=10**6, burst=10**6))
    case = make_case(park)
    case.consent()
    application = case.application()
    etag = case.engine.get(f"applications/{application.pk}")["ETag"]
    keys = [str(uuid.uuid4()) for _ in range(KEYS)]
    start, pause = threading.Barrier(8), threading.Event()
    waited: Counter[int] = Counter()

    def call(key: str) -> tuple[str, int, bytes]:
        try:
            start.wait(timeout=30)
            while True:
                answer = case.engine.decide(application.pk, "ack", case.world.maker, key=key, etag=etag)
                waited[answer.status_code] += 1
                if answer.status_code != 409 or answer.json()["code"] != "idempotency_in_flight":
                    return key, answer.status_code, answer.content
                assert answer["Retry-After"] == "1"
                pause.wait(0.2)  # it was told to come back later; at once would spend the rate limit
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, [key for key in keys for _ in range(COPIES)]))
    by_key = {key: {(status, body) for one, status, body in answers if one == key} for key in keys}
    winners = [key for key, seen in by_key.items() if {status for status, _body in seen} == {200}]
    assert len(winners) == 1, waited
    assert len(by_key[winners[0]]) == 1
    assert {status for key, seen in by_key.items() if key not in winners for status, _b in seen} == {412}
    with case.inside():
        assert ApplicationEvent.objects.filter(event="acknowledge").count() == 1
        assert IdempotencyRecord.objects.count() == 1


def test_a_hundred_keys_eight_times_have_a_hundred_effects(live_db: None, park: Any, actors: Any) -> None:
    """By threads at once; a changed body is refused. Without the row of the key each call has its effect."""
    by = actors("park_admin", park)
    calls = [(f"key-{number}", number) for number in range(100) for _copy in range(8)]

    def run(work: Callable[[str, int], Any]) -> list[Any]:
        def one(call: tuple[str, int]) -> Any:
            try:
                with park_scope(park.pk):
                    return work(*call)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(one, calls))

    def effect(number: int) -> Reply:
        row = Notification.objects.create(organisation_id=by.organisation_id, text=str(number))
        return Reply(200, data={"id": row.pk})

    def keyed(key: str, number: int) -> Any:
        return once(by=by, route="test", key=key, body={"n": number}, effect=lambda: effect(number)).data[
            "id"
        ]

    answers = run(keyed)
    with park_scope(park.pk):
        assert Notification.objects.count() == 100 == len(set(answers))
        assert len(set(zip(calls, answers, strict=True))) == 100
        with pytest.raises(Problem, match="idempotency_key_reused"):
            keyed("key-1", 2)
    run(lambda _key, number: effect(number))
    with park_scope(park.pk):
        assert Notification.objects.count() == 900, "the negative control"


def test_the_second_of_two_at_once_is_told_to_come_back(live_db: None, park: Any, monkeypatch: Any) -> None:
    case = make_case(park)
    case.consent()
    application, key = case.application(), str(uuid.uuid4())
    etag = case.engine.get(f"applications/{application.pk}")["ETag"]
    inside, go_on = threading.Event(), threading.Event()
    real = decisions.acknowledge

    def slow(**kwargs: Any) -> Any:
        inside.set()
        assert go_on.wait(30)
        return real(**kwargs)

    monkeypatch.setattr(decisions, "acknowledge", slow)

    def call() -> Any:
        try:
            return case.engine.decide(application.pk, "ack", case.world.maker, key=key, etag=etag)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call)
        assert inside.wait(30)
        second = case.engine.decide(application.pk, "ack", case.world.maker, key=key, etag=etag)
        go_on.set()
        assert (second.status_code, second["Retry-After"]) == (409, "1")
        assert first.result().status_code == 200
    third = case.engine.decide(application.pk, "ack", case.world.maker, key=key, etag=etag)
    assert (third.status_code, third.content) == (200, first.result().content)

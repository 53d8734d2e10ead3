"""Banks are told: signed, numbered, again and again, and never by way of our own network. A real receiver listens."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.utils import timezone

from finance.models import WebhookDelivery, WebhookEndpoint
from finance.services import consents, daily, posting, webhooks
from innovscore.core.problems import Problem
from parks import egress, outbox
from parks.models import Notification, OutboxMessage
from parks.scope import park_scope
from tests.bankapi.conftest import Case
from tests.bankapi.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
ALL = [
    "consent.granted",
    "consent.revoked",
    "quote.live",
    "quote.void",
    "application.submitted",
    "application.withdrawn",
]


@pytest.fixture(autouse=True)
def loopback(settings: Any) -> None:
    settings.WEBHOOK_LOOPBACK = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def told(case: Case, receiver: Receiver) -> tuple[Case, WebhookEndpoint, str]:
    """An endpoint at the receiver and its secret."""
    with case.inside():
        endpoint, secret = webhooks.create(by=case.ops, url=receiver.url, events=ALL)
    return case, endpoint, secret


def run(case: Case) -> int:
    """The outbox and the sender, as beat rings them (inside the park, since tests are the web role)."""
    with case.inside():
        outbox.deliver_due()
        return webhooks.send_due()


def due_now(case: Case, **fields: Any) -> None:
    with case.inside():
        WebhookDelivery.objects.filter(state="pending").update(next_attempt_at=timezone.now(), **fields)


def expected(secret: str, headers: dict[str, str], body: bytes) -> str:
    """The signature as a receiver computes it, written out here on its own."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def hmacs(headers: dict[str, str]) -> list[str]:
    return [one for one in headers["webhook-signature"].split() if one.startswith("v1,")]


def check_ed25519(public: str, headers: dict[str, str], body: bytes) -> None:
    """Raises InvalidSignature unless the platform's key signed exactly this."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    given = next(one for one in headers["webhook-signature"].split() if one.startswith("v1a,"))
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key.verify(base64.b64decode(given.removeprefix("v1a,")), text)
    with pytest.raises(InvalidSignature):
        key.verify(base64.b64decode(given.removeprefix("v1a,")), text + b" ")


def test_what_happened_arrives_signed_numbered_and_without_data(told: Any, receiver: Receiver) -> None:
    case, endpoint, secret = told
    consent, application = case.consent(), case.application()
    assert run(case) == 3
    bodies = receiver.bodies()
    assert sorted(body["sequence"] for body in bodies) == [1, 2, 3]
    assert {body["type"] for body in bodies} == {"consent.granted", "quote.live", "application.submitted"}
    submitted = next(body for body in bodies if body["type"] == "application.submitted")
    assert submitted["object"] == {"type": "application", "id": application.pk}
    assert submitted["link"] == f"/api/bank/v1/parks/cq/applications/{application.pk}"
    assert case.engine.get(submitted["link"]).json()["id"] == application.pk
    for headers, body in receiver.received:
        assert hmacs(headers) == [expected(secret, headers, body)]
        check_ed25519(case.engine.get(f"webhooks/{endpoint.pk}").json()["public_key"], headers, body)
        assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
        for canary in (case.world.enterprise.name, case.world.enterprise.uscc, "86.00", "5000000"):
            assert canary not in body.decode()
    assert consent.pk in {body["object"]["id"] for body in bodies}
    assert run(case) == 0


def test_what_did_not_happen_is_not_told(told: Any, receiver: Receiver) -> None:
    """A refused step takes its event back with it."""
    case, _endpoint, _secret = told
    with case.inside():
        with pytest.raises(Problem):
            case.world.apply()
        assert not OutboxMessage.objects.exists()


def test_failures_are_repeated_with_growing_waits_then_given_up_and_replayed(
    told: Any, receiver: Receiver
) -> None:
    case, _endpoint, _secret = told
    case.consent()
    receiver.status = 503
    assert run(case) == 0
    with case.inside():
        rows = list(WebhookDelivery.objects.all())
        assert {(row.state, row.attempts, row.last_status) for row in rows} == {("pending", 1, 503)}
        assert all(3 < (row.next_attempt_at - timezone.now()).total_seconds() <= 5 for row in rows)
    assert run(case) == 0
    assert len(receiver.received) == 2, "not before its time"
    waits = [webhooks.wait_after(n).total_seconds() for n in range(1, 9)]
    assert waits == [5, 30, 120, 600, 3600, 21600, 21600, 21600]
    due_now(case, due_since=timezone.now() - dt.timedelta(hours=73))
    run(case)
    with case.inside():
        rows = list(WebhookDelivery.objects.order_by("sequence"))
        assert {row.state for row in rows} == {"dead"}
    receiver.status = 200
    first = receiver.received[0]
    answer = case.engine.post(f"webhooks/deliveries/{rows[0].pk}:replay")
    assert (answer.status_code, answer.json()["state"]) == (200, "pending"), answer.content
    assert run(case) == 1
    again = receiver.received[-1]
    assert again[1] in {body for _h, body in receiver.received[:2]}
    assert again[0]["webhook-id"] == rows[0].event_id
    assert first[0].keys() == again[0].keys()


def test_for_a_day_both_secrets_sign(told: Any, receiver: Receiver) -> None:
    case, endpoint, old = told
    case.consent()
    answer = case.engine.post(f"webhooks/{endpoint.pk}:rotateSecret")
    new = answer.json()["secret"]
    assert answer["Cache-Control"] == "no-store"
    run(case)
    headers, body = receiver.received[0]
    assert hmacs(headers) == [expected(new, headers, body), expected(old, headers, body)]
    with case.inside():
        WebhookEndpoint.objects.update(previous_until=timezone.now())
        consents.revoke(
            by=case.world.signatory, consent_id=case.engine.get("consents").json()["items"][0]["id"]
        )
    run(case)
    headers, body = receiver.received[-1]
    assert hmacs(headers) == [expected(new, headers, body)]


def test_a_lease_keeps_two_senders_apart_and_runs_out(told: Any, receiver: Receiver) -> None:
    case, _endpoint, _secret = told
    case.consent()
    with case.inside():
        outbox.deliver_due()
        claimed = webhooks._claim(40)
        assert (len(claimed), webhooks._claim(40)) == (2, [])
    due_now(case)
    assert run(case) == 2


def test_after_five_days_of_failures_it_is_switched_off_and_the_bank_is_told(
    told: Any, receiver: Receiver
) -> None:
    case, endpoint, _secret = told
    case.consent()
    receiver.status = 500
    run(case)
    with case.inside():
        WebhookEndpoint.objects.update(failing_since=timezone.now() - dt.timedelta(days=5, hours=1))
    due_now(case)
    run(case)
    with case.inside():
        assert WebhookEndpoint.objects.get().state == "disabled"
        assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"dead"}
        assert Notification.objects.filter(
            organisation_id=case.ops.organisation_id, text__contains="自动停用"
        ).exists()
    case.application()
    run(case)
    with case.inside():
        last = WebhookDelivery.objects.order_by("-sequence").first()
        assert (last.sequence, last.state, last.last_error) == (3, "dead", "disabled")
    receiver.status = 200
    assert case.engine.post(f"webhooks/deliveries/{last.pk}:replay").json()["code"] == "endpoint_disabled"
    assert case.engine.post(f"webhooks/{endpoint.pk}:enable").json()["state"] == "active"
    assert case.engine.post(f"webhooks/deliveries/{last.pk}:replay").status_code == 200
    assert run(case) == 1


def test_redirects_are_failures_and_nobody_follows_them(told: Any, receiver: Receiver) -> None:
    case, _endpoint, _secret = told
    with receiving() as other:
        receiver.status, receiver.location = 307, other.url
        case.consent()
        assert run(case) == 0
        assert (len(receiver.received), len(other.received)) == (2, 0)
    with case.inside():
        assert set(WebhookDelivery.objects.values_list("last_status", flat=True)) == {307}


BAD = [
    ("http://bank.example/", "scheme"), ("ftp://8.8.8.8/", "scheme"), ("https://", "form"), ("https://user@8.8.8.8/", "form"),
    ("https://8.8.8.8/#x", "form"), ("https://8.8.8.8:25/", "port"), ("https://8.8.8.8:x/", "form"), ("https://[::1", "form"),
    ("https://127.0.0.1/", "private"), ("https://127.1/", "private"), ("https://2130706433/", "private"), ("https://0.0.0.0/", "private"),
    ("https://10.0.0.5/", "private"), ("https://172.16.1.1/", "private"), ("https://192.168.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data/", "private"), ("https://100.64.0.1/", "private"), ("https://224.0.0.1/", "private"),
    ("https://255.255.255.255/", "private"), ("https://[::1]/", "private"), ("https://[fe80::1]/", "private"), ("https://[fc00::1]/", "private"),
    ("https://[::ffff:127.0.0.1]/", "private"), ("https://[::ffff:10.0.0.1]/", "private"), ("https://[64:ff9b::7f00:1]/", "private"),
    ("https://[2002:7f00:1::]/", "private"), ("https://localhost/", "private"), ("https://银行.example\x00/", "form"),
    ("https://8.8.8.8/\r\nX: 1", "form"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "code"), BAD)
def test_addresses_that_lead_inside_are_refused(settings: Any, url: str, code: str) -> None:
    settings.WEBHOOK_LOOPBACK = False
    with pytest.raises(egress.BadAddress) as refused:
        posting.target_of(url)
    assert refused.value.code == code


def test_loopback_is_for_demos_and_tests_only(case: Case, settings: Any, receiver: Receiver) -> None:
    settings.WEBHOOK_LOOPBACK = False
    answer = case.engine.post("webhooks", {"url": receiver.url, "events": ["quote.live"]})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "url_scheme", "url")
    assert posting.post(receiver.url, {}, b"{}").error == "address:scheme"
    assert receiver.received == []


def test_the_name_is_looked_up_once_and_that_address_is_called(settings: Any, monkeypatch: Any) -> None:
    """DNS rebinding: a name that is public at first and inside later leads nowhere."""
    settings.WEBHOOK_LOOPBACK = False
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked: list[str] = []

    def resolve(host: str, port: int, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    called: list[Any] = []

    def connect(address: Any, **kwargs: Any) -> Any:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(egress.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(egress.socket, "create_connection", connect)
    assert posting.post("https://rebind.example/", {}, b"{}").error == "ConnectionRefusedError"
    assert (asked, called) == (["rebind.example"], [("93.184.216.34", 443)])
    assert posting.post("https://rebind.example/", {}, b"{}").error == "address:private"
    assert len(called) == 1


def test_one_inside_address_among_several_is_enough_to_refuse(settings: Any, monkeypatch: Any) -> None:
    settings.WEBHOOK_LOOPBACK = False
    entries = [(2, 1, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(egress.socket, "getaddrinfo", lambda *a, **k: entries)
    with pytest.raises(egress.BadAddress):
        posting.target_of("https://two.example/")


@pytest.mark.parametrize(("scheme", "first"), [("http", b""), ("https", b"\x16\x03\x03\x40\x00")])
def test_a_receiver_that_drips_is_hung_up_on(monkeypatch: Any, scheme: str, first: bytes) -> None:
    """In the answer, and in the handshake of a secured connection (the head of a record, then byte by byte)."""
    monkeypatch.setattr(egress, "WHOLE_SECONDS", 1.0)
    server = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def drip() -> None:
        peer, _address = server.accept()
        with peer:
            peer.sendall(first)
            while not stop.wait(0.1):
                try:
                    peer.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    began = time.monotonic()
    outcome = posting.post(f"{scheme}://127.0.0.1:{server.getsockname()[1]}/", {}, b"{}")
    stop.set()
    server.close()
    assert not outcome.ok
    assert time.monotonic() - began < 4


def test_a_bank_manages_only_its_own_endpoints(told: Any, park: Any) -> None:
    case, endpoint, _secret = told
    from tests.factories import bankapi
    from tests.factories import parks as people

    case.consent()
    run(case)
    with park_scope(park.pk):
        stranger = bankapi.engine(people.actor("bank_ops", park))
        row = WebhookDelivery.objects.first()
    assert stranger.get(f"webhooks/{endpoint.pk}").status_code == 404
    assert stranger.get(f"webhooks/{endpoint.pk}/deliveries").status_code == 404
    for verb in ("rotateSecret", "endFormerSecret", "enable", "disable"):
        assert stranger.post(f"webhooks/{endpoint.pk}:{verb}").status_code == 404
    assert stranger.post(f"webhooks/{endpoint.pk}:replay", {"first": 1, "last": 1}).status_code == 404
    assert stranger.post(f"webhooks/deliveries/{row.pk}:replay").status_code == 404
    assert stranger.get("webhooks").json() == {"items": []}


def test_an_engine_asks_for_a_range_again_and_ends_the_former_secret(told: Any, receiver: Receiver) -> None:
    case, endpoint, _secret = told
    case.consent()
    run(case)
    page = f"webhooks/{endpoint.pk}"
    heard, body = len(receiver.received), {"first": 1, "last": 2}
    for first, last, code in ((2, 1, "range"), (1, 1001, "range"), (8, 9, "nothing_to_replay")):
        refused = case.engine.post(f"{page}:replay", {"first": first, "last": last})
        assert (refused.status_code, refused.json()["code"]) == (422, code)
    answers = [case.engine.post(f"{page}:replay", body, key="range-of-two") for _n in range(2)]
    assert [one.json() for one in answers] == [body | {"replayed": 2}] * 2
    run(case)
    assert len(receiver.received) == heard + 2

    case.engine.post(f"{page}:rotateSecret")
    ended = case.engine.post(f"{page}:endFormerSecret")
    assert (ended.status_code, "secret" in ended.json()) == (200, False)
    again = case.engine.post(f"{page}:endFormerSecret")
    assert (again.status_code, again.json()["code"]) == (409, "no_former_secret")


def test_once_a_day_the_chain_s_head_and_ending_consents_are_told(case: Case, receiver: Receiver) -> None:
    with case.inside():
        webhooks.create(by=case.ops, url=receiver.url, events=["head.daily", "consent.expiring"])
        case.world.consent(months=1)
    with case.inside():
        daily.tell_heads()
        daily.tell_expiring()
        webhooks_before = OutboxMessage.objects.count()
    assert run(case) == 1
    (head,) = receiver.bodies()
    assert (head["type"], len(head["head"]["hash"]), head["link"]) == ("head.daily", 64, "")
    with case.inside():
        old = daily.EXPIRING
        daily.EXPIRING = dt.timedelta(days=60)
        daily.tell_expiring()
        daily.tell_expiring()
        daily.EXPIRING = old
        assert OutboxMessage.objects.exclude(topic=outbox.NOTICE).count() == webhooks_before + 1
        assert OutboxMessage.objects.filter(topic=outbox.NOTICE).count() == 1


def test_deliveries_can_be_paged_and_filtered(told: Any, receiver: Receiver) -> None:
    case, endpoint, _secret = told
    case.consent()
    case.application()
    receiver.status = 500
    run(case)
    path = f"webhooks/{endpoint.pk}/deliveries"
    first = case.engine.get(f"{path}?limit=2&state=pending").json()
    second = case.engine.get(f"{path}?limit=2&state=pending&cursor={first['next_cursor']}").json()
    assert [row["sequence"] for row in first["items"] + second["items"]] == [3, 2, 1]
    assert second["next_cursor"] is None
    assert case.engine.get(f"{path}?cursor=nonsense").json()["code"] == "cursor"
    assert case.engine.get(f"{path}?limit=1000").json()["errors"][0]["field"] == "limit"

"""The bank's operations role keeps programs and endpoints on pages that work without script."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from finance.models import BankClient, WebhookDelivery, WebhookEndpoint
from finance.services import webhooks
from parks import outbox
from parks.clock import server_now
from parks.models import AuditEvent
from tests.bankapi.conftest import Case
from tests.factories import bankapi
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
ROOT = "/p/cq/bank/api/"


def key_of(response: Any) -> str:
    return re.search(r'name="idempotency_key" value="([^"]+)"', response.content.decode()).group(1)


def test_a_program_is_registered_given_a_second_key_and_ended(case: Case, client_as: Any) -> None:
    ops = client_as(case.ops)
    url = f"{ROOT}programs/new/"
    body = {
        "name": "引擎二", "scopes": ["consent.read"], "public_key": bankapi.public_pem(), "idempotency_key": key_of(ops.get(url)),
    }  # fmt: skip
    private = bankapi.KEY.export_to_pem(private_key=True, password=None).decode()
    refused = ops.post(url, body | {"public_key": private})
    assert refused.status_code == 422
    assert "这是私钥" in refused.content.decode()
    made, again = ops.post(url, body), ops.post(url, body)
    assert (made.status_code, made["Location"]) == (302, again["Location"])
    program = BankClient.objects.get(name="引擎二")
    page = ops.get(made["Location"]).content.decode()
    assert program.application.client_id in page
    assert program.keys[0]["kid"] in page
    added = ops.post(made["Location"], {"public_key": bankapi.public_pem(bankapi.OTHER_KEY)})
    assert added.status_code == 302
    change = f"{made['Location']}change/"
    assert ops.post(change, {"step": "remove_key", "kid": program.keys[0]["kid"]}).status_code == 302
    assert ops.post(change, {"step": "disable"}).status_code == 302
    assert ops.post(change, {"step": "nonsense"}).status_code == 400
    program.refresh_from_db()
    assert [one["kid"] for one in program.keys] == [bankapi.OTHER_KEY.thumbprint()]
    assert program.disabled_at
    with case.inside():
        actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {
        f"bank_client.{verb}" for verb in ("registered", "key_added", "key_removed", "disabled")
    } <= actions


def secret_in(response: Any) -> str:
    return re.search(r"whsec_[^<]+", response.content.decode()).group(0)


def test_an_endpoint_s_secret_is_shown_once(case: Case, client_as: Any, settings: Any) -> None:
    settings.WEBHOOK_LOOPBACK = True
    ops = client_as(case.ops)
    url = f"{ROOT}endpoints/new/"
    body = {
        "url": "http://127.0.0.1:9009/",
        "events": ["consent.granted"],
        "idempotency_key": key_of(ops.get(url)),
    }
    bad = ops.post(url, body | {"url": "https://169.254.169.254/", "idempotency_key": "another-key"})
    assert (bad.status_code, "不能指向内部网络" in bad.content.decode()) == (422, True)
    shown = ops.post(url, body)
    assert (shown.status_code, shown["Cache-Control"]) == (200, "no-store")
    assert "whsec_" in shown.content.decode()
    again = ops.post(url, body)
    assert secret_in(again) == secret_in(shown), "the browser may have dropped the first answer"
    with case.inside():
        endpoint = WebhookEndpoint.objects.get()
    page = f"{ROOT}endpoints/{endpoint.pk}/"
    assert "whsec_" not in ops.get(page).content.decode()
    case.consent()
    with case.inside():
        outbox.deliver_due()
        webhooks.send_due()
        row = WebhookDelivery.objects.get()
        WebhookDelivery.objects.update(state="dead")
    text = ops.get(page).content.decode()
    assert "ConnectionRefusedError" in text
    assert "重发" in text
    assert ops.get(f"{page}?state=delivered").content.decode().count("<td") == 0
    assert ops.get(f"{page}?export=csv").content.decode().count("consent.granted") == 1
    assert ops.post(f"{page}change/", {"step": "replay", "delivery": row.pk}).status_code == 302
    assert ops.post(f"{page}change/", {"step": "disable"}).status_code == 302
    assert ops.post(f"{page}change/", {"step": "replay", "delivery": "9" * 40}).status_code == 400
    assert "已停用" in ops.get(ROOT).content.decode()


@pytest.fixture
def endpoint(case: Case, settings: Any) -> WebhookEndpoint:
    settings.WEBHOOK_LOOPBACK = True
    with case.inside():
        return webhooks.create(by=case.ops, url="http://127.0.0.1:9009/", events=["consent.granted"])[0]


def test_a_double_click_changes_the_secret_once_and_the_former_one_can_end_early(
    case: Case, client_as: Any, endpoint: WebhookEndpoint
) -> None:
    ops, page = client_as(case.ops), f"{ROOT}endpoints/{endpoint.pk}/"
    change, body = f"{page}change/", {"step": "rotate", "idempotency_key": key_of(ops.get(page))}
    first, second = ops.post(change, body), ops.post(change, body)
    assert secret_in(first) == secret_in(second)

    def signing() -> int:
        with case.inside():
            endpoint.refresh_from_db()
            return len(webhooks.secrets_of(endpoint, server_now()))

    assert (signing(), 'value="end_former"' in ops.get(page).content.decode()) == (2, True)
    assert [ops.post(change, {"step": "end_former"}).status_code for _ in range(2)] == [302, 409]
    assert (signing(), 'value="end_former"' in ops.get(page).content.decode()) == (1, False)


def test_a_range_of_messages_is_sent_again(case: Case, client_as: Any, endpoint: WebhookEndpoint) -> None:
    ops, page = client_as(case.ops), f"{ROOT}endpoints/{endpoint.pk}/"
    with case.inside():
        for number in range(1, 6):
            row = WebhookDelivery(endpoint=endpoint, event="consent.granted", sequence=number, body="{}")
            row.event_id, row.state = f"evt_{number}", "dead" if number in (2, 4) else "delivered"
            row.save()
        WebhookEndpoint.objects.update(last_sequence=5)
    text = ops.get(page).content.decode()
    assert re.findall(r'name="(?:first|last)" value="(\d+)"', text) == ["2", "4"], "what was missed"
    for first, last in ((4, 2), (6, 9), (1, 1001), (0, 2), ("２a", 3), ("9" * 30, "9" * 30)):
        assert ops.post(page, {"first": first, "last": last, "idempotency_key": "x" * 8}).status_code == 422
    body = {"first": 2, "last": 4, "idempotency_key": key_of(ops.get(page))}
    assert [ops.post(page, body)["Location"] for _ in range(2)] == [page, page]
    with case.inside():
        again = WebhookDelivery.objects.filter(state="pending", attempts=0).values_list("sequence", flat=True)
        assert sorted(again) == [2, 3, 4]
        assert json.loads(AuditEvent.objects.get(action="webhook.range_replayed").after)["number"] == 3
        webhooks.switch(by=case.ops, endpoint_id=endpoint.pk, on=False)
    refused = ops.post(page, body | {"idempotency_key": "another-key"})
    assert (refused.status_code, "请先启用再重发" in refused.content.decode()) == (409, True)


def test_another_bank_sees_nothing_of_it(case: Case, client_as: Any, park: Any) -> None:
    stranger = client_as(people.actor("bank_ops", park))
    assert stranger.get(f"{ROOT}programs/{case.engine.client.pk}/").status_code == 404
    assert case.engine.client.application.client_id not in stranger.get(ROOT).content.decode()
    change = f"{ROOT}programs/{case.engine.client.pk}/change/"
    for step in ("disable", "allow", "remove_key"):
        assert stranger.post(change, {"step": step}).status_code == 404

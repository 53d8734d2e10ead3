"""Signing in: password, lock-out, second factor, switching roles."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from parks.models import Account
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def account(park: Any) -> Account:
    actor = people.actor("enterprise_agent", park)
    account = Account.objects.get(pk=actor.account_id)
    account.set_password(PASSWORD)
    account.save()
    return account


def _sign_in(account: Account, password: str = PASSWORD, client: Client | None = None) -> Any:
    return (client or Client()).post("/account/login/", {"login": account.login, "password": password})


def test_the_right_password_signs_in_and_the_only_role_is_taken(account: Account) -> None:
    client = Client()
    assert _sign_in(account, client=client).status_code == 302
    assert client.get("/p/cq/").status_code == 200


def test_a_wrong_password_is_refused_kindly(account: Account) -> None:
    response = _sign_in(account, "wrong")
    assert response.status_code == 422
    assert "登录名或密码不正确" in response.content.decode()


def test_unknown_and_known_logins_get_the_same_answer(account: Account) -> None:
    known = _sign_in(account, "wrong")
    unknown = Client().post("/account/login/", {"login": "nobody", "password": "wrong"})
    assert known.status_code == unknown.status_code == 422


def test_five_failures_lock_the_login(account: Account) -> None:
    client = Client()
    for _ in range(5):
        _sign_in(account, "wrong", client)
    assert _sign_in(account, client=client).status_code == 429


def test_behind_a_proxy_the_lock_holds_for_the_address_that_guessed(account: Account, settings: Any) -> None:
    settings.PROXY_COUNT = 1
    stranger = Client(headers={"X-Forwarded-For": "203.0.113.9"})
    owner = Client(headers={"X-Forwarded-For": "198.51.100.7"})
    for _ in range(5):
        _sign_in(account, "wrong", stranger)
    assert _sign_in(account, client=stranger).status_code == 429
    assert _sign_in(account, client=owner).status_code == 302


def test_passwords_are_argon2(settings: Any, account: Account) -> None:
    from innovscore import settings as production

    assert production.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_an_office_role_works_only_after_its_code(park: Any) -> None:
    actor = people.actor("park_admin", park)
    client = people.client_for(actor, second_factor=False)
    assert client.get("/p/cq/office/audit/").status_code == 302
    device = TOTPDevice.objects.create(user_id=actor.account_id, name="default", confirmed=True)
    wrong = client.post("/account/code/", {"code": "000000"})
    assert wrong.status_code == 422
    assert TOTPDevice.objects.get().throttling_failure_count == 1, "guesses are counted although refused"
    TOTPDevice.objects.update(throttling_failure_count=0)
    code = f"{TOTP(device.bin_key).token():06d}"
    assert client.post("/account/code/", {"code": code, "next": "/p/cq/office/audit/"}).status_code == 302
    assert client.get("/p/cq/office/audit/").status_code == 200


def test_a_role_of_somebody_else_cannot_be_taken(park: Any) -> None:
    mine, other = people.actor("enterprise_agent", park), people.actor("park_admin", park)
    client = people.client_for(mine)
    assert client.post("/account/switch/", {"membership": other.membership_id}).status_code == 404


def test_a_role_that_has_ended_opens_nothing(park: Any) -> None:
    from parks.models import Membership
    from parks.scope import park_scope

    actor = people.actor("enterprise_agent", park)
    client = people.client_for(actor)
    with park_scope(park.pk):
        Membership.objects.update(ends_on="2024-01-01")
    assert client.get("/p/cq/").status_code == 403


def test_next_leads_only_to_our_own_pages(account: Account) -> None:
    response = Client().post(
        "/account/login/", {"login": account.login, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert "evil" not in response["Location"]


def test_the_whole_address_one_came_from_survives_the_second_factor(park: Any) -> None:
    actor, target = people.actor("park_admin", park), "/p/cq/office/audit/?page=2&size=50"
    account = Account.objects.get(pk=actor.account_id)
    account.set_password(PASSWORD)
    account.save()
    response = Client().post(
        "/account/login/", {"login": account.login, "password": PASSWORD, "next": target}
    )
    assert parse_qs(urlsplit(response["Location"]).query) == {"next": [target]}

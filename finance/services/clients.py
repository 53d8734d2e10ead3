"""Programs of banks: registered by the bank's operations role, each with public keys, scopes and parks of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from jwcrypto import jwk
from jwcrypto.common import JWException
from oauth2_provider.models import AccessToken, Application

from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.models import Account, Membership, Person
from parks.roles import Role

from ..models import BankClient
from ..queries import clients as queries
from ..queries.acting import organisation_of
from ..states import SCOPES
from . import assertions

KEYS_MAX = 2
CURVES = ("P-256", "P-384")
RSA_BITS = 2048


def register(*, by: Actor, name: str, scopes: Iterable[str], public_key: str) -> BankClient:
    """A program that may work for the acting bank in the park entered. Raises Refused for key or scopes."""
    _check_role(by)
    chosen = _scopes(scopes)
    key = parse_key(public_key)
    with transaction.atomic():
        client_id = secrets.token_urlsafe(24)
        person = Person.objects.create(name=f"{by.organisation_name[:40]} · {name}"[:80])
        account = Account.objects.create_account(login=f"client:{client_id}", password=None, person=person)
        application = Application.objects.create(
            client_id=client_id,
            user=account,
            name=name,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            client_secret="",  # there is none: programs sign
            hash_client_secret=False,
        )
        client = BankClient.objects.create(
            application=application,
            organisation_id=organisation_of(by),
            name=name,
            scopes=chosen,
            keys=[key],
            created_by_name=by.person_name,
        )
        _let_in(client)
        after = {"client_id": client_id, "scopes": chosen, "key": key["kid"]}
        audit.record(by=by, action="bank_client.registered", obj=client, after=after)
    return client


def allow_here(*, by: Actor, client_id: int) -> BankClient:
    """Let a program of the acting bank, registered in another park, work in this one too."""
    _check_role(by)
    with transaction.atomic():
        client = queries.of_bank(by, client_id)
        if queries.works_here(client):
            raise Conflict(code="client_here", message=_("这个程序已经可以在本园区使用。"))
        _let_in(client)
        audit.record(by=by, action="bank_client.allowed", obj=client)
    return client


def add_key(*, by: Actor, client_id: int, public_key: str) -> BankClient:
    """Add a public key. At most two are valid, so that keys can be changed without a gap; the oldest makes room."""
    _check_role(by)
    key = parse_key(public_key)
    with transaction.atomic():
        client = queries.locked(by, client_id)
        others = [one for one in client.keys if one["kid"] != key["kid"]]
        client.keys = [*others, key][-KEYS_MAX:]
        client.save(update_fields=["keys"])
        audit.record(by=by, action="bank_client.key_added", obj=client, after={"key": key["kid"]})
    return client


def remove_key(*, by: Actor, client_id: int, kid: str) -> BankClient:
    """Take a public key away, and every token with it. Raises Conflict for the last one."""
    _check_role(by)
    with transaction.atomic():
        client = queries.locked(by, client_id)
        left = [one for one in client.keys if one["kid"] != kid]
        if not left:
            raise Conflict(code="last_key", message=_("至少保留一把公钥；不再使用请停用这个程序。"))
        client.keys = left
        client.save(update_fields=["keys"])
        _end_tokens(client)
        audit.record(by=by, action="bank_client.key_removed", obj=client, before={"key": kid})
    return client


def disable(*, by: Actor, client_id: int) -> BankClient:
    """End a program for good, in every park: its account is closed and its tokens end at once."""
    _check_role(by)
    with transaction.atomic():
        client = queries.locked(by, client_id)
        client.disabled_at = client.disabled_at or db_now()
        client.save(update_fields=["disabled_at"])
        Account.objects.filter(pk=client.application.user_id).update(is_active=False)
        _end_tokens(client)
        audit.record(by=by, action="bank_client.disabled", obj=client)
    return client


def by_assertion(assertion: str) -> BankClient | None:
    """The program that signed an assertion for itself (RFC 7523); the assertion is used up. None when it does not hold."""
    client = queries.active(assertions.unverified_issuer(assertion))
    if client is None:
        return None
    try:
        statement = assertions.verify(client, assertion, field="client_assertion")
        if statement.subject != client.application.client_id:
            return None
        assertions.consume(statement, field="client_assertion")
    except Refused:
        return None
    return client


def parse_key(text: str) -> dict[str, Any]:
    """A public key in PEM or as a JWK, as a JWK whose `kid` is its thumbprint (RFC 7638).

    Raises Refused for private keys, for other kinds than EC P-256/P-384, RSA from 2048 bits or Ed25519, and for nonsense.
    """
    try:
        key = jwk.JWK.from_pem(text.encode()) if "-----BEGIN" in text else jwk.JWK.from_json(text)
        private, public = key.has_private, json.loads(key.export_public())
        strong = _is_strong(key, public)
    except (JWException, ValueError, TypeError, RecursionError) as error:
        raise Refused(
            code="key_form", field="public_key", message=_("无法识别公钥，请粘贴 PEM 或 JWK 格式的公钥。")
        ) from error
    if private:
        raise Refused(
            code="key_private",
            field="public_key",
            message=_("这是私钥，请勿外传：请立即更换密钥对，只提交公钥。"),
        )
    if not strong:
        raise Refused(
            code="key_kind",
            field="public_key",
            message=_("公钥须为 EC P-256、P-384，Ed25519，或不少于 2048 位的 RSA。"),
        )
    members = ("kty", "crv", "x", "y", "n", "e")
    return {name: public[name] for name in members if name in public} | {"kid": key.thumbprint()}


def _is_strong(key: jwk.JWK, public: dict[str, Any]) -> bool:
    if public.get("kty") == "EC":
        return public.get("crv") in CURVES
    if public.get("kty") == "RSA":
        return bool(key.get_op_key("verify").key_size >= RSA_BITS)
    return public.get("kty") == "OKP" and public.get("crv") == "Ed25519"


def _scopes(scopes: Iterable[str]) -> list[str]:
    chosen = [scope for scope in SCOPES if scope in set(scopes)]
    if not chosen:
        raise Refused(code="scopes", field="scopes", message=_("请至少选择一种权限。"))
    return chosen


def _let_in(client: BankClient) -> None:
    Membership.objects.create(
        account_id=client.application.user_id,
        organisation_id=client.organisation_id,
        role=Role.BANK_SYSTEM,
        starts_on=db_today(),
    )


def _end_tokens(client: BankClient) -> None:
    AccessToken.objects.filter(application_id=client.application_id).delete()


def _check_role(by: Actor) -> None:
    if by.role != Role.BANK_OPS:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))

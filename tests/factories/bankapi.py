"""Programs of banks for tests: a registered client with its key, tokens, and calls as a decision engine makes them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client
from django.utils import timezone
from jwcrypto import jwk, jwt
from oauth2_provider.models import AccessToken, Application

from finance.models import BankClient
from finance.services import clients
from finance.services.assertions import AUDIENCE
from finance.states import SCOPES
from parks.actors import Actor
from parks.models import Account, Organisation
from tests.factories import parks as people

KEY = jwk.JWK.generate(kty="EC", crv="P-256")
OTHER_KEY = jwk.JWK.generate(kty="EC", crv="P-256")
ROOT = "/api/bank/v1"


def public_pem(key: jwk.JWK = KEY) -> str:
    return key.export_to_pem().decode()


def signed(issuer: str, subject: str, *, key: jwk.JWK = KEY, **changes: Any) -> str:
    """A statement signed by the program's key."""
    claims = {
        "iss": issuer, "sub": subject, "aud": AUDIENCE, "exp": int(time.time()) + 300, "jti": str(uuid.uuid4()),
    } | changes  # fmt: skip
    made = jwt.JWT(header={"alg": "ES256"}, claims={k: v for k, v in claims.items() if v is not None})
    made.make_signed_token(key)
    return made.serialize()


def token_of(application: Application, scopes: str = " ".join(SCOPES), **changes: Any) -> str:
    """An access token as the token endpoint makes it, without asking there."""
    clear = secrets.token_urlsafe(24)
    fields = {"expires": timezone.now() + dt.timedelta(minutes=10), "scope": scopes} | changes
    made = AccessToken(application=application, token="", **fields)
    made._raw_token = clear
    made.save()
    return clear


def bearer_of(actor: Actor) -> str:
    """A token with every scope for an actor that is a bank's program."""
    account = Account.objects.get(pk=actor.account_id)
    application, new = Application.objects.get_or_create(
        user=account,
        defaults={
            "client_type": "confidential",
            "authorization_grant_type": "client-credentials",
            "client_secret": "",
            "hash_client_secret": False,
        },
    )
    if new:
        BankClient.objects.create(
            application=application, organisation_id=actor.organisation_id, name="x", scopes=list(SCOPES)
        )
    return token_of(application)


@dataclass
class Engine:
    """A bank's decision engine."""

    client: BankClient
    park: str
    token: str = ""
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.token = self.token or token_of(self.client.application)

    @property
    def client_id(self) -> str:
        return self.client.application.client_id

    def path(self, rest: str) -> str:
        return rest if rest.startswith("/") else f"{ROOT}/parks/{self.park}/{rest}"

    def get(self, rest: str, **headers: str) -> Any:
        return self.browser.get(self.path(rest), headers=self._headers(headers))

    def post(
        self, rest: str, body: Any = None, *, key: str | None = "", raw: bytes | None = None, **headers: str
    ) -> Any:
        """`key=""` makes a fresh Idempotency-Key, None sends none."""
        own = {} if key is None else {"Idempotency-Key": key or str(uuid.uuid4())}
        data = json.dumps({} if body is None else body) if raw is None else raw
        return self.browser.post(
            self.path(rest), data=data, content_type="application/json", headers=self._headers(own | headers)
        )

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        plain = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Authorization": f"Bearer {self.token}"} | plain

    def as_person(self, actor: Actor, **changes: Any) -> str:
        """An actor_token for a person of the bank."""
        login = Account.objects.get(pk=actor.account_id).login
        return signed(self.client_id, login, **changes)

    def decide(
        self, application_id: int, verb: str, by: Actor, body: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        """Read the application, then take a step on that version."""
        etag = more.pop("etag", None) or self.get(f"applications/{application_id}")["ETag"]
        return self.post(
            f"applications/{application_id}:{verb}",
            {"actor_token": self.as_person(by), **(body or {})},
            If_Match=etag,
            **more,
        )


def ops_of(organisation_id: int, park: Any) -> Actor:
    organisation = Organisation.objects.get(pk=organisation_id)
    return people.actor("bank_ops", park, organisation=organisation)


def engine(ops: Actor, *, scopes: Any = tuple(SCOPES), name: str = "决策引擎") -> Engine:
    """A registered program of the ops person's bank (the park must be entered)."""
    client = clients.register(by=ops, name=name, scopes=scopes, public_key=public_pem())
    return Engine(client, ops.park_code)


def checksum(clear: str) -> str:
    return hashlib.sha256(clear.encode()).hexdigest()

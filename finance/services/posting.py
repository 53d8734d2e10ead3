"""Sending a signed message to an address that a bank named. Nothing here touches the database: it runs in threads."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from parks import egress

PREFIX = "whsec_"
PUBLIC_PREFIX = "whpk_"
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The receiver's status, or why there is none."""

    status: int | None
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def new_secret() -> str:
    """32 random bytes, as text."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signing_keys(secret: str) -> list[Ed25519PrivateKey]:
    """Keys that only the platform has, the current one first; they change with the endpoint's secret and with SECRET_KEY."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seeds = (
        hmac.new(key.encode(), f"innovscore.webhook\x00{secret}".encode(), hashlib.sha256) for key in keys
    )
    return [Ed25519PrivateKey.from_private_bytes(seed.digest()) for seed in seeds]


def public_key(secret: str) -> str:
    """`whpk_` and base64 of the Ed25519 key by which a bank checks `v1a` signatures and can show them to others."""
    return PUBLIC_PREFIX + base64.b64encode(signing_keys(secret)[0].public_key().public_bytes_raw()).decode()


def _signatures(secret: str, *, message_id: str, timestamp: int, body: bytes) -> Iterator[str]:
    """The symmetric signature and the asymmetric ones."""
    yield signature(secret, message_id=message_id, timestamp=timestamp, body=body)
    text = f"{message_id}.{timestamp}.".encode() + body
    for key in signing_keys(secret):
        yield "v1a," + base64.b64encode(key.sign(text)).decode()


def headers_for(secrets_: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Headers of a message; every secret that is valid signs."""
    signed = (
        one
        for secret in secrets_
        for one in _signatures(secret, message_id=message_id, timestamp=timestamp, body=body)
    )
    return {
        "content-type": "application/json",
        "user-agent": "Innovscore-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def target_of(url: str) -> egress.Target:
    """Where this address leads; raises egress.BadAddress."""
    return egress.target_of(url, LOOPBACK if settings.WEBHOOK_LOOPBACK else ())


def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Send once. Only the status line of the answer is of interest."""
    try:
        return Outcome(egress.post(target_of(url), headers, body)[0])
    except egress.BadAddress as error:
        return Outcome(None, f"address:{error.code}")
    except egress.CallFailed as error:
        return Outcome(None, str(error))

"""Statements that a bank's program signs with its private key (JWT): who it is, and which person it acts for.

Claims: iss = client id, sub, aud = AUDIENCE, exp at most ten minutes ahead, jti never used before.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from jwcrypto import jwk, jwt
from jwcrypto.common import JWException

from innovscore.core.problems import Refused
from parks.clock import server_now

from ..models import BankClient

AUDIENCE = "urn:innovscore:bank-api"
ALGORITHMS = ["ES256", "ES384", "PS256", "RS256", "EdDSA"]
LONGEST = dt.timedelta(minutes=10)
SKEW = dt.timedelta(seconds=60)
LONGEST_TEXT = 4096
USE = "INSERT INTO finance_usedassertion (client_id, jti, expires_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement whose signature and times hold; it counts once it is `consume`d."""

    client: BankClient
    subject: str
    jti: str
    expires_at: dt.datetime


def verify(client: BankClient, token: str, *, field: str) -> Statement:
    """Check signature, audience and times of a statement; raises Refused naming `field`."""
    claims = _signed_claims(client, token)
    now = server_now()
    try:
        expires = dt.datetime.fromtimestamp(int(claims["exp"]), dt.UTC)
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        subject, jti, issuer = (claims[name] for name in ("sub", "jti", "iss"))
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise _refused(field) from error
    texts = all(isinstance(text, str) and 0 < len(text) <= 128 for text in (subject, jti, issuer))
    in_time = now - SKEW < expires <= now + LONGEST + SKEW
    if not texts or not f"{subject}{jti}".isprintable() or not in_time:
        raise _refused(field)
    if AUDIENCE not in audience or issuer != client.application.client_id:
        raise _refused(field)
    return Statement(client, subject, jti, expires)


def consume(statement: Statement, *, field: str) -> None:
    """Use a statement up, in the current transaction; raises Refused when it was used before."""
    with connection.cursor() as cursor:
        cursor.execute(USE, [statement.client.pk, statement.jti, statement.expires_at + SKEW])
        if cursor.rowcount != 1:
            raise _refused(field)


def _signed_claims(client: BankClient, token: str) -> dict[str, Any]:
    if not isinstance(token, str) or len(token) > LONGEST_TEXT or not token.isascii():
        return {}
    for key in client.keys:
        try:
            found = jwt.JWT(
                jwt=token, key=jwk.JWK(**key), algs=ALGORITHMS, check_claims={}, expected_type="JWS"
            )
            claims = json.loads(found.claims)
        except (JWException, ValueError, TypeError, RecursionError):
            continue
        return claims if isinstance(claims, dict) else {}
    return {}


def unverified_issuer(token: str) -> str:
    """Who a statement says it is from, to find the key to check it with; empty when it cannot be read."""
    try:
        unchecked = jwt.JWT()
        unchecked.deserialize(token)
        claims = json.loads(unchecked.token.objects["payload"])
        issuer = claims["iss"]
    except (JWException, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return issuer if isinstance(issuer, str) and issuer.isprintable() else ""


def _refused(field: str) -> Refused:
    return Refused(
        code="statement_invalid",
        field=field,
        message=_("签名声明无效：请检查密钥、iss、aud、exp（不超过 10 分钟）和 jti（不可重复）。"),
    )

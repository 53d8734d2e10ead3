"""Sending a signed message to an address that a bank named, without being led to our own network.

The name is resolved once, every address it has must be public, and the connection goes to that very address
(no second look-up, no proxy, no redirect). Nothing here touches the database: it runs in threads.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import secrets
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 3.0, 5.0, 10.0
PREFIX = "whsec_"
TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddress(ValueError):
    """The address may not be called. `code`: form, scheme, port, unresolved, private."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect (`ip`) and whom to name there (`host`)."""

    tls: bool
    host: str
    port: int
    path: str
    ip: str


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


def headers_for(secrets_: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Headers of a message; every secret that is valid signs."""
    signed = (signature(secret, message_id=message_id, timestamp=timestamp, body=body) for secret in secrets_)
    return {
        "content-type": "application/json",
        "user-agent": "Innovscore-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signed),
    }


def target_of(url: str) -> Target:
    """Where this address leads; raises BadAddress."""
    host, port, tls, path = _parts(url)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadAddress("unresolved") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not addresses or not all(_may_be_called(address) for address in addresses):
        raise BadAddress("private")
    if not tls and not all(address.is_loopback for address in addresses):
        raise BadAddress("scheme")
    return Target(tls, host, port, path, str(addresses[0]))


def _parts(url: str) -> tuple[str, int, bool, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadAddress("form") from error
    tls = parts.scheme == "https"
    if not tls and not (parts.scheme == "http" and settings.WEBHOOK_LOOPBACK):
        raise BadAddress("scheme")
    printable = url.isascii() and all(" " < char < "\x7f" for char in url)
    if not host or not printable or parts.username is not None or parts.fragment:
        raise BadAddress("form")
    port = port or (443 if tls else 80)
    if port != 443 and port < 1024:
        raise BadAddress("port")
    return host, port, tls, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _may_be_called(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _may_be_called(inner)
        if any(address in network for network in TRANSLATED):
            return False
    if address.is_loopback:
        return bool(settings.WEBHOOK_LOOPBACK)
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Send once; at most ten seconds altogether. Only the status line of the answer is of interest."""
    try:
        target = target_of(url)
    except BadAddress as error:
        return Outcome(None, f"address:{error.code}")
    try:
        return _post(target, headers, body)
    except (OSError, http.client.HTTPException, ssl.SSLError, ValueError) as error:
        return Outcome(None, type(error).__name__)


def _post(target: Target, headers: Mapping[str, str], body: bytes) -> Outcome:
    with socket.create_connection((target.ip, target.port), timeout=CONNECT_SECONDS) as plain:
        plain.settimeout(READ_SECONDS)
        deadline = threading.Timer(WHOLE_SECONDS, _hang_up, args=(plain,))
        deadline.daemon = True
        deadline.start()
        try:
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = _secured(plain, target) if target.tls else plain
            connection.request("POST", target.path, body=body, headers=dict(headers))
            return Outcome(connection.getresponse().status)
        finally:
            deadline.cancel()


def _secured(plain: socket.socket, target: Target) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)


def _hang_up(connection: socket.socket) -> None:
    """End a connection that drips; the waiting read then fails."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return

"""Calling addresses that people typed in: only public ones, by the address that was checked, never elsewhere.

The name is resolved once; every address it has must be public https (or lie in the networks that the caller allows
besides); the connection goes to that very address, so that the name cannot change in between; no proxy, no redirect,
ten seconds altogether. Nothing here touches the database: it may run in threads.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Refused

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS = 3.0, 5.0, 10.0
LONGEST_ANSWER = 4096
TRANSLATED = tuple(ipaddress.ip_network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MEANINGS = {
    "form": gettext_lazy("请填写以 https:// 开头的完整地址，不含用户名和密码。"),
    "scheme": gettext_lazy("只能使用公网 https 地址；内网地址须由平台运维加入允许名单。"),
    "port": gettext_lazy("地址的端口不正确。"),
    "unresolved": gettext_lazy("找不到这个地址的主机，请检查。"),
    "private": gettext_lazy("只能使用公网 https 地址；内网地址须由平台运维加入允许名单。"),
}


class BadAddress(ValueError):
    """The address may not be called. `code`: one of MEANINGS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class CallFailed(OSError):
    """The other side did not take the message."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect (`ip`) and whom to name there (`host`)."""

    tls: bool
    host: str
    port: int
    path: str
    ip: str


def target_of(url: str, inside: Sequence[str] = ()) -> Target:
    """Where this address leads; http and addresses that are not public only in the networks `inside`. Raises BadAddress."""
    host, port, tls, path = _parts(url)
    if not tls and not inside:
        raise BadAddress("scheme")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadAddress("unresolved") from error
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    networks = [ipaddress.ip_network(text) for text in inside]
    known = all(any(_plain(address) in network for network in networks) for address in addresses)
    if not addresses or not (known or all(_is_public(address) for address in addresses)):
        raise BadAddress("private")
    if not known and not tls:
        raise BadAddress("scheme")
    if not known and port != 443 and port < 1024:
        raise BadAddress("port")
    return Target(tls, host, port, path, str(addresses[0]))


def _parts(url: str) -> tuple[str, int, bool, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise BadAddress("form") from error
    if parts.scheme not in ("https", "http"):
        raise BadAddress("scheme")
    printable = url.isascii() and all(" " < char < "\x7f" for char in url)
    if not host or not printable or parts.username is not None or parts.fragment:
        raise BadAddress("form")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, port or (443 if tls else 80), tls, path


def _plain(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _is_public(inner)
        if any(address in network for network in TRANSLATED):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def post(target: Target, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    """Send once; status and the beginning of the answer. Raises CallFailed, also when it takes too long."""
    try:
        return _post(target, headers, body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CallFailed(type(error).__name__) from error


def _post(target: Target, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    plain = socket.create_connection((target.ip, target.port), timeout=CONNECT_SECONDS)
    plain.settimeout(READ_SECONDS)
    with closing(_secured(plain, target) if target.tls else plain) as live:
        deadline = threading.Timer(WHOLE_SECONDS, _hang_up, args=(live,))
        deadline.daemon = True
        deadline.start()
        try:
            if isinstance(live, ssl.SSLSocket):
                live.do_handshake()
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = live
            connection.request("POST", target.path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read(LONGEST_ANSWER)
        finally:
            deadline.cancel()


def _secured(plain: socket.socket, target: Target) -> ssl.SSLSocket:
    """Not yet shaken hands: that is done under the deadline, which must hang up on the secured socket itself."""
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)


def _hang_up(connection: socket.socket) -> None:
    """End a connection that drips; the waiting read then fails."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def check_robot(url: str) -> Target:
    """Where the address of a group robot leads. Raises Refused naming what is wrong with it."""
    try:
        return target_of(url.strip(), settings.EGRESS_ALLOWED_NETWORKS)
    except BadAddress as error:
        raise Refused(code="address_refused", field="url", message=MEANINGS[error.code]) from error


def post_json(url: str, body: Mapping[str, Any]) -> None:
    """Send JSON to a group robot. Raises CallFailed unless it takes it."""
    target = check_robot(url)
    data = json.dumps(body, ensure_ascii=False).encode()
    status, answer = post(target, {"content-type": "application/json"}, data)
    text = answer.decode(errors="replace")
    if not 200 <= status < 300:
        raise CallFailed(f"{target.host}: status {status}")
    if _refusal(text):
        raise CallFailed(f"{target.host}: {text[:200]}")


def _refusal(text: str) -> bool:
    """Chat platforms answer 200 with an error code in the body."""
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    code = answer.get("errcode", answer.get("code", 0)) if isinstance(answer, dict) else 0
    return code not in (0, "0", None)

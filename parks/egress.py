"""Calling addresses that people typed in: only public ones, by the address that was checked, never elsewhere.

The name is resolved once; every address it has must be public (or lie in EGRESS_ALLOWED_NETWORKS, for robots inside
an office network); the connection goes to that very address, so that the name cannot change in between; redirects
are not followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from innovscore.core.problems import Refused

TIMEOUT = 5
LONGEST_ANSWER = 4096


class CallFailed(OSError):
    """The other side did not take the message."""


def check_address(url: str) -> tuple[SplitResult, str]:
    """The parts of an address and the IP to call. Raises Refused naming what is wrong with it."""
    parts = urlsplit(url.strip())
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise _refused(_("地址的端口不正确。")) from error
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.password:
        raise _refused(_("请填写以 https:// 开头的完整地址，不含用户名和密码。"))
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise _refused(_("找不到这个地址的主机，请检查。")) from error
    addresses = sorted(found)
    if not addresses or not all(_may_call(address, parts.scheme) for address in addresses):
        raise _refused(_("只能使用公网 https 地址；内网地址须由平台运维加入允许名单。"))
    return parts, addresses[0]


def _refused(message: str) -> Refused:
    return Refused(code="address_refused", field="url", message=message)


def _may_call(address: str, scheme: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or ip
    if any(inner in ipaddress.ip_network(network) for network in settings.EGRESS_ALLOWED_NETWORKS):
        return True
    return scheme == "https" and inner.is_global and not inner.is_multicast


def post_json(url: str, body: Mapping[str, Any]) -> None:
    """Send JSON to an address that passes `check_address`. Raises CallFailed unless it answers 2xx."""
    parts, address = check_address(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection = _connection(parts, address, port)
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    data = json.dumps(body, ensure_ascii=False).encode()
    try:
        connection.request("POST", target, data, {"Content-Type": "application/json", "Host": parts.netloc})
        answer = connection.getresponse()
        text = answer.read(LONGEST_ANSWER).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise CallFailed(f"{parts.hostname}: {error!r}") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise CallFailed(f"{parts.hostname}: status {answer.status}")
    if _refusal(text):
        raise CallFailed(f"{parts.hostname}: {text[:200]}")


def _connection(parts: SplitResult, address: str, port: int) -> http.client.HTTPConnection:
    """A connection to the checked address that still asks for the host's certificate by name."""
    if parts.scheme == "http":
        return http.client.HTTPConnection(address, port, timeout=TIMEOUT)
    plain = socket.create_connection((address, port), timeout=TIMEOUT)
    secure = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
    connection = http.client.HTTPSConnection(address, port, timeout=TIMEOUT)
    connection.sock = secure
    return connection


def _refusal(text: str) -> bool:
    """Chat platforms answer 200 with an error code in the body."""
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    code = answer.get("errcode", answer.get("code", 0)) if isinstance(answer, dict) else 0
    return code not in (0, "0", None)

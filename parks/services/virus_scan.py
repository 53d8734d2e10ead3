"""Virus scan by a clamd that the zone runs; without one files are marked as not scanned, never refused."""

from __future__ import annotations

import socket
import struct

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
SECONDS = 10.0
PIECE = 1 << 16
NOT_SCANNED, CLEAN, INFECTED = "not_scanned", "clean", "infected"


def is_set_up() -> bool:
    """Does the zone run a scanner?"""
    return bool(settings.CLAMD_ADDRESS)


def scan(data: bytes) -> str:
    """clean, infected, or not_scanned when no scanner is set up or it does not answer (protocol: INSTREAM)."""
    address = settings.CLAMD_ADDRESS
    if not address:
        return NOT_SCANNED
    try:
        answer = _ask(address, data)
    except OSError as error:
        log.warning("virus_scan.unreachable", error=repr(error))
        return NOT_SCANNED
    if answer.endswith("FOUND"):
        log.warning("virus_scan.found", answer=answer)
        return INFECTED
    return CLEAN if answer.endswith("OK") else NOT_SCANNED


def _ask(address: str, data: bytes) -> str:
    with _connected(address) as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            line.sendall(struct.pack(">I", len(piece)) + piece)
        line.sendall(struct.pack(">I", 0))
        answer = b""
        while not answer.endswith(b"\0") and (part := line.recv(4096)):
            answer += part
    return answer.rstrip(b"\0").decode(errors="replace").strip()


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(SECONDS)
        line.connect(address)
        return line
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=SECONDS)

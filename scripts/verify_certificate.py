#!/usr/bin/env python3
"""Check a certificate of an innovation-points board without the platform. Needs Python 3.9+ and `cryptography`, no network.

    python verify_certificate.py certificate.json --keys keys.json [--board board.json] [--tag 32-HEX-DIGITS]

certificate.json  downloaded from the check page (/v/<code>/certificate.json)
keys.json         public keys of the zone, fetched once from a place you trust (/zones/<zone>/keys.json)
board.json        the published board, fetched now; its lines, root, content hash and link of the chain are recomputed too, and
                  whether the board is in force and this certificate was not withdrawn
--tag             the tag printed under the QR code: ties the paper to the file

What is checked: the Ed25519 signature (RFC 8032) over the canonical JSON of `certificate`, by a key that keys.json
knows; the Merkle path from the line to the root of the list (leaf = SHA-256(00 || line), node = SHA-256(01 || l || r)).
Without board.json, whether it was superseded or withdrawn since the download, only the check page knows.
Exit code 0: holds, 1: does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def plain(value: Any) -> Any:
    if isinstance(value, float):
        raise ValueError("floats have no canonical form")
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, dict):
        return {unicodedata.normalize("NFC", k): plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return unicodedata.normalize("NFC", str(value))


def canonical(value: Any) -> bytes:
    """Sorted keys, no spaces, NFC, UTF-8."""
    return json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def leaf(data: bytes) -> str:
    return sha(b"\x00" + data)


def node(left: str, right: str) -> str:
    return sha(b"\x01" + bytes.fromhex(left) + bytes.fromhex(right))


def root(leaves: list[str]) -> str:
    level = list(leaves)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + odd
    return level[0] if level else sha(b"\x02")


LINE = ("position", "place", "tied", "uscc", "name", "stage", "score")


def line_of(entry: dict[str, Any]) -> bytes:
    return canonical({"v": 1, **{name: entry[name] for name in LINE}})


def check_certificate(
    envelope: dict[str, Any], keys: dict[str, Any], tag: str | None = None
) -> Iterator[str]:
    """Yield what does not hold."""
    says = envelope["certificate"]
    known = {key["key_id"]: key["public_key"] for key in keys["keys"]}
    public = known.get(says["key_id"])
    if public is None:
        yield f"key {says['key_id']} is not among the trusted keys"
    else:
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
                bytes.fromhex(envelope["signature"]), canonical(says)
            )
        except (InvalidSignature, ValueError):
            yield "the signature does not hold"
        if sha(bytes.fromhex(public))[:16] != says["key_id"]:
            yield "the key does not have this name"
    if envelope.get("state", "valid") != "valid":
        yield f"the file itself says that the certificate is {envelope['state']}"
    current = says["leaf"]
    for side, other in says["path"]:
        current = node(other, current) if side == "left" else node(current, other)
    if current != says["entries_root"]:
        yield "the path does not lead to the root of the list"
    if tag and sha(canonical(says))[:32] != tag.lower().replace(" ", "").replace("-", ""):
        yield "the tag on the paper belongs to another certificate"
    if "line" in envelope and leaf(canonical(envelope["line"])) != says["leaf"]:
        yield "the line shown is not the one that was signed"


def check_standing(board: dict[str, Any], says: dict[str, Any]) -> Iterator[str]:
    """Yield why the certificate counts no more, as the board's file tells."""
    if board["state"] != "final":
        yield f"the board is {board['state']}, not in force"
    if says["number"] in board["withdrawn_certificates"]:
        yield "the certificate was withdrawn"


def check_board(board: dict[str, Any], says: dict[str, Any]) -> Iterator[str]:
    """Yield what of a published board does not hold, or does not fit the certificate."""
    for entry in board["entries"]:
        if leaf(line_of(entry)) != entry["leaf"]:
            yield f"line {entry['position']} differs from its hash"
    if root([entry["leaf"] for entry in board["entries"]]) != board["entries_root"]:
        yield "the lines do not give the root of the list"
    head = {
        "park": board["zone"],
        "year": board["year"],
        "board": board["board"],
        "number": board["edition"],
        "eligible": board["eligible"],
        "size": len(board["entries"]),
        "run_hash": board["run_hash"],
    }
    if board.get("rule"):
        head["rule"] = board["rule"]
    if sha(canonical({"v": 1, **head, "entries_root": board["entries_root"]})) != board["content_hash"]:
        yield "the content hash of the board differs"
    if sha((board["prev"] + board["content_hash"]).encode()) != board["chain"]:
        yield "the link of the publication chain differs"
    for name in ("entries_root", "content_hash", "run_hash", "chain"):
        if says[name] != board[name]:
            yield f"certificate and board differ in {name}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("certificate")
    parser.add_argument("--keys", required=True)
    parser.add_argument("--board")
    parser.add_argument("--tag")
    options = parser.parse_args()

    def read(path: str) -> Any:
        return json.loads(Path(path).read_text(encoding="utf-8"))

    try:
        envelope = read(options.certificate)
        found = list(check_certificate(envelope, read(options.keys), options.tag))
        if options.board:
            board = read(options.board)
            found += [
                *check_board(board, envelope["certificate"]),
                *check_standing(board, envelope["certificate"]),
            ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = [f"cannot be read: {error!r}"]
    for what in found:
        print("FAILS:", what)
    if found:
        return 1
    says = envelope["certificate"]
    print(f"HOLDS: {says['number']} {says['name']} ({says['uscc']})")
    print(
        f"  {says['year']} {says['board_name']}, place {says['place']}, issued by {says['issuer']}, key {says['key_id']}"
    )
    if not options.board:
        print(
            "  Whether it was superseded or withdrawn since: give the board's file of today, or ask the check page."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

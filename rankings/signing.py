"""Ed25519 keys in files of one process: the newest signs, older ones only explain what they signed.

A key is a PEM file `<UTC time>-<key id>.pem`; the key id is the start of the SHA-256 of the raw public key. Rotation
adds a file; the public keys are kept in the database for good, so that what an old key signed still verifies.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

OTHERS = 0o077


class NoKey(LookupError):
    """There is no signing key, or its file can be read by others."""


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signs now; `public` is hex."""

    key_id: str
    public: str
    _private: Ed25519PrivateKey

    def sign(self, text: str) -> str:
        """Signature of a text's UTF-8 bytes, hex."""
        return self._private.sign(text.encode()).hex()


def key_id_of(public: str) -> str:
    """The name of a public key (hex)."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


def create(folder: Path) -> Signer:
    """A new key, which signs from now on; the older ones stay. Files are readable by their owner only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    private = Ed25519PrivateKey.generate()
    signer = _signer(private)
    path = folder / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%f}-{signer.key_id}.pem"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return signer


def current(folder: Path | None, *, make: bool = False) -> Signer:
    """The newest key of a folder; `make` creates the first one. Raises NoKey when there is none or others can read it."""
    if folder is None:
        raise NoKey("this process has no signing keys")
    files = sorted(folder.glob("*.pem")) if folder.is_dir() else []
    if not files:
        if make:
            return create(folder)
        raise NoKey(f"there is no key in {folder}")
    mode = files[-1].stat().st_mode
    if mode & OTHERS:
        raise NoKey(f"{files[-1].name} can be read by others (mode {mode & 0o777:o}); make it 0600")
    private = load_pem_private_key(files[-1].read_bytes(), password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise NoKey(f"{files[-1].name} is no Ed25519 key")
    return _signer(private)


def _signer(private: Ed25519PrivateKey) -> Signer:
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return Signer(key_id_of(public), public, private)


def verifies(text: str, signature: str, public: str) -> bool:
    """Did the owner of the public key (hex) sign this text?"""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), text.encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True

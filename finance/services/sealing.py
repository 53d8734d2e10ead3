"""Secrets that have to be used again are stored sealed, under a key made from SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(text: str) -> str:
    """The text, encrypted."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again; raises cryptography's InvalidToken when neither SECRET_KEY nor a fallback made it."""
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    digests = (hashlib.sha256(b"innovscore.sealing\x00" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])

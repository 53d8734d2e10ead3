"""Unified social credit codes 统一社会信用代码 (GB 32100-2015): normalise, check, explain, generate for tests."""

from __future__ import annotations

from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
ORGANISATION_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FAKE_AREA = "500999"
"""An area code that is not assigned; demo and test firms live there."""


@dataclass(frozen=True, slots=True)
class UsccFault:
    """Why a code does not pass. `code` is length, character, organisation_check or check; position from 1."""

    code: str
    position: int | None = None
    character: str = ""
    expected: str = ""


def normalise(text: str) -> str:
    """Upper case without spaces and dashes; full-width characters become ASCII."""
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(character for character in plain if character not in " -\t\u3000")


def fault(code: str) -> UsccFault | None:
    """What is wrong with a normalised code; None when both check characters hold."""
    if len(code) != 18:
        return UsccFault("length")
    for position, character in enumerate(code, start=1):
        if character not in ALPHABET:
            return UsccFault("character", position, character)
    organisation = organisation_check(code[8:16])
    if code[16] != organisation:
        return UsccFault("organisation_check", 17, code[16], organisation)
    expected = check_character(code[:17])
    return None if code[17] == expected else UsccFault("check", 18, code[17], expected)


def check_character(first17: str) -> str:
    """C18 = (31 - Σ Ci·Wi mod 31) mod 31."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first17, WEIGHTS, strict=True))
    return ALPHABET[(31 - total % 31) % 31]


def organisation_check(first8: str) -> str:
    """Check character of the organisation code (weights 3 7 9 10 5 8 4 2, mod 11, 10 = X)."""
    total = sum(
        ORGANISATION_DIGITS.index(character) * weight
        for character, weight in zip(first8, ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def synthetic(number: int, *, area: str = FAKE_AREA) -> str:
    """A valid made-up code of an enterprise: the n-th of an area (0 <= n < 31^6)."""
    digits = ""
    for _ in range(6):
        number, rest = divmod(number, 31)
        digits = ALPHABET[rest] + digits
    organisation = f"MA{digits}"
    first17 = f"91{area}{organisation}{organisation_check(organisation)}"
    return first17 + check_character(first17)

"""Broken files from sound ones, the same for the same seed: bytes turned, cut, doubled, parts of archives changed."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator, Sequence

INTERESTING = (
    b"\x00", b"\xff\xfe", b"=1+1", "＝1".encode(), b"1e400", b"NaN", b"-1", b"99999999999999999999999", b"\x81\x30", b'"', b"\r\n,,,",
    b"\xe2\x80\xae", "𠮷".encode(), b"<!DOCTYPE a>", b"]]>", b"&#0;", b'r="XFD1048576"', b'r="A0"', b't="s"><v>999999</v>',
    b't="d"><v>2026-02-31</v>', b't="e"><v>#REF!</v>', b"</sheetData>", b"%%EOF", b"/JavaScript", b"IEND",
)  # fmt: skip


def mutants(originals: Sequence[tuple[str, bytes]], *, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` pairs of name and bytes, one original after the other."""
    rng = random.Random(seed)
    for number in range(count):
        name, data = originals[number % len(originals)]
        inside = data.startswith(b"PK") and rng.random() < 0.7
        broken = _in_archive(rng, data) if inside else _in_bytes(rng, data)
        yield (f"{rng.choice(('x.xls', 'x.csv', 'x.xlsx', name, name, name))}", broken)


def _in_bytes(rng: random.Random, data: bytes) -> bytes:
    broken = bytearray(data)
    for _step in range(rng.choice((1, 1, 1, 2, 4, 16))):
        place = rng.randrange(len(broken) + 1)
        act = rng.randrange(6)
        if act == 0 and place < len(broken):
            broken[place] ^= 1 << rng.randrange(8)
        elif act == 1:
            broken[place:place] = rng.choice(INTERESTING)
        elif act == 2:
            del broken[place : place + rng.randrange(1, 64)]
        elif act == 3 and rng.random() < 0.3:
            del broken[place:]
        elif act == 4:
            broken[place:place] = broken[place : place + rng.randrange(1, 64)]
        elif place < len(broken):
            broken[place] = rng.randrange(256)
    return bytes(broken)


def _in_archive(rng: random.Random, data: bytes) -> bytes:
    """The archive stays sound, one of its parts does not: so the parsers behind it are reached."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = [(name, archive.read(name)) for name in archive.namelist()]
    chosen = rng.choice([name for name, _part in parts if name.startswith("xl/")])
    drop = rng.random() < 0.05
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts:
            if name != chosen:
                archive.writestr(name, part)
            elif not drop:
                archive.writestr(name, _in_bytes(rng, part))
    return buffer.getvalue()

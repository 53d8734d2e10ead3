"""Is an upload the PDF or picture it claims to be? Told by its content alone; pure functions over bytes."""

from __future__ import annotations

import contextlib
import re
import struct
import zlib
from collections.abc import Callable, Iterator

from django.utils.translation import gettext_lazy

from innovscore.core.problems import Refused

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
MOST_PIXELS = 80_000_000
SENTENCES = {
    "file_kind": gettext_lazy("只能上传 PDF、PNG 或 JPEG 文件（按内容判断）。"),
    "file_office": gettext_lazy("这是 Word、Excel 等办公文档或压缩包，请另存为 PDF 后上传。"),
    "file_program": gettext_lazy("这是程序或脚本文件，扩展名与内容不符，已拒绝。"),
    "file_picture_kind": gettext_lazy("不支持这种图片格式，请转为 JPEG 或 PNG 后上传。"),
    "file_broken": gettext_lazy("文件不完整或已损坏，请重新导出或拍照后上传。"),
    "file_password": gettext_lazy("PDF 设有密码或权限限制，请去掉后上传。"),
    "file_active": gettext_lazy("PDF 含脚本、附件或可执行动作，请“打印为 PDF”后上传。"),
    "file_pixels": gettext_lazy("图片尺寸过大，请缩小后上传。"),
}
OTHERS = (
    (b"PK", "file_office"),
    (b"\xd0\xcf\x11\xe0", "file_office"),
    (b"Rar!", "file_office"),
    (b"7z\xbc\xaf", "file_office"),
    (b"MZ", "file_program"),
    (b"\x7fELF", "file_program"),
    (b"#!", "file_program"),
    (b"<", "file_program"),
    (b"GIF8", "file_picture_kind"),
    (b"BM", "file_picture_kind"),
    (b"II*\x00", "file_picture_kind"),
    (b"MM\x00*", "file_picture_kind"),
    (b"RIFF", "file_picture_kind"),
)
ACTIVE = re.compile(
    rb"/(?:JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|OpenAction\s*<<[^>]*/S\s*/(?:JavaScript|Launch))\b"
)


def refuse(code: str) -> Refused:
    return Refused(code=code, field="file", message=SENTENCES[code])


def kind_of(data: bytes) -> str:
    """The media type of a sound document. Raises Refused with the sentence that fits what it is instead."""
    checks: tuple[tuple[bytes, str, Callable[[bytes], None]], ...] = (
        (b"%PDF-", PDF, _pdf),
        (b"\x89PNG\r\n\x1a\n", PNG, _png),
        (b"\xff\xd8\xff", JPEG, _jpeg),
    )
    for start, kind, check in checks:
        if data.startswith(start):
            check(data)
            return kind
    if data[4:8] == b"ftyp":
        raise refuse("file_picture_kind")
    raise refuse(next((code for mark, code in OTHERS if data.lstrip()[:16].startswith(mark)), "file_kind"))


def _pdf(data: bytes) -> None:
    if b"%%EOF" not in data[-2048:] or b"startxref" not in data[-2048:]:
        raise refuse("file_broken")
    if re.search(rb"/Encrypt\s+\d+\s+\d+\s+R|/Encrypt\s*<<", data):
        raise refuse("file_password")
    if any(ACTIVE.search(_ESCAPED.sub(_letter, part)) for part in (data, *_packed_objects(data))):
        raise refuse("file_active")


_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_PACKED = re.compile(rb"/ObjStm\b.{0,500}?stream\r?\n", re.S)
MOST_UNPACKED = 4 * 1024 * 1024
"""Bytes of packed objects that are looked at."""


def _letter(escaped: re.Match[bytes]) -> bytes:
    """A letter that a name writes as #xx."""
    return bytes([int(escaped[1], 16)])


def _packed_objects(data: bytes) -> Iterator[bytes]:
    """Objects that a PDF keeps in compressed streams; those that cannot be unpacked are no readable objects either."""
    left = MOST_UNPACKED
    for match in _PACKED.finditer(data):
        if left <= 0:
            return
        with contextlib.suppress(zlib.error):
            objects = zlib.decompressobj().decompress(data[match.end() : match.end() + MOST_UNPACKED], left)
            left -= len(objects)
            yield objects


def _png(data: bytes) -> None:
    """The chunks follow each other from IHDR to IEND."""
    place, first, last = 8, b"", b""
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        last = data[place + 4 : place + 8]
        first = first or last
        place += length + 12
        if last == b"IEND":
            break
    if first != b"IHDR" or last != b"IEND" or place > len(data):
        raise refuse("file_broken")
    _pixels(*struct.unpack(">II", data[16:24]))


def _jpeg(data: bytes) -> None:
    """The segments lead to a frame header, and the picture has an end."""
    if b"\xff\xd9" not in data[-65536:]:
        raise refuse("file_broken")
    place = 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise refuse("file_broken")
        marker = data[place + 1]
        if marker in _PADDING:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack(">H", data[place + 2 : place + 4])
        if marker in _FRAMES and place + 9 <= len(data):
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return _pixels(width, height)
        if length < 2 or marker == 0xDA:
            break
        place += 2 + length
    raise refuse("file_broken")


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PADDING = frozenset({0xFF, 0x01, *range(0xD0, 0xD8)})


def _pixels(width: int, height: int) -> None:
    if not width or not height:
        raise refuse("file_broken")
    if width * height > MOST_PIXELS:
        raise refuse("file_pixels")

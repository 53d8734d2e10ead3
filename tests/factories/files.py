"""The smallest sound files of each kind, with a text that makes them different."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from typing import Any

import xlsxwriter


def png(text: str = "", *, width: int = 1, height: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (
        chunk(b"IHDR", head),
        chunk(b"tEXt", b"note\0" + text.encode()),
        chunk(b"IDAT", zlib.compress(b"\0\0" * height)),
        chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg(text: str = "", *, width: int = 1, height: int = 1) -> bytes:
    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x00"
    note = segment(0xFE, text.encode() or b"-")
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0" + b"\1\1\0\0\1\0\1\0\0")
        + note
        + segment(0xC0, frame)
        + scan
        + b"\xff\xd9"
    )


def pdf(text: str = "", *, extra: str = "", pages: int = 1) -> bytes:
    """A PDF with a sound cross-reference table; each page says its number and the text."""
    kids = " ".join(f"{3 + 2 * n} 0 R" for n in range(pages))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
    ]
    font = 3 + 2 * pages
    for n in range(pages):
        content = f"BT /F1 24 Tf 40 720 Td (Page {n + 1} {text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {4 + 2 * n} 0 R "
            f"/Resources << /Font << /F1 {font} 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    start = len(out)
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    return out + f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def workbook(
    *rows: Sequence[Any], sheet_name: str = "数据", formulas: Sequence[tuple[int, int]] = ()
) -> bytes:
    """An XLSX with one sheet; cells named in `formulas` (row, column from 0) hold a formula instead."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer) as book:
        sheet = book.add_worksheet(sheet_name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for row, column in formulas:
            sheet.write_formula(row, column, "=1+1", value=2)
    return buffer.getvalue()


def bomb() -> bytes:
    """A small workbook that unpacks to 310 MB."""
    buffer = io.BytesIO(workbook(("uscc",), ("x",)))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/a.bin", "w") as part,
    ):
        for _n in range(31):
            part.write(b"0" * (10 * 1024 * 1024))
    return buffer.getvalue()

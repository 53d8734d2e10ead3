"""PostgreSQL's binary COPY format from and to numpy: rows of a fixed width, no value empty.

A row of fixed width is a numpy record, so that whole tables are packed and unpacked without a loop over rows.
Values that may be empty travel as a stand-in that the SQL on either side turns into NULL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8  # signature, flags, length of the extension
END = b"\xff\xff"
OIDS = {"i2": 21, "i4": 23, "i8": 20}  # int2, int4, int8
CHUNK = 8192


def pack(columns: Sequence[NDArray]) -> list[bytes]:
    """The body of a binary COPY in chunks: 1-d integer arrays, 1-d `S` arrays (text), 2-d integers (arrays)."""
    dtype = _record([_kind(column) for column in columns])
    rows = len(columns[0])
    chunks = [SIGNATURE]
    for start in range(0, rows, CHUNK):
        part = slice(start, min(start + CHUNK, rows))
        record = np.zeros(part.stop - start, dtype=dtype)
        record["fields"] = len(columns)
        for number, column in enumerate(columns):
            _fill(record, number, column[part])
        chunks.append(record.tobytes())
    chunks.append(END)
    return chunks


def unpack(data: bytes, shapes: Mapping[str, str]) -> dict[str, NDArray]:
    """Columns of a binary COPY whose rows have a fixed width.

    `shapes` names each column's form: "i8", "i8*45" (an array of 45), "S18" (text of exactly 18 bytes).
    Raises ValueError when a row has another form.
    """
    kinds = [_parse(shape) for shape in shapes.values()]
    dtype = _record(kinds)
    body = len(data) - len(SIGNATURE) - len(END)
    if not data.startswith(SIGNATURE) or body % dtype.itemsize:
        raise ValueError("rows of this COPY have not the fixed width that was expected")
    record = np.frombuffer(data, dtype=dtype, count=body // dtype.itemsize, offset=len(SIGNATURE))
    found = {}
    for number, (name, (kind, width)) in enumerate(zip(shapes, kinds, strict=True)):
        if (record[f"len{number}"] != _length(kind, width)).any():
            raise ValueError(f"column {name} has a value of another width")
        values = record[f"items{number}"]["value"] if width else record[f"value{number}"]
        found[name] = values.astype(values.dtype.newbyteorder("=")) if kind != "S" else values
    return found


def _kind(column: NDArray) -> tuple[str, int]:
    if column.dtype.kind == "S":
        return f"S{column.dtype.itemsize}", 0
    return f"i{column.dtype.itemsize}", column.shape[1] if column.ndim == 2 else 0


def _parse(shape: str) -> tuple[str, int]:
    kind, _star, width = shape.partition("*")
    return kind, int(width or 0)


def _length(kind: str, width: int) -> int:
    size = int(kind[1:])
    return 20 + width * (4 + size) if width else size


def _record(kinds: Sequence[tuple[str, int]]) -> np.dtype:
    fields: list[tuple] = [("fields", ">i2")]
    for number, (kind, width) in enumerate(kinds):
        value = kind if kind[0] == "S" else f">{kind}"
        fields.append((f"len{number}", ">i4"))
        if not width:
            fields.append((f"value{number}", value))
            continue
        fields += [
            (f"head{number}", ">i4", (5,)),
            (f"items{number}", [("len", ">i4"), ("value", value)], (width,)),
        ]
    return np.dtype(fields)


def _fill(record: NDArray, number: int, column: NDArray) -> None:
    kind, width = _kind(column)
    record[f"len{number}"] = _length(kind, width)
    if not width:
        record[f"value{number}"] = column
        return
    record[f"head{number}"] = (
        1,
        0,
        OIDS[kind],
        width,
        1,
    )  # dimensions, no NULL, element type, length, lower bound
    record[f"items{number}"]["len"] = int(kind[1:])
    record[f"items{number}"]["value"] = column

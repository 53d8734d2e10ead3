"""PostgreSQL's binary COPY format from and to numpy: rows of a fixed width, no value empty.

A row of fixed width is a numpy record, so that whole tables are packed and unpacked without a loop over rows.
Values that may be empty travel as a stand-in that the SQL on either side turns into NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + b"\x00" * 8  # signature, flags, length of the extension
END = b"\xff\xff"
OIDS = {"i2": 21, "i4": 23, "i8": 20}  # int2, int4, int8
CHUNK = 8192


def pack(columns_of: Callable[[NDArray], Sequence[NDArray]], order: NDArray) -> Iterator[bytes]:
    """The body of a binary COPY in chunks.

    columns_of(rows): the columns of some rows, by their numbers: 1-d integer arrays, 1-d `S` arrays (text), 2-d integers
    (arrays). `order` = numbers of the rows in the order in which they are written.
    """
    yield SIGNATURE
    for start in range(0, len(order), CHUNK):
        columns = columns_of(order[start : start + CHUNK])
        record = np.zeros(len(columns[0]), dtype=_record([_kind(column) for column in columns]))
        record["fields"] = len(columns)
        for number, column in enumerate(columns):
            _fill(record, number, column)
        yield record.tobytes()
    yield END


class Unpacker:
    """Takes a binary COPY of at most `rows` rows of a fixed width as it arrives; holds the columns, not the bytes.

    `shapes` names each column's form: "i8", "i8*45" (an array of 45), "S18" (text of exactly 18 bytes).
    Raises ValueError when a row has another form, or when there are more of them.
    """

    def __init__(self, shapes: Mapping[str, str], rows: int) -> None:
        self._kinds = {name: _parse(shape) for name, shape in shapes.items()}
        self._record = _record(list(self._kinds.values()))
        self._columns = {
            name: np.empty((rows, width) if width else rows, dtype=kind, order="F")
            for name, (kind, width) in self._kinds.items()
        }
        self._rows, self._read = rows, 0
        self._waiting = bytearray()
        self._open = False

    def write(self, data: bytes) -> int:
        self._waiting += data
        if len(self._waiting) >= CHUNK * self._record.itemsize:
            self._take()
        return len(data)

    def finish(self) -> dict[str, NDArray]:
        """The columns, once everything has arrived."""
        self._take()
        if self._waiting != END:
            raise ValueError("rows of this COPY have not the fixed width and number that was expected")
        return {name: column[: self._read] for name, column in self._columns.items()}

    def _take(self) -> None:
        if not self._open:
            if not self._waiting.startswith(SIGNATURE):
                raise ValueError("this is no binary COPY")
            del self._waiting[: len(SIGNATURE)]
            self._open = True
        count = min(len(self._waiting) // self._record.itemsize, self._rows - self._read)
        taken, self._waiting = self._waiting, self._waiting[count * self._record.itemsize :]
        record = np.frombuffer(taken, dtype=self._record, count=count)
        here = slice(self._read, self._read + count)
        for number, (name, (kind, width)) in enumerate(self._kinds.items()):
            if (record[f"len{number}"] != _length(kind, width)).any():
                raise ValueError(f"column {name} has a value of another width")
            values = record[f"items{number}"]["value"] if width else record[f"value{number}"]
            self._columns[name][here] = values
        self._read += count


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

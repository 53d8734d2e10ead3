"""Fast writing of many rows.

COPY cannot write into a table with row-level security, so rows are copied into a temporary table and
inserted from there, where the wall checks them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import Error, connection, models, transaction

from .scope import current_park_id

CHUNK = 1 << 18


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows (in the order of `columns`, database column names, without park_id) into the park entered.

    None is NULL; other values are PostgreSQL text input. Returns the number of rows written.
    """
    return copy_csv(model, columns, _Chunks(_csv_chunks(rows)))


def _csv_chunks(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Rows as CSV, some thousands at a time, so that no table is ever held as a whole."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(["\\N" if value is None else value for value in row])
        if buffer.tell() > CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def copy_csv(model: type[models.Model], columns: Sequence[str], source: Any) -> int:
    """As `copy_rows`, from a readable of CSV text in which NULL is written \\N."""
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        empty = f'SELECT {names} FROM "{table}" WITH NO DATA'  # noqa: S608  # names of our models
        cursor.execute(f"CREATE TEMP TABLE copy_rows ON COMMIT DROP AS {empty}")
        _copy_in(cursor, f"COPY copy_rows ({names}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", source)
        insert = f'INSERT INTO "{table}" (park_id, {names}) SELECT %s, {names} FROM copy_rows'  # noqa: S608
        cursor.execute(insert, [current_park_id()])
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE copy_rows")
    return written


def copy_binary(
    model: type[models.Model],
    *,
    columns: Mapping[str, str],
    chunks: Iterable[bytes],
    insert: Mapping[str, str],
    meanwhile: Callable[[], None] | None = None,
) -> int:
    """Write rows given in binary COPY format (see parks.pgcopy) into the park entered.

    `columns` are name and SQL type of what comes in, `insert` maps each column of the model's table to an SQL
    expression over those names (and is written by programmers only). `meanwhile` is done by this process while the
    server inserts; it must not use the database, and what it raises takes the rows back. Returns the number of rows
    written.
    """
    table = model._meta.db_table
    made = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    targets = ", ".join(f'"{name}"' for name in insert)
    values = ", ".join(insert.values())
    with transaction.atomic(), connection.cursor() as cursor, ThreadPoolExecutor(1) as beside:
        cursor.execute(f"CREATE TEMP TABLE copy_binary ({made}) ON COMMIT DROP")
        _copy_in(cursor, "COPY copy_binary FROM STDIN WITH (FORMAT binary)", _Chunks(chunks))
        done = beside.submit(meanwhile) if meanwhile else None
        query = f'INSERT INTO "{table}" (park_id, {targets}) SELECT %s, {values} FROM copy_binary'  # noqa: S608  # ours
        cursor.execute(query, [current_park_id()])
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE copy_binary")
        if done:
            done.result()
    return written


def read_binary(query: str, params: Sequence[Any], into: Any) -> None:
    """Write the rows of a query in binary COPY format to a writable (see parks.pgcopy.Unpacker)."""
    with connection.cursor() as cursor:
        text = cursor.mogrify(query, params).decode()
        cursor.copy_expert(f"COPY ({text}) TO STDOUT WITH (FORMAT binary)", into)


def _copy_in(cursor: Any, command: str, source: Any) -> None:
    """COPY FROM; what the source itself raises is raised as it was, not as the driver retells it."""
    try:
        cursor.copy_expert(command, source, CHUNK)
    except Error:
        if isinstance(source, _Chunks) and source.error is not None:
            raise source.error from None
        raise


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a file that psycopg2 can read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.error: BaseException | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            try:
                chunk = next(self._chunks, None)
            except BaseException as error:
                self.error = error
                raise
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken

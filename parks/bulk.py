"""Fast writing of many rows.

COPY cannot write into a table with row-level security, so rows are copied into a temporary table and
inserted from there, where the wall checks them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction

from .scope import current_park_id


def copy_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write rows (in the order of `columns`, database column names, without park_id) into the park entered.

    None is NULL; other values are PostgreSQL text input. Returns the number of rows written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(["\\N" if value is None else value for value in row])
    buffer.seek(0)
    return copy_csv(model, columns, buffer)


def copy_csv(model: type[models.Model], columns: Sequence[str], source: Any) -> int:
    """As `copy_rows`, from a readable of CSV text in which NULL is written \\N."""
    table = model._meta.db_table
    names = ", ".join(f'"{name}"' for name in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'CREATE TEMP TABLE copy_rows ON COMMIT DROP AS SELECT {names} FROM "{table}" WITH NO DATA')
        cursor.copy_expert(f"COPY copy_rows ({names}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", source)
        cursor.execute(
            f'INSERT INTO "{table}" (park_id, {names}) SELECT %s, {names} FROM copy_rows', [current_park_id()]
        )
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE copy_rows")
    return written

"""Pre-filling: the newest value that a department gave stands in the declaration, with source and date."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection

from parks.clock import db_now
from scoring.engine import Scheme

from ..models import Declaration, DeclaredValue, DepartmentValue

NEWEST = """
SELECT DISTINCT ON (uscc, code) uscc, code, amount, entries::text, source, as_of, batch_id
  FROM enterprises_departmentvalue WHERE year = %s AND uscc = ANY(%s) ORDER BY uscc, code, as_of DESC, id DESC
"""


def newest(*, year: int, codes: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """The newest department value of each input for these USCCs: uscc -> input code -> columns."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [year, list(codes)])
        for uscc, code, amount, entries, source, as_of, batch in cursor:
            items = json.loads(entries) if entries is not None else None
            found.setdefault(uscc, {})[code] = {
                "prefilled_amount": amount, "prefilled_entries": items, "source": source, "as_of": as_of, "batch_ref": batch,
            }  # fmt: skip
    return found


def first_values(*, declarations: list[Declaration], scheme: Scheme, year: int) -> None:
    """One row per input for new declarations, pre-filled where a department has a value."""
    for start in range(0, len(declarations), 500):
        part = declarations[start : start + 500]
        known = newest(year=year, codes=[one.enterprise.uscc for one in part])
        DeclaredValue.objects.bulk_create(
            [
                DeclaredValue(
                    declaration=declaration,
                    code=item.code,
                    state="prefilled"
                    if item.code in known.get(declaration.enterprise.uscc, {})
                    else "missing",
                    **known.get(declaration.enterprise.uscc, {}).get(item.code, {}),
                )
                for declaration in part
                for item in scheme.inputs
            ],
            batch_size=5000,
        )


REFRESH = """
UPDATE enterprises_declaredvalue v
   SET prefilled_amount = n.amount, prefilled_entries = n.entries, source = n.source, as_of = n.as_of, batch_ref = n.batch_id,
       state = CASE WHEN v.state = 'missing' THEN 'prefilled' ELSE v.state END, version = v.version + 1, updated_at = %(now)s
  FROM (SELECT DISTINCT ON (uscc, code) uscc, code, amount, entries, source, as_of, batch_id
          FROM enterprises_departmentvalue WHERE batch_id = %(batch)s ORDER BY uscc, code, id DESC) n
  JOIN enterprises_enterprise e ON e.uscc = n.uscc AND e.member_to IS NULL
  JOIN enterprises_declaration d ON d.park_id = e.park_id AND d.enterprise_id = e.id
  JOIN enterprises_cycle c ON c.park_id = d.park_id AND c.id = d.cycle_id
 WHERE v.park_id = d.park_id AND v.declaration_id = d.id AND v.code = n.code AND c.year = %(year)s
   AND d.state IN ('open', 'returned') AND v.state IN ('missing', 'prefilled') AND (v.as_of IS NULL OR v.as_of <= n.as_of)
"""


def refresh_from(*, batch_id: int, year: int) -> int:
    """Bring a batch into the open declarations of its year; what the enterprise has touched stays. Rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(REFRESH, {"batch": batch_id, "year": year, "now": db_now()})
        return int(cursor.rowcount)


def known_values(uscc: str, year: int) -> int:
    """How many values departments hold for a firm and year."""
    return DepartmentValue.objects.filter(uscc=uscc, year=year).count()

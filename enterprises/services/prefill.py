"""Pre-filling: the newest value that a department gave stands in the declaration, with source and date."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import connection

from parks.clock import db_now
from scoring.engine import Scheme

from .. import rules
from ..models import Declaration, DeclaredValue
from ..queries.verified import CARRIED, COUNTED_AMOUNT

NEWEST = """
SELECT DISTINCT ON (v.uscc, v.code) v.uscc, v.code, v.amount, v.entries::text, v.source, v.as_of, v.batch_id
  FROM enterprises_departmentvalue v
  JOIN enterprises_departmentbatch b ON b.park_id = v.park_id AND b.id = v.batch_id AND b.state = 'applied'
 WHERE v.year = %s AND v.uscc = ANY(%s) ORDER BY v.uscc, v.code, v.as_of DESC, v.id DESC
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


CARRY_OVER = """
UPDATE enterprises_declaredvalue v
   SET prefilled_amount = n.amount, source = %(source)s, as_of = n.as_of, batch_ref = NULL,
       state = CASE WHEN v.state = 'missing' THEN 'prefilled' ELSE v.state END, version = v.version + 1, updated_at = %(now)s
  FROM (SELECT d.park_id, d.id AS declaration_id, pair.code, CASE WHEN w.state = 'zero_confirmed' THEN 0 ELSE {counted} END AS amount, (w.verified_at AT TIME ZONE 'Asia/Shanghai')::date AS as_of
          FROM enterprises_declaration d
          JOIN enterprises_cycle c ON c.park_id = d.park_id AND c.id = d.cycle_id AND c.year = %(year)s
          JOIN enterprises_cycle b ON b.park_id = d.park_id AND b.year = %(year)s - 1
          JOIN enterprises_declaration p ON p.park_id = d.park_id AND p.cycle_id = b.id AND p.enterprise_id = d.enterprise_id
               AND p.state IN ('verified', 'frozen')
          JOIN unnest(%(codes)s, %(before)s) AS pair(code, before) ON true
          JOIN enterprises_declaredvalue w ON w.park_id = p.park_id AND w.declaration_id = p.id AND w.code = pair.before
         WHERE d.state IN ('open', 'returned') AND d.enterprise_id = ANY(%(firms)s)) n
 WHERE v.park_id = n.park_id AND v.declaration_id = n.declaration_id AND v.code = n.code AND n.amount IS NOT NULL
   AND v.state IN ('missing', 'prefilled') AND (v.prefilled_amount, v.source) IS DISTINCT FROM (n.amount, %(source)s)
"""


def carry_over(*, enterprise_ids: list[int], year: int, scheme: Scheme) -> int:
    """Bring last cycle's verified figures into the open declarations of a year, where the scheme repeats them: they stand
    before what a department says, until the firm files a correction. Rows changed.
    """
    pairs = rules.previous_codes(scheme)
    given: dict[str, Any] = {
        "source": CARRIED, "now": db_now(), "year": year, "codes": list(pairs), "before": list(pairs.values()),
        "firms": enterprise_ids,
    }  # fmt: skip
    if not pairs:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(CARRY_OVER.format(counted=COUNTED_AMOUNT.format(value="w")), given)
        return int(cursor.rowcount)


LOCK_OF_FIRMS = """
SELECT d.id FROM enterprises_declaration d
  JOIN enterprises_enterprise e ON e.park_id = d.park_id AND e.id = d.enterprise_id
  JOIN enterprises_cycle c ON c.park_id = d.park_id AND c.id = d.cycle_id
 WHERE c.year = %(year)s AND d.state IN ('open', 'returned')
   AND e.uscc IN (SELECT uscc FROM enterprises_departmentvalue WHERE batch_id = %(batch)s)
 ORDER BY d.id FOR UPDATE OF d
"""
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
   AND v.source <> 'verified'
"""


def refresh_from(*, batch_id: int, year: int) -> int:
    """Bring a batch into the open declarations of its year; what the enterprise has touched stays. Rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OF_FIRMS, {"batch": batch_id, "year": year})  # nobody signs meanwhile
        cursor.execute(REFRESH, {"batch": batch_id, "year": year, "now": db_now()})
        return int(cursor.rowcount)


LOCK_OF_VALUES = """
SELECT d.id FROM enterprises_declaration d
 WHERE EXISTS (SELECT 1 FROM enterprises_declaredvalue v
                WHERE v.park_id = d.park_id AND v.declaration_id = d.id AND v.batch_ref = %s)
 ORDER BY d.id FOR UPDATE OF d
"""
BUILT_ON = """
SELECT count(DISTINCT v.declaration_id) FROM enterprises_declaredvalue v
  JOIN enterprises_declaration d ON d.park_id = v.park_id AND d.id = v.declaration_id
 WHERE v.batch_ref = %s AND (v.state NOT IN ('missing', 'prefilled') OR d.state NOT IN ('open', 'returned'))
"""
TAKE_BACK = """
UPDATE enterprises_declaredvalue v
   SET prefilled_amount = n.amount, prefilled_entries = n.entries, source = coalesce(n.source, ''), as_of = n.as_of, batch_ref = n.batch_id,
       state = CASE WHEN n.batch_id IS NULL THEN 'missing' ELSE 'prefilled' END, version = v.version + 1, updated_at = %(now)s
  FROM enterprises_declaredvalue w
  JOIN enterprises_declaration d ON d.park_id = w.park_id AND d.id = w.declaration_id
  JOIN enterprises_enterprise e ON e.park_id = d.park_id AND e.id = d.enterprise_id
  LEFT JOIN LATERAL (
        SELECT x.amount, x.entries, x.source, x.as_of, x.batch_id FROM enterprises_departmentvalue x
          JOIN enterprises_departmentbatch b ON b.park_id = x.park_id AND b.id = x.batch_id AND b.state = 'applied'
         WHERE x.park_id = w.park_id AND x.year = %(year)s AND x.uscc = e.uscc AND x.code = w.code
         ORDER BY x.as_of DESC, x.id DESC LIMIT 1) n ON true
 WHERE w.id = v.id AND w.batch_ref = %(batch)s
"""


def built_on(*, batch_id: int) -> int:
    """How many declarations have confirmed, corrected or submitted a value of a batch; all that use it stay locked."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OF_VALUES, [batch_id])
        cursor.execute(BUILT_ON, [batch_id])
        return int(cursor.fetchone()[0])


def take_back(*, batch_id: int, year: int) -> int:
    """Values pre-filled from a batch that counts no more return to the newest other one. Rows changed."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, {"batch": batch_id, "year": year, "now": db_now()})
        return int(cursor.rowcount)


def is_same(before: Mapping[str, Any], amount: str | None, entries: str | None) -> bool:
    """Does a department say again what was known?"""
    if entries is not None:
        return bool(before["prefilled_entries"] == json.loads(entries))
    return before["prefilled_amount"] is not None and before["prefilled_amount"] == Decimal(amount or 0)


def change(
    uscc: str, code: str, before: Mapping[str, Any], amount: str | None, entries: str | None
) -> dict[str, str]:
    """One line of a preview: what was known, from whom and when, and what comes."""
    return {
        "uscc": uscc, "code": code, "before": _shown(before["prefilled_amount"], before["prefilled_entries"]),
        "after": _shown(amount, json.loads(entries) if entries is not None else None), "source": str(before["source"]),
        "as_of": str(before["as_of"]),
    }  # fmt: skip


def _shown(amount: Any, entries: list[dict[str, str]] | None) -> str:
    if entries is not None:
        return "、".join(one.get("name") or one.get("level", "") for one in entries) or "0"
    return "" if amount is None else f"{Decimal(amount):,.2f}".removesuffix(".00")

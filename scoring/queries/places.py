"""The place a total has in a run, found through the index of places: as fast among a million as among a hundred."""

from __future__ import annotations

from decimal import Decimal

from django.db import connection

from ..models import ScoreResult, ScoreRun

# Places rise as totals fall, so that the first place whose total is not above the one asked for is found by halving.
SEARCH = """
WITH RECURSIVE search(low, high) AS (
    SELECT 1, %(last)s
    UNION ALL
    SELECT CASE WHEN found.total > %(total)s THEN found.place + 1 ELSE low END,
           CASE WHEN found.total > %(total)s THEN high ELSE (low + high) / 2 END
      FROM search
      LEFT JOIN LATERAL (SELECT place, total FROM scoring_scoreresult
                          WHERE run_id = %(run)s AND place >= (low + high) / 2 ORDER BY place LIMIT 1) found ON true
     WHERE low < high
)
SELECT coalesce((SELECT place FROM scoring_scoreresult
                  WHERE run_id = %(run)s AND place >= (SELECT max(low) FROM search) ORDER BY place LIMIT 1), %(last)s)
"""


def place_of(run: ScoreRun, total: Decimal, *, instead_of: ScoreResult | None = None) -> int:
    """The place of a total among the ranked of a computed run: one more than have a higher total.

    `instead_of` is the enterprise's own result in the run, which does not stand in its own way.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEARCH, {"run": run.pk, "total": total, "last": run.statistics.get("ranked", 0) + 1})
        place = int(cursor.fetchone()[0])
    own_is_above = instead_of is not None and instead_of.place is not None and instead_of.total > total
    return place - own_is_above

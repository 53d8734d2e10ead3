"""How sure the places of a draft are: the range of each place over varied weights, for the office's preview."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from scoring import engine
from scoring.engine import sensitivity
from scoring.queries import facts as frozen
from scoring.queries import results
from scoring.queries.schemes import scheme_of

DRAWS = 400
MOST_ROWS = 20_000  # beyond it the preview would keep people waiting


def of_board(run: Any, code: str) -> dict[str, tuple[int, int]]:
    """USCC -> (best, worst) place holding 90 % of the draws, seeded by the run's hash; empty for boards by the total
    and for very large runs."""
    if code not in run.boards or run.rows > MOST_ROWS:
        return {}
    return _computed(run.park_id, run.pk, run.run_hash, code)


@lru_cache(maxsize=32)
def _computed(park_id: int, run_id: int, run_hash: str, code: str) -> dict[str, tuple[int, int]]:
    run = results.get_run(run_id)
    scheme = scheme_of(run.scheme_version)
    rows = frozen.read(run.snapshot, scheme)
    scores = engine.score(rows.facts, scheme)
    ranking = engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    found = sensitivity.board_intervals(ranking.boards[code], scores, scheme, draws=DRAWS, seed=run_hash)
    return {
        unit: (int(low), int(high))
        for unit, low, high in zip(found.ids, found.low, found.high, strict=True)
        if low > 0
    }

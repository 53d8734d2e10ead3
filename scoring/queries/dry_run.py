"""Dry run of a scheme version on the last snapshot: who would move, what the distribution would be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from indicators.queries import schemes
from innovscore.core.problems import NotFound, Refused
from parks import bulk, pgcopy
from parks.models import Job
from parks.queries import jobs
from scoring import engine

from ..models import CurrentRun, ScoreResult, ScoreRun
from ..statistics import BIN_POINTS, summary
from . import facts
from .alternatives import COHORT
from .run_diff import BoardChange, Moved
from .schemes import names_of

KIND = "scoring.dry_run"
SHOWN, TOP = 50, 30
RESULTS = (
    "SELECT uscc::text, enterprise_id, (total * 100)::bigint, coalesce(place, 0)::int {boards} FROM scoring_scoreresult"
    " WHERE run_id = %s ORDER BY uscc"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is tried: a version, read as a scheme, on the newest run that counts."""

    version: Any
    scheme: engine.Scheme
    run: ScoreRun

    @property
    def key(self) -> str:
        """The same figures under the same scheme have the same answer."""
        return f"{self.run.run_hash[:32]}:{self.scheme.digest[:32]}"

    @property
    def is_large(self) -> bool:
        """Too many firms to score while somebody waits: a job does it."""
        return self.run.rows > COHORT


@dataclass(frozen=True, slots=True)
class DryRun:
    """Results of a run against the same facts under another version; `moved` the farthest first, at most SHOWN.

    `top` = (name, place before, place after) of the first TOP of the run.
    """

    version: Any
    run: ScoreRun
    firms: int
    totals_moved: int
    places_moved: int
    moved: list[Moved]
    top: list[tuple[str, int, int]]
    boards: list[BoardChange]
    edges: list[int]
    before: list[int]
    after: list[int]
    stages: list[tuple[str, list[float], list[float]]]

    @property
    def histogram_rows(self) -> list[tuple[str, int, int]]:
        pairs = zip(self.edges, self.edges[1:], self.before, self.after, strict=False)
        return [(f"{low}–{high}", old, new) for low, high, old, new in pairs]


def subject(version_id: int) -> Subject:
    """A version, a draft included, on the newest current run.

    NotFound without version or run; Refused for a draft that is not a scheme yet.
    """
    version = schemes.with_body(version_id)
    pointer = CurrentRun.objects.order_by("-cycle__year").select_related(
        "run__cycle", "run__snapshot__scheme_version", "run__scheme_version"
    )
    current = pointer.first()
    if version is None or current is None:
        raise NotFound(code="nothing_to_try", message=_("没有这个版本，或还没有计算过的年度可以试算。"))
    try:
        return Subject(version, engine.load_scheme(version.body), current.run)
    except engine.EngineError as error:
        raise Refused(
            code="draft_wrong", message=_("草案还不能试算：%(what)s") % {"what": str(error)[:500]}
        ) from error


def job_of(tried: Subject) -> Job | None:
    """The newest job that tried this, or None."""
    return jobs.latest(KIND, dedupe_key=tried.key)


def told(tried: Subject, found: Mapping[str, Any]) -> DryRun:
    """What was computed, in the reader's language."""
    stages, boards = names_of(tried.scheme.groups), names_of(tried.scheme.boards)
    return DryRun(
        version=tried.version,
        run=tried.run,
        firms=found["firms"],
        totals_moved=found["totals_moved"],
        places_moved=found["places_moved"],
        moved=[_moved(line) for line in found["moved"]],
        top=[(name, old, new) for name, old, new in found["top"]],
        boards=[
            BoardChange(boards.get(code, code), entered, left) for code, entered, left in found["boards"]
        ],
        edges=found["edges"],
        before=found["before"],
        after=found["after"],
        stages=[(stages.get(code, code), old, new) for code, old, new in found["stages"]],
    )


def _moved(line: Mapping[str, Any]) -> Moved:
    before, after = Decimal(line["before"]).scaleb(-2), Decimal(line["after"]).scaleb(-2)
    places = line["place_before"] or None, line["place_after"] or None
    return Moved(
        line["enterprise"], line["name"], line["uscc"], before, after, *places, method=after - before, data=Decimal(0)
    )  # fmt: skip


def computed(tried: Subject) -> dict[str, Any]:
    """The whole comparison as JSON: totals in hundredths, places with 0 for none."""
    run, scheme = tried.run, tried.scheme
    frozen = facts.read(run.snapshot, scheme)
    scores = engine.score(frozen.facts, scheme)
    ranking = engine.rank(
        scores, frozen.facts, scheme, confirmed_at=frozen.confirmed_at, allowed=frozen.allowed
    )
    old = _results(run)
    changed, moved = scores.total - old["total"], ranking.overall - old["place"]
    both = (ranking.overall > 0) & (old["place"] > 0)
    far = np.lexsort((old["uscc"], -np.abs(changed), -np.abs(moved * both)))
    shown = [n for n in far[:SHOWN].tolist() if changed[n] or moved[n]]
    first = [n for n in np.argsort(old["place"], kind="stable").tolist() if old["place"][n]][:TOP]
    boards = _boards(run, scheme, ranking, old)
    names = _names(
        run, [*shown, *first, *(n for _code, *lists in boards for part in lists for n in part)], old
    )
    top = max(int(scheme.most_points), run.statistics["edges"][-1])
    edges = list(range(0, top + BIN_POINTS, BIN_POINTS))
    return {
        "firms": len(scores),
        "totals_moved": int((changed != 0).sum()),
        "places_moved": int((moved != 0).sum()),
        "moved": [
            {
                "enterprise": int(old["enterprise"][n]), "name": names[n], "uscc": old["uscc"][n].decode(),
                "before": int(old["total"][n]), "after": int(scores.total[n]), "place_before": int(old["place"][n]),
                "place_after": int(ranking.overall[n]),
            }
            for n in shown
        ],
        "top": [[names[n], int(old["place"][n]), int(ranking.overall[n])] for n in first],
        "boards": [[code, *([names[n] for n in part] for part in lists)] for code, *lists in boards],
        "edges": edges,
        "before": np.histogram(old["total"][old["place"] > 0] / 100, edges)[0].tolist(),
        "after": np.histogram(scores.total[ranking.overall > 0] / 100, edges)[0].tolist(),
        "stages": _stages(run, scores, ranking.overall > 0),
    }  # fmt: skip


def _results(run: ScoreRun) -> dict[str, NDArray]:
    """What the run says, in the order of the snapshot's rows."""
    shapes = {"uscc": "S18", "enterprise": "i8", "total": "i8", "place": "i4"}
    if run.boards:
        shapes["boards"] = f"i4*{len(run.boards)}"
    query = RESULTS.format(boards=", board_places" if run.boards else "")
    rows = pgcopy.Unpacker(shapes, run.snapshot.rows)
    bulk.read_binary(query, [run.pk], rows)
    return rows.finish()


def _names(run: ScoreRun, wanted: list[int], old: dict[str, NDArray]) -> dict[int, str]:
    codes = {n: old["uscc"][n].decode() for n in wanted}
    rows = ScoreResult.objects.filter(run=run, uscc__in=codes.values())
    known = dict(rows.values_list("uscc", "enterprise__name"))
    return {n: known.get(code, code) for n, code in codes.items()}


def _stages(run: ScoreRun, scores: engine.Scores, here: NDArray) -> list[list[Any]]:
    """[stage, five numbers before, five numbers after] of the ranked."""
    found = []
    for number, code in enumerate(scores.group_labels):
        before = run.statistics.get("stages", {}).get(code, {}).get("total", [])
        after = summary(scores.total[here & (scores.group == number)] / 100)
        if before and after:
            found.append([code, before, after])
    return found


def _boards(
    run: ScoreRun, scheme: engine.Scheme, ranking: engine.Ranking, old: dict[str, NDArray]
) -> list[tuple[str, list[int], list[int]]]:
    """(board, rows that come onto it, rows that leave it)."""
    size = scheme.board_rules.size
    found = []
    for code, board in ranking.boards.items():
        if code not in run.boards:
            continue
        places = old["boards"][:, run.boards.index(code)]
        was, now = (places > 0) & (places <= size), (board.place > 0) & (board.place <= size)
        found.append((code, np.flatnonzero(now & ~was).tolist(), np.flatnonzero(was & ~now).tolist()))
    return found

"""What is computed about a run after it: spread by industry and sub-park, and how firm the places are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parks import bulk, jobs
from parks.actors import Actor
from parks.clock import db_now
from parks.scope import park_scope
from scoring import engine
from scoring.engine import sensitivity
from scoring.engine.analysis import analyse

from .. import rules
from ..models import CurrentRun, PlaceInterval, RunReview, ScoreResult, ScoreRun
from ..queries import facts as frozen
from ..queries import fair
from ..queries.schemes import scheme_of
from ..statistics import CENTS, NOT_APPLICABLE, PERCENTILE_SCALE, summary

KIND = "scoring.review"
STEPS = 4
DRAWS, CELLS = 1000, 20_000_000  # draws, and the most draws x units kept in memory (4 bytes each)
AROUND = 3  # places shown below the last place of a board


def request_review(*, by: Actor, run: ScoreRun) -> RunReview:
    """Ask for the review of a computed run; asking again returns the job that waits, or renews what may have changed."""
    review, _created = RunReview.objects.get_or_create(run=run)
    review.job = jobs.request(
        kind=KIND, park_id=by.park_id, dedupe_key=f"review:{run.pk}", by=by, args={"run": run.pk}
    )
    review.save(update_fields=["job"])
    return review


def compute(job: jobs.JobHandle) -> dict[str, Any]:
    """The job: the spread by kind of firm anew, for firms move and earlier years are corrected; once, how firm the places
    are, for that follows from the run alone."""
    job.report(0, STEPS)
    with park_scope(job.park_id):
        review = RunReview.objects.select_related(
            "run__snapshot__scheme_version", "run__scheme_version", "run__cycle"
        ).get(run=job.args["run"])
        run, scheme = review.run, scheme_of(review.run.scheme_version)
        groups = groups_of(run) | {"year": years_of(run, scheme)}
    job.report(1, STEPS)
    found = _firmness(job, run, scheme) if review.finished_at is None else None
    job.report(3, STEPS)
    with park_scope(job.park_id):
        review = RunReview.objects.select_for_update().get(run=run)
        job.guard()
        review.groups = groups
        if found is not None and review.finished_at is None:
            report, places = found
            bulk.copy_rows(PlaceInterval, ("run_id", "enterprise_id", "low", "high"), places)
            review.sensitivity, review.finished_at = report, db_now()
        review.save(update_fields=["groups", "sensitivity", "finished_at"])
    return {"run": run.pk}


def _firmness(
    job: jobs.JobHandle, run: ScoreRun, scheme: engine.Scheme
) -> tuple[dict[str, Any], Iterator[tuple[int, ...]]]:
    """Score the frozen facts again (nothing is stored twice) and vary the method: the report, and a row an interval."""
    with park_scope(job.park_id):
        rows = frozen.read(run.snapshot, scheme)
    scores = engine.score(rows.facts, scheme)
    ranking = engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    job.report(2, STEPS)
    draws = max(100, min(DRAWS, CELLS // max(len(scores), 1)))
    intervals = sensitivity.rank_intervals(scores, scheme, draws=draws, seed=run.run_hash, facts=rows.facts)
    report = _report(scheme, scores, ranking, intervals, seed=run.run_hash)
    return report | {"method": _method(scheme, scores)}, _lines(run.pk, rows, intervals)


def _lines(run_id: int, rows: frozen.FrozenRows, found: sensitivity.Intervals) -> Iterator[tuple[int, ...]]:
    for enterprise_id, low, high in zip(rows.enterprise_ids.tolist(), found.low, found.high, strict=True):
        if low > 0:
            yield run_id, enterprise_id, int(low), int(high)


def _report(
    scheme: engine.Scheme,
    scores: engine.Scores,
    ranking: engine.Ranking,
    found: sensitivity.Intervals,
    *,
    seed: str,
) -> dict[str, Any]:
    """Settings, how often the first ten stay the first ten, leave-one-out, and each board around its last place."""
    return {
        "draws": found.draws,
        "seed": seed,
        "level": found.level,
        "weights": sensitivity.USUAL.weights,
        "left_out": sensitivity.USUAL.left_out,
        "normalisation": list(sensitivity.USUAL.normalisation),
        "left_out_moves": _left_out(scheme, scores, ranking),
        "boards": {
            code: _around_the_cut(board, scores, scheme, seed) for code, board in ranking.boards.items()
        },
    }


def _method(scheme: engine.Scheme, scores: engine.Scores) -> dict[str, Any]:
    """Whether every indicator tells firms apart and every weight weighs, for the page: figures by code, and remarks."""
    found = analyse(scores, scheme)
    return {
        "units": found.units,
        "indicators": {
            one.code: [
                round(value, 4)
                for value in (
                    one.spread,
                    one.at_zero,
                    one.at_cap,
                    one.siblings,
                    one.rest,
                    one.weight,
                    one.effective,
                )
            ]
            for one in found.indicators
        },
        "dimensions": {one.code: one.alpha for one in found.dimensions},
        "remarks": [[one.code, one.kind, dict(one.figures)] for one in found.remarks],
    }


def _left_out(
    scheme: engine.Scheme, scores: engine.Scores, ranking: engine.Ranking
) -> dict[str, list[float]]:
    """By indicator: mean and largest move of a place when it is left out."""
    here = np.flatnonzero(ranking.overall > 0)
    if not len(here):
        return {}
    moves = np.abs(sensitivity.leave_one_out(scores, scheme)[here] - ranking.overall[here, None])
    return {
        item.code: [round(float(moves[:, n].mean()), 2), int(moves[:, n].max())]
        for n, item in enumerate(scheme.indicators)
    }


def _around_the_cut(
    board: engine.BoardResult, scores: engine.Scores, scheme: engine.Scheme, seed: str
) -> list[dict[str, Any]]:
    """The first places of a board with their interval and the share of draws that keep them on it."""
    size = scheme.board_rules.size
    shown = np.flatnonzero((board.position > 0) & (board.position <= size + AROUND))
    if not len(shown):
        return []
    found = sensitivity.board_intervals(board, scores, scheme, seed=seed)
    order = shown[np.argsort(board.position[shown])]
    return [
        {
            "id": scores.ids[row], "place": int(board.place[row]), "low": int(found.low[row]), "high": int(found.high[row]),
            "share": round(float(found.top_share[row]), 4),
        }
        for row in order.tolist()
    ]  # fmt: skip


def groups_of(run: ScoreRun) -> dict[str, Any]:
    """Five-number summaries of the ranked by industry and by sub-park; small groups are left out."""
    rows = list(
        ScoreResult.objects.filter(run=run, place__isnull=False).values_list(
            "total", "normalised", "enterprise__industry", "enterprise__sub_park__name"
        )
    )
    if not rows:
        return {}
    totals = np.array([int(row[0] * CENTS) for row in rows]) / CENTS
    normalised = np.array([row[1] for row in rows])
    return {
        kind: _summaries(run, [str(row[column] or "") for row in rows], totals, normalised)
        for kind, column in (("industry", 2), ("sub_park", 3))
    }


def years_of(run: ScoreRun, scheme: engine.Scheme) -> dict[str, Any]:
    """Five-number summaries of the totals of this and earlier years, all by the method of this run; years whose figures
    do not suffice for it are left out."""
    pointers = CurrentRun.objects.filter(cycle__year__lt=run.cycle.year).select_related(
        "run__cycle", "run__snapshot__scheme_version"
    )
    found = {}
    for one in [*(pointer.run for pointer in pointers.order_by("cycle__year")), run]:
        totals = fair.totals(one, scheme)
        if totals is not None and len(totals) >= rules.SMALLEST_GROUP:
            found[str(one.cycle.year)] = {
                "ranked": len(totals), "total": summary(np.array(list(totals.values()), dtype=float)), "indicators": {}, "rescored": one.scheme_digest != scheme.digest,
            }  # fmt: skip
    return found


def _summaries(run: ScoreRun, names: list[str], totals: NDArray, normalised: NDArray) -> dict[str, Any]:
    labels = np.array(names)
    found = {}
    for name in sorted(set(names) - {""}):
        here = labels == name
        if here.sum() < rules.SMALLEST_GROUP:
            continue
        found[name] = {
            "ranked": int(here.sum()),
            "total": summary(totals[here]),
            "indicators": {code: _column(normalised[here, n]) for n, code in enumerate(run.indicators)},
        }
    return found


def _column(values: NDArray) -> list[float]:
    return summary(values[values != NOT_APPLICABLE] / PERCENTILE_SCALE)

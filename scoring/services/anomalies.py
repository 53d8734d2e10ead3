"""Finding what is odd in a run's results, and a person clearing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from innovscore.core.canonical import canonical_json
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from .. import rules
from ..models import Anomaly, CurrentRun, ScoreResult, ScoreRun
from ..queries import fair
from ..queries.schemes import scheme_of

AGAINST = """
SELECT n.enterprise_id, n.total, o.total, n.place, o.place
  FROM scoring_scoreresult n JOIN ({last}) o USING (enterprise_id)
 WHERE n.run_id = %s
"""
AGAINST_LAST_YEAR = AGAINST.format(  # of constants
    last="SELECT enterprise_id, total, place FROM scoring_scoreresult WHERE run_id = %s"
)
AGAINST_SCORED_AGAIN = AGAINST.format(
    last="SELECT enterprise_id, cents * 0.01 AS total, nullif(place, 0) AS place"
    " FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS again(enterprise_id, cents, place)"
)


@dataclass(frozen=True, slots=True)
class LastYear:
    """The run that counts for the year before; `again` is its cohort by the method of the run that is compared with it.

    None there: it is the same method, or last year's figures do not suffice for it. A new method is nobody's jump.
    """

    run: ScoreRun
    again: fair.Cohort | None


def last_year(run: ScoreRun) -> LastYear | None:
    """To be asked before results are written: scoring a cohort again takes as long as a run."""
    pointers = CurrentRun.objects.filter(cycle__year__lt=run.cycle.year).order_by("-cycle__year")
    pointer = pointers.select_related("run__cycle", "run__snapshot__scheme_version").first()
    if pointer is None:
        return None
    last = pointer.run
    if last.scheme_digest == run.scheme_digest:
        return LastYear(last, None)
    return LastYear(last, fair.cohort(last, scheme_of(run.scheme_version)))


def record(run: ScoreRun, last: LastYear | None) -> int:
    """Find the anomalies of a run; safe to call twice. Returns how many there are.

    What was cleared in an earlier run of the same year stays cleared where the figures are the same.
    """
    settled = {_key(row): row for row in _cleared_before(run)}
    found = [
        _row(run, enterprise_id, rule, detail, settled)
        for enterprise_id, rule, detail in _findings(run, last)
    ]
    Anomaly.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def clear(*, by: Actor, run: ScoreRun, ids: Sequence[int], note: str) -> int:
    """A person has looked and says why the results stand. Returns how many were open.

    Raises Refused without a note or a choice, Conflict for a run that does not count.
    """
    note = note.strip()
    if len(note) < rules.SHORTEST_NOTE:
        raise Refused(
            code="note_missing",
            field="note",
            message=_("请写明核查情况，至少 4 个字，例如“已核对审计报告”。"),
        )
    if not ids:
        raise Refused(code="nothing_chosen", field="ids", message=_("请勾选要销号的异常。"))
    with transaction.atomic():
        if not CurrentRun.objects.filter(run=run).exists():
            raise Conflict(code="not_current", message=_("这次计算不是当前结果，异常不需要处理。"))
        rows = Anomaly.objects.select_for_update().filter(run=run, pk__in=list(ids), cleared_at__isnull=True)
        chosen = sorted(rows.values_list("pk", flat=True))
        Anomaly.objects.filter(pk__in=chosen).update(
            note=note, cleared_by_ref=by.person_id, cleared_by_name=by.person_name, cleared_at=db_now()
        )
        if chosen:
            audit.record(by=by, action="anomalies.cleared", obj=run, after={"anomalies": chosen}, reason=note)
    return len(chosen)


def _cleared_before(run: ScoreRun) -> Iterator[Anomaly]:
    rows = Anomaly.objects.filter(run__cycle_id=run.cycle_id, cleared_at__isnull=False).exclude(run=run)
    yield from rows.order_by("cleared_at")


def _key(row: Anomaly) -> tuple[int, str, str]:
    return row.enterprise_id, row.rule, canonical_json(row.detail)


def _row(
    run: ScoreRun, enterprise_id: int, rule: str, detail: dict[str, Any], settled: dict[Any, Anomaly]
) -> Anomaly:
    row = Anomaly(run=run, enterprise_id=enterprise_id, rule=rule, detail=detail)
    before = settled.get(_key(row))
    if before is not None:
        row.note, row.carried_from = before.note, before
        row.cleared_by_ref, row.cleared_by_name = before.cleared_by_ref, before.cleared_by_name
        row.cleared_at = before.cleared_at
    return row


def _findings(run: ScoreRun, last: LastYear | None) -> Iterator[tuple[int, str, dict[str, Any]]]:
    if last is not None:
        yield from _jumps(run, last)
    yield from _candidates(run)


def _jumps(run: ScoreRun, last: LastYear) -> Iterator[tuple[int, str, dict[str, Any]]]:
    rows, last_ranked, basis = _against(last, run)
    ranked = run.statistics.get("ranked", 0)
    told = {"year": str(last.run.cycle.year)} | basis
    for enterprise_id, total, last_total, place, last_place in rows:
        if rules.total_jumps(total, last_total):
            detail = told | {"total": str(total), "last": f"{last_total:.2f}"}
            yield enterprise_id, Anomaly.Rule.TOTAL_JUMP, detail
        if rules.place_jumps(place, ranked, last_place, last_ranked):
            yield (
                enterprise_id,
                Anomaly.Rule.PLACE_JUMP,
                told | {"place": str(place), "last": str(last_place)},
            )


def _against(last: LastYear, run: ScoreRun) -> tuple[list[tuple[Any, ...]], int, dict[str, str]]:
    """(enterprise, total, last total, place, last place), how many were ranked last year, and by which method when that
    is not the one it was published by."""
    again = last.again
    if again is None:
        return _rows(AGAINST_LAST_YEAR, [last.run.pk, run.pk]), last.run.statistics.get("ranked", 0), {}
    arrays = [column.tolist() for column in (again.enterprise_ids, again.totals, again.places)]
    return (
        _rows(AGAINST_SCORED_AGAIN, [*arrays, run.pk]),
        again.ranked,
        {"method": run.scheme_version.version},
    )


def _rows(query: str, params: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def _candidates(run: ScoreRun) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Everybody whose place would put the name on a board."""
    size = scheme_of(run.scheme_version).board_rules.size
    on_a_board = Q()
    for index in range(len(run.boards)):
        on_a_board |= Q(**{f"board_places__{index}__range": (1, size)})
    rows = ScoreResult.objects.filter(on_a_board, run=run) if run.boards else ScoreResult.objects.none()
    for enterprise_id, places in rows.order_by("enterprise_id").values_list("enterprise_id", "board_places"):
        named = {
            code: str(place) for code, place in zip(run.boards, places, strict=True) if 1 <= place <= size
        }
        yield enterprise_id, Anomaly.Rule.BOARD_CANDIDATE, named

"""Where an enterprise stands: what rankings and finance build on. Only current runs count here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from .. import rules
from ..models import CurrentRun, ScoreResult, ScoreRun
from .results import dimension_points, flags_of
from .schemes import names_of, scheme_of

BOARD_SCALE = Decimal(10) ** 4  # board scores count in 1e-4


@dataclass(frozen=True, slots=True)
class Standing:
    """The result of an enterprise in the current run of a cycle. Points are Decimal, out of 100.

    `percentile` is the midrank percentile of the total in its stage (0 to 100); places are None for those
    without a place (provisional, vetoed). `is_published` says that the run was made official, `is_under_correction` that
    it is not yet, but a run of the same year that it corrects is.
    """

    enterprise_id: int
    uscc: str
    enterprise_name: str
    cycle_id: int
    cycle_year: int
    run_id: int
    run_hash: str
    snapshot_id: int
    scheme_version_id: int
    stage: str
    total: Decimal
    dimensions: Mapping[str, Decimal]
    deductions: Decimal
    place: int | None
    ranked: int
    stage_place: int | None
    stage_ranked: int
    percentile: Decimal | None
    completeness: Decimal
    flags: tuple[str, ...]
    computed_at: dt.datetime | None
    is_published: bool
    is_under_correction: bool = False

    @property
    def above(self) -> int | None:
        """Per cent of the stage that it is told to stand above."""
        return None if self.percentile is None else rules.above(self.percentile)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One eligible enterprise of a board in a run.

    Equal scores share a `place` (1, 1, 3) and are `tied`; `position` is the total order by the scheme's tie rules.
    """

    enterprise_id: int
    uscc: str
    name: str
    stage: str
    place: int
    position: int
    score: Decimal
    total: Decimal
    tied: bool
    publication_refused: bool


def current_run(cycle_id: int) -> ScoreRun | None:
    """The run that counts for a cycle of the park entered, or None."""
    pointer = (
        CurrentRun.objects.filter(cycle_id=cycle_id)
        .select_related("run", "run__snapshot", "run__scheme_version", "run__cycle")
        .first()
    )
    return pointer.run if pointer else None


def current_run_of_year(year: int) -> ScoreRun | None:
    """The run that counts for the evaluation year of the park entered, or None."""
    pointer = (
        CurrentRun.objects.filter(cycle__year=year)
        .select_related("run", "run__snapshot", "run__scheme_version", "run__cycle")
        .first()
    )
    return pointer.run if pointer else None


def board_rows(run: ScoreRun, board: str, *, limit: int | None = None) -> list[BoardRow]:
    """Eligible enterprises of a board in the total order; LookupError for a board that the scheme does not have."""
    if board not in run.boards:
        raise LookupError(f"The scheme of run {run.pk} has no board {board!r}.")
    index = run.boards.index(board)
    rows = (
        ScoreResult.objects.filter(run=run, **{f"board_places__{index}__gt": 0})
        .select_related("enterprise")
        .only(
            "uscc", "stage", "total", "board_places", "board_positions", "board_scores", "run_id",
            "enterprise__name", "enterprise__publication_refused",
        )
        .order_by(f"board_positions__{index}")
    )  # fmt: skip
    found = list(rows[: limit + 1] if limit else rows)
    places = [row.board_places[index] for row in found]
    lines = [
        BoardRow(
            enterprise_id=row.enterprise_id,
            uscc=row.uscc,
            name=row.enterprise.name,
            stage=row.stage,
            place=place,
            position=row.board_positions[index],
            score=Decimal(row.board_scores[index]) / BOARD_SCALE,
            total=row.total,
            tied=_shared(places, number),
            publication_refused=row.enterprise.publication_refused,
        )
        for number, (row, place) in enumerate(zip(found, places, strict=True))
    ]
    return lines[:limit] if limit else lines


def _shared(places: list[int], number: int) -> bool:
    """Whether a neighbour in the sorted list has the same place."""
    around = places[max(number - 1, 0) : number] + places[number + 1 : number + 2]
    return places[number] in around


def standing_of(enterprise_id: int, year: int | None = None) -> Standing | None:
    """Standing of an enterprise in a year, or in the newest year that has one; None when there is none."""
    pointers = CurrentRun.objects.select_related("run", "cycle")
    if year is not None:
        pointers = pointers.filter(cycle__year=year)
    runs = {pointer.run_id: pointer.run for pointer in pointers}
    rows = _results(run_id__in=runs, enterprise_id=enterprise_id)
    row = rows.order_by("-run__cycle__year").first()
    return _standing(row) if row else None


def standings_of(enterprise_id: int) -> list[Standing]:
    """Standings of an enterprise over the years, oldest first."""
    return _standings(enterprise_id=enterprise_id)


def standings_of_all(enterprise_ids: Iterable[int]) -> dict[int, list[Standing]]:
    """Standings of several enterprises over the years, oldest first: enterprise id -> standings."""
    found: dict[int, list[Standing]] = {}
    for one in _standings(enterprise_id__in=list(enterprise_ids)):
        found.setdefault(one.enterprise_id, []).append(one)
    return found


def standings_of_organisation(organisation_id: int | None) -> list[Standing]:
    """Standings of the enterprise of an organisation over the years, oldest first."""
    return _standings(enterprise__organisation_id=organisation_id)


def _standings(**whose: int | list[int] | None) -> list[Standing]:
    rows = _results(run_id__in=CurrentRun.objects.values("run_id"), **whose)
    return [_standing(row) for row in rows.order_by("run__cycle__year")]


def _results(**which: Any) -> QuerySet[Any]:
    official = ScoreRun.objects.filter(cycle_id=OuterRef("run__cycle_id"), official_at__isnull=False)
    rows = ScoreResult.objects.filter(**which).annotate(year_is_official=Exists(official))
    return rows.select_related("enterprise", "run__cycle")


def _standing(row: Any) -> Standing:
    run = row.run
    stage = run.statistics.get("stages", {}).get(row.stage, {})
    return Standing(
        enterprise_id=row.enterprise_id,
        uscc=row.uscc,
        enterprise_name=row.enterprise.name,
        cycle_id=run.cycle_id,
        cycle_year=run.cycle.year,
        run_id=run.pk,
        run_hash=run.run_hash,
        snapshot_id=run.snapshot_id,
        scheme_version_id=run.scheme_version_id,
        stage=row.stage,
        total=row.total,
        dimensions=dict(zip(run.dimensions, dimension_points(row), strict=True)),
        deductions=row.deductions,
        place=row.place,
        ranked=run.statistics.get("ranked", 0),
        stage_place=row.stage_place,
        stage_ranked=stage.get("ranked", 0),
        percentile=None if row.stage_percentile is None else Decimal(row.stage_percentile) / 100,
        completeness=row.completeness,
        flags=flags_of(row, run.flag_codes),
        computed_at=run.computed_at,
        is_published=run.official_at is not None,
        is_under_correction=run.official_at is None and row.year_is_official,
    )


def published_totals() -> dict[int, tuple[Decimal, str]]:
    """Total points and stage of every enterprise in the newest year that was made official."""
    pointer = _newest_official()
    if pointer is None:
        return {}
    rows = ScoreResult.objects.filter(run_id=pointer.run_id).values_list("enterprise_id", "total", "stage")
    return {firm: (total, stage) for firm, total, stage in rows}


def published_stages() -> dict[str, str]:
    """Names of the stages of that year by their codes, in the order of its scheme."""
    pointer = _newest_official()
    return names_of(scheme_of(pointer.run.scheme_version).groups) if pointer else {}


def _newest_official() -> CurrentRun | None:
    rows = CurrentRun.objects.filter(run__official_at__isnull=False).select_related("run__scheme_version")
    return rows.order_by("-cycle__year").first()

"""Cycles as the scoring pages need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from enterprises.queries import cycles, verified
from indicators.queries import schemes
from innovscore.core.problems import NotFound
from parks.models import Job
from parks.queries import jobs

from ..models import CurrentRun, ScoreRun, Snapshot

FREEZE = "scoring.freeze"


@dataclass(frozen=True, slots=True)
class CycleLine:
    """A year with its newest snapshot and the run that counts."""

    cycle: Any
    snapshot: Snapshot | None
    run: ScoreRun | None


@dataclass(frozen=True, slots=True)
class Cases:
    """How many declarations are in a state, and whether they count."""

    label: str
    count: int
    counts: bool


def get_cycle(year: int) -> Any:
    """The cycle of a year of the park entered; NotFound when there is none."""
    return cycles.of_year(year)


def scheme_version(version: str) -> Any:
    """A scheme version of the park entered by its version text; NotFound when there is none."""
    found = schemes.versions().filter(version=version).first()
    if found is None:
        raise NotFound(
            code="no_such_scheme", message=_("没有版本为 %(version)s 的指标体系。") % {"version": version}
        )
    return found


def other_versions(cycle: Any) -> list[Any]:
    """Scheme versions that a year's snapshot may be scored under for comparison."""
    return list(schemes.usable().exclude(pk=cycle.scheme_version_id))


def comparable_version(version_id: int) -> Any:
    """A scheme version of the park that was or is in force; NotFound for drafts and foreign ones alike."""
    found = schemes.usable().filter(pk=version_id).first()
    if found is None:
        raise NotFound(code="no_such_scheme", message=_("没有这个指标体系版本，或它还是草案。"))
    return found


def overview() -> list[CycleLine]:
    """All years of the park entered, newest first."""
    snapshots = {row.cycle_id: row for row in Snapshot.objects.order_by("pk")}
    pointers = {row.cycle_id: row.run for row in CurrentRun.objects.select_related("run")}
    return [
        CycleLine(cycle, snapshots.get(cycle.pk), pointers.get(cycle.pk)) for cycle in cycles.all_cycles()
    ]


def counted(cycle: Any) -> int:
    """How many declarations of a cycle count."""
    return sum(case.count for case in cases(cycle) if case.counts)


def freeze_job(cycle: Any) -> Job | None:
    """The last job that froze or corrects a year."""
    return jobs.latest(FREEZE, dedupe_key=str(cycle.year))


def cases(cycle: Any) -> list[Cases]:
    """Declarations of a cycle by state."""
    counts = cycles.counts(cycle)
    states = cycle.declarations.model._meta.get_field("state").flatchoices
    return [
        Cases(str(label), counts[code], code in verified.COUNTED)
        for code, label in states
        if counts.get(code)
    ]

"""What the hall screen shows of scores: figures of runs that were made official, never a name."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from innovscore.core.digest import sha256_hex
from innovscore.core.problems import NotFound

from ..models import CurrentRun, RunReview, ScoreRun, ScreenLink
from . import analysis, charts
from .results import Coverage, coverage
from .schemes import scheme_of


@dataclass(frozen=True, slots=True)
class Screen:
    """Released figures: the newest official run, how it is spread, and the median total of each official year, all by the
    method of the newest (`rescored` where one had another)."""

    run: ScoreRun
    coverage: Coverage
    charts: charts.RunCharts
    spreads: list[analysis.Spread]
    years: list[tuple[int, float]]
    rescored: bool

    @property
    def year_labels(self) -> list[int]:
        return [year for year, _total in self.years]

    @property
    def year_values(self) -> list[float]:
        return [total for _year, total in self.years]


def link_of(token: str) -> ScreenLink:
    """The address of a secret, in whichever park it is; NotFound for unknown and revoked ones alike."""
    digest = sha256_hex(token.encode())
    link = (
        ScreenLink.everywhere.filter(token_digest=digest, revoked_at__isnull=True)
        .select_related("park")
        .first()
    )
    if link is None:
        raise NotFound(code="no_screen", message=_("没有这个大屏地址，或它已停用。"))
    return link


def links() -> QuerySet[ScreenLink]:
    """Addresses of the park, newest first."""
    return ScreenLink.objects.order_by("-pk")


def released() -> Screen | None:
    """The figures of the park entered; None while nothing was made official."""
    pointers = CurrentRun.objects.filter(run__official_at__isnull=False).select_related(
        "run__cycle", "run__snapshot", "run__scheme_version"
    )
    runs = [pointer.run for pointer in pointers.order_by("cycle__year")]
    if not runs:
        return None
    run = runs[-1]
    scheme = scheme_of(run.scheme_version)
    review = RunReview.objects.filter(run=run).first()
    by_year = review.groups.get("year", {}) if review else {}
    official = {str(one.cycle.year) for one in runs} & set(by_year)
    return Screen(
        run=run,
        coverage=coverage(run),
        charts=charts.of_run(run, scheme),
        spreads=analysis.spreads(run, scheme, review, analysis.TOTAL),
        years=[(int(year), by_year[year]["total"][2]) for year in sorted(official)],
        rescored=any(by_year[year]["rescored"] for year in official),
    )

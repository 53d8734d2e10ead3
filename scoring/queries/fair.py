"""Years under one method: figures frozen in an earlier year, scored by the rules of a later one, so that years compare.

The total that was published for a year stays what it was; what is told here stands beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from numpy.typing import NDArray

from scoring import engine

from ..models import ScoreResult, ScoreRun
from . import facts
from .alternatives import COHORT, Scored, row_of, score_rows
from .schemes import scheme_of
from .standing import Standing


@dataclass(frozen=True, slots=True)
class Year:
    """A year of an enterprise: as it counted, and its total under the method of the newest year (None: it cannot be told)."""

    standing: Standing
    method: str
    fair: Decimal | None
    method_changed: bool


@dataclass(frozen=True, slots=True)
class Years:
    """Years of an enterprise, oldest first; `method` is the scheme version by which they are compared."""

    years: list[Year]
    method: str

    @property
    def method_changed(self) -> bool:
        return any(year.method_changed for year in self.years)

    @property
    def labels(self) -> list[str]:
        changed = _("（方法 %(method)s）")
        return [
            f"{year.standing.cycle_year}{changed % {'method': year.method} if year.method_changed else ''}"
            for year in self.years
        ]

    @property
    def totals(self) -> list[float | None]:
        """By one method."""
        return [None if year.fair is None else float(year.fair) for year in self.years]

    @property
    def published(self) -> list[float]:
        """As each year counted, where that is another line; else nothing."""
        return [float(year.standing.total) for year in self.years] if self.method_changed else []

    @property
    def heads(self) -> list[str]:
        again = _("按 %(method)s 版方法") % {"method": self.method}
        return [_("评价年度"), _("当年总分"), again, _("当年名次"), _("状态")]

    @property
    def rows(self) -> list[tuple[object, ...]]:
        return [
            (
                label,
                year.standing.total,
                "—" if year.fair is None else year.fair,
                f"{year.standing.place or '—'} / {year.standing.ranked}",
                _("正式") if year.standing.is_published else _("试算"),
            )
            for label, year in zip(self.labels, self.years, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Everybody of an earlier run under another method: totals in hundredths, places (0 = none)."""

    enterprise_ids: NDArray
    totals: NDArray
    places: NDArray

    @property
    def ranked(self) -> int:
        return int((self.places > 0).sum())


def years(standings: Sequence[Standing]) -> Years:
    """The years of an enterprise, oldest first, each also under the method of the newest of them."""
    if not standings:
        return Years([], "")
    runs = ScoreRun.objects.select_related("snapshot__scheme_version", "scheme_version").in_bulk(
        [one.run_id for one in standings]
    )
    version = runs[standings[-1].run_id].scheme_version
    scheme = scheme_of(version)
    return Years([_year(one, runs[one.run_id], scheme) for one in standings], version.version)


def _year(standing: Standing, run: ScoreRun, scheme: engine.Scheme) -> Year:
    method = run.scheme_version.version
    if run.scheme_digest == scheme.digest:
        return Year(standing, method, standing.total, method_changed=False)
    again = rescored(run, standing.uscc, scheme)
    return Year(standing, method, again.total if again else None, method_changed=True)


def covers(run: ScoreRun, scheme: engine.Scheme) -> bool:
    """Whether all that the scheme asks for was frozen with the run."""
    return {item.code for item in scheme.inputs} <= set(run.snapshot.inputs)


def _tells(run: ScoreRun, scheme: engine.Scheme) -> bool:
    """Whether single firms of a run can be scored under a scheme: a large cohort is read as a sample where it looks at peers."""
    return covers(run, scheme) and not (scheme.relative and run.rows > COHORT)


def rescored(run: ScoreRun, uscc: str, scheme: engine.Scheme) -> Scored | None:
    """What an enterprise's figures of an earlier run give under a scheme, among its peers of then where it looks at peers.

    None where not all that the scheme asks for was frozen, or where so many peers are read as a sample only.
    """
    if not _tells(run, scheme):
        return None
    return score_rows(scheme, row_of(run, uscc, scheme), cohort=run)[0]


def cohort(run: ScoreRun, scheme: engine.Scheme) -> Cohort | None:
    """Everybody of an earlier run under a scheme; None where not all that it asks for was frozen."""
    if not covers(run, scheme):
        return None
    rows = facts.read(run.snapshot, scheme)
    scores = engine.score(rows.facts, scheme)
    ranking = engine.rank(scores, rows.facts, scheme, confirmed_at=rows.confirmed_at, allowed=rows.allowed)
    return Cohort(rows.enterprise_ids, scores.total, ranking.overall)


def totals(run: ScoreRun, scheme: engine.Scheme) -> dict[int, Decimal] | None:
    """Totals of the ranked of a run under a scheme, by enterprise; None as for `cohort`."""
    if run.scheme_digest == scheme.digest:
        published = ScoreResult.objects.filter(run=run, place__isnull=False)
        return dict(published.values_list("enterprise_id", "total"))
    again = cohort(run, scheme)
    if again is None:
        return None
    ranked = again.places > 0
    return _points(again.enterprise_ids[ranked], again.totals[ranked])


def before(histories: Iterable[Sequence[Standing]]) -> dict[int, Decimal]:
    """What the year before the newest gives by the method of the newest, by enterprise; those it cannot be told of are left out."""
    pairs = defaultdict(list)
    for *_older, last, newest in (history for history in histories if len(history) > 1):
        pairs[last.run_id, newest.run_id].append(last)
    runs = ScoreRun.objects.select_related("snapshot__scheme_version", "scheme_version").in_bulk(
        {number for pair in pairs for number in pair}
    )
    found: dict[int, Decimal] = {}
    for (last_run, newest_run), standings in pairs.items():
        found |= _some(runs[last_run], standings, scheme_of(runs[newest_run].scheme_version))
    return found


def _some(run: ScoreRun, standings: list[Standing], scheme: engine.Scheme) -> dict[int, Decimal]:
    if run.scheme_digest == scheme.digest:
        return {one.enterprise_id: one.total for one in standings}
    if not _tells(run, scheme):
        return {}
    rows = facts.read(run.snapshot, scheme, usccs=() if scheme.relative else [one.uscc for one in standings])
    return _points(rows.enterprise_ids, engine.score(rows.facts, scheme).total)


def _points(enterprise_ids: NDArray, cents: NDArray) -> dict[int, Decimal]:
    totals = (Decimal(total).scaleb(-2) for total in cents.tolist())
    return dict(zip(enterprise_ids.tolist(), totals, strict=True))

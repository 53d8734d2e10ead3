"""The live estimate of a declaration as it stands: the production rules on values that nobody has verified yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from enterprises import rules as declaration_rules
from enterprises.queries import declarations, verified
from scoring import engine

from ..models import CurrentRun, ScoreRun
from ..statistics import percentile_at
from . import facts, fair
from .alternatives import Scored, score_rows, stacked
from .schemes import name_of, names_of, scheme_of
from .standing import standings_of
from .wording import flag_label

ZERO, HUNDREDTH = Decimal(0), Decimal("0.01")
UNVERIFIED = "disputed"


@dataclass(frozen=True, slots=True)
class DimensionEstimate:
    """Points of a dimension, what could be reached, and the points of the last year that was scored, by this year's method."""

    code: str
    name: str
    points: Decimal
    reachable: Decimal
    last: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.last is None else self.points - self.last


@dataclass(frozen=True, slots=True)
class LastYear:
    """The last year that was scored; `rescored`: its figures by this year's method, which is another than its own."""

    year: int
    total: Decimal
    dimensions: Mapping[str, Decimal]
    rescored: bool


@dataclass(frozen=True, slots=True)
class FieldEffect:
    """A field that is missing, warned about or not verified yet, and what it can move.

    `gain` is the most the total can rise when the field is filled in, `loss` the most it can fall when the office does
    not accept the value as it stands. Points.
    """

    code: str
    name: str
    indicators: list[str]
    gain: Decimal = ZERO
    loss: Decimal = ZERO
    text: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a declaration would stand if it were verified as it is now."""

    year: int
    stage_name: str
    total: Decimal
    deductions: Decimal
    dimensions: list[DimensionEstimate]
    completeness: Decimal
    threshold: Decimal
    flags: list[str]
    missing: list[FieldEffect]
    warned: list[FieldEffect]
    unverified: list[FieldEffect]
    full: list[str]
    last: LastYear | None
    percentile: float | None
    cohort: ScoreRun | None
    is_relative: bool

    @property
    def change(self) -> Decimal | None:
        """Points against the last year that was scored."""
        return None if self.last is None else self.total - self.last.total

    @property
    def is_provisional(self) -> bool:
        return self.completeness < self.threshold


def estimate(declaration: Any) -> Estimate:
    """The estimate of a declaration (see enterprises.queries.declarations).

    Only the enterprise's own rows are scored; the percentile comes from the stored distribution of the newest run and
    holds until the next one.
    """
    scheme = scheme_of(declaration.cycle.scheme_version)
    case = verified.case_as_it_stands(declaration)
    rows_by_code = {row.code: row for row in declaration.values.all()}
    before = _department_figures(rows_by_code)
    cohort = _cohort(declaration.cycle)
    rows = [_facts(scheme, case)] + [
        _facts(scheme, _with(case, code, value)) for code, value in before.items()
    ]
    now, *alternatives = score_rows(scheme, stacked(rows), cohort=cohort if scheme.relative else None)
    last = _last_year(declaration, scheme)
    stage = cohort.statistics.get("stages", {}).get(now.stage, {}) if cohort else {}
    failing = declarations.findings(declaration, rows_by_code)
    return Estimate(
        year=declaration.cycle.year,
        stage_name=names_of(scheme.groups).get(now.stage, now.stage),
        total=now.total,
        deductions=now.deductions,
        dimensions=[_dimension(scheme, item, now, last) for item in scheme.dimensions],
        completeness=now.completeness,
        threshold=scheme.provisional_below,
        flags=[
            flag_label(code, scheme)
            for code in now.flags
            if code not in ("HAS_MISSING", "HAS_NOT_APPLICABLE")
        ],
        missing=_missing(scheme, case.values, now),
        warned=[_warned(scheme, finding, now) for finding in failing],
        unverified=[
            _unverified(scheme, code, now, other) for code, other in zip(before, alternatives, strict=True)
        ],
        full=[
            name_of(item) for item in scheme.indicators if now.s[item.code] == 1 and now.weights[item.code]
        ],
        last=last,
        percentile=percentile_at(stage.get("quantiles", ()), float(now.total)),
        cohort=cohort,
        is_relative=scheme.relative,
    )


def _facts(scheme: engine.Scheme, case: Any) -> engine.Facts:
    values, states = engine.fact_row(scheme, facts.plain_row(scheme, case))
    group, labels = facts.group_index(scheme, [case.stage_override])
    return engine.make_facts(
        scheme, ids=[case.uscc], values=[values], states=[states], group=group, group_labels=labels
    )


def _department_figures(rows: Mapping[str, Any]) -> dict[str, Any]:
    """For each corrected value that waits for the office: what counts if the correction is not accepted."""
    found = {}
    for row in rows.values():
        if row.state != UNVERIFIED:
            continue
        state = "missing" if row.prefilled_amount is None and row.prefilled_entries is None else "prefilled"
        found[row.code] = verified.Value(state, row.prefilled_amount, row.prefilled_entries, row.source)
    return found


def _with(case: Any, code: str, value: Any) -> Any:
    return verified.Case(
        case.enterprise_id, case.uscc, case.stage_override, case.confirmed_at, case.publication_refused,
        case.penalties, case.values | {code: value},
    )  # fmt: skip


def _cohort(cycle: Any) -> ScoreRun | None:
    """The newest run that counts, of this year or one before it."""
    pointer = (
        CurrentRun.objects.filter(cycle__year__lte=cycle.year)
        .select_related("run__cycle")
        .order_by("-cycle__year")
        .first()
    )
    return pointer.run if pointer else None


def _last_year(declaration: Any, scheme: engine.Scheme) -> LastYear | None:
    """None where there was none, or where its figures do not suffice for this year's method."""
    history = [
        item for item in standings_of(declaration.enterprise_id) if item.cycle_year < declaration.cycle.year
    ]
    if not history:
        return None
    last = history[-1]
    run = ScoreRun.objects.select_related("snapshot__scheme_version", "scheme_version").get(pk=last.run_id)
    if run.scheme_digest == scheme.digest:
        return LastYear(last.cycle_year, last.total, last.dimensions, rescored=False)
    again = fair.rescored(run, last.uscc, scheme)
    if again is None:
        return None
    return LastYear(last.cycle_year, again.total, again.dimensions, rescored=True)


def _dimension(
    scheme: engine.Scheme, dimension: Any, now: Scored, last: LastYear | None
) -> DimensionEstimate:
    own = [item.code for item in scheme.indicators if item.dimension == dimension.code]
    return DimensionEstimate(
        code=dimension.code,
        name=name_of(dimension),
        points=now.dimensions[dimension.code].quantize(HUNDREDTH),
        reachable=sum((now.weights[code] for code in own), ZERO),
        last=last.dimensions[dimension.code].quantize(HUNDREDTH) if last else None,
    )


def _readers(scheme: engine.Scheme, code: str) -> list[engine.scheme.Indicator]:
    return [item for item in scheme.indicators if code in item.inputs]


def _missing(scheme: engine.Scheme, values: Mapping[str, Any], now: Scored) -> list[FieldEffect]:
    """Fields without a value, the heaviest first; a field that no missing indicator waits for is left out."""
    found = []
    for item in scheme.inputs:
        value = values.get(item.code)
        if value is not None and value.state != "missing":
            continue
        waiting = [reader for reader in _readers(scheme, item.code) if now.cells[reader.code] == "missing"]
        gain = sum((now.weights[reader.code] for reader in waiting), ZERO)
        if waiting:
            names = [name_of(reader) for reader in waiting]
            found.append(FieldEffect(item.code, name_of(item), names, gain=gain))
    return sorted(found, key=lambda effect: -effect.gain)


def _warned(scheme: engine.Scheme, finding: declaration_rules.Finding, now: Scored) -> FieldEffect:
    """A check that fails: what is at stake are the points of the indicators that read the field."""
    readers = _readers(scheme, finding.code)
    loss = sum((now.points[reader.code] for reader in readers), ZERO).quantize(HUNDREDTH)
    name = name_of(scheme.input_by_code[finding.code])
    text = name_of({"zh": finding.zh, "en": finding.en})
    return FieldEffect(finding.code, name, [name_of(reader) for reader in readers], loss=loss, text=text)


def _unverified(scheme: engine.Scheme, code: str, now: Scored, other: Scored) -> FieldEffect:
    """A corrected value: the exact difference to the department's figure."""
    difference = now.total - other.total
    text = _("若不采信更正，按部门数据计算")
    return FieldEffect(
        code,
        name_of(scheme.input_by_code[code]),
        [name_of(item) for item in _readers(scheme, code)],
        gain=max(-difference, ZERO),
        loss=max(difference, ZERO),
        text=text,
    )

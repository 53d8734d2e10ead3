"""The full account of one unit's score: inputs, formula, x, function, s, weight, points; JSON-able."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from .facts import STATES, Facts
from .functions import settle
from .raw import Columns, exact_raw
from .scheme import Indicator, Scheme, for_group
from .score import CELL_STATES, Scores, flag_names, points_text, score


@dataclass(frozen=True)
class InputTrace:
    code: str
    value: str  # in formula units; lists as "column=count; ..."
    state: str


@dataclass(frozen=True)
class IndicatorTrace:
    code: str
    dimension: str
    inputs: tuple[InputTrace, ...]
    formula: str
    alternative: bool
    constants: dict[str, str]
    x: str  # empty = undefined or no data
    function: str
    parameters: dict[str, Any]
    state: str
    s: str
    weight: str
    points: str


@dataclass(frozen=True)
class Trace:
    unit: str
    group: str
    indicators: tuple[IndicatorTrace, ...]
    dimensions: dict[str, str]
    deductions: dict[str, str]
    vetoes: tuple[str, ...]
    deducted: str
    total: str
    completeness: str
    flags: tuple[str, ...]
    scheme_digest: str
    engine_version: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def explain(facts: Facts, scheme: Scheme, row: int = 0, *, scores: Scores | None = None) -> Trace:
    """Trace of one unit of `facts`; give the batch's `scores` where values depend on the cohort."""
    if scores is None:
        result, at = (score(facts, scheme), row) if scheme.relative else (score(facts.take([row]), scheme), 0)
    else:
        result, at = scores, row
    columns, label = Columns(facts, scheme), result.group_labels[result.group[at]]
    hit = [p for p in scheme.penalties if columns.number(p.column, row) > 0]
    return Trace(
        unit=facts.ids[row], group=label,
        indicators=tuple(
            _indicator(columns, item, row, label, result, cell=(at, index)) for index, item in enumerate(scheme.indicators)
        ),
        dimensions={d.code: points_text(int(result.dimensions[at, i])) for i, d in enumerate(scheme.dimensions)},
        deductions={p.code: str(p.points) for p in hit if not p.veto},
        vetoes=tuple(p.code for p in hit if p.veto),
        deducted=_hundredths(int(result.deductions[at])), total=_hundredths(int(result.total[at])),
        completeness=_hundredths(int(result.completeness[at])), flags=flag_names(scheme, int(result.flags[at])),
        scheme_digest=scheme.digest, engine_version=result.engine_version,
    )  # fmt: skip


def _hundredths(value: int) -> str:
    return f"{Decimal(value).scaleb(-2):.2f}"


def _indicator(
    columns: Columns, item: Indicator, row: int, label: str, scores: Scores, *, cell: tuple[int, int]
) -> IndicatorTrace:
    raw = exact_raw(columns, item, row, label)
    blank = raw.x is None or raw.missing or raw.not_applicable
    formula = item.alternative_formula if raw.alternative and item.alternative_formula else item.formula
    at, index = cell
    weight, s = int(scores.patterns[scores.pattern[at], index]), int(scores.normalised[cell])
    return IndicatorTrace(
        code=item.code, dimension=item.dimension, inputs=tuple(_input(columns, name, row) for name in item.inputs),
        formula=formula.text, alternative=raw.alternative,
        constants={name: str(for_group(value, label)) for name, value in item.constants.items()},
        x="" if blank or raw.x is None else decimal_text(raw.x), function=item.function,
        parameters=_parameters(item, label, alternative=raw.alternative), state=CELL_STATES[scores.cells[cell]],
        s=f"{Decimal(s).scaleb(-4):.4f}", weight=f"{Decimal(weight).scaleb(-10).normalize():f}",
        points=points_text(weight * s),
    )  # fmt: skip


def decimal_text(x: Decimal) -> str:
    """x with at most 12 decimals, without trailing zeros."""
    text = f"{settle(x):.12f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _input(columns: Columns, name: str, row: int) -> InputTrace:
    source = columns.scheme.input_by_code[name]
    value = decimal_text(columns.exact(name, row))
    if len(source.columns) > 1:
        counts = ((c, columns.number(c, row)) for c in source.columns)
        value = "; ".join(f"{column.removeprefix(name + '.')}={count}" for column, count in counts if count)
    return InputTrace(name, value, STATES[int(columns.state(name)[row])])


def _parameters(item: Indicator, label: str, *, alternative: bool) -> dict[str, Any]:
    if alternative and item.alternative_points is not None:
        return {"points": for_group(item.alternative_points, label)}
    return {name: item.parameter(name, label) for name in item.scoring if name != "function"}

"""Tables for people out of analysis, sensitivity, comparison and proposals: one row a thing, plain column names."""

from __future__ import annotations

import pandas as pd

from .analysis import Analysis
from .compare import Comparison
from .proposals import Proposal
from .scheme import Scheme
from .sensitivity import Indices, Intervals


def analysis_table(found: Analysis) -> pd.DataFrame:
    """One row an indicator; normalised values and shares 0..1."""
    rows = [
        {
            "indicator": i.code, "dimension": i.dimension, "known": i.known, "missing": i.missing, "mean": i.mean,
            "median": i.median, "iqr": i.spread, "at_zero": i.at_zero, "at_cap": i.at_cap, "skew": i.skew,
            "kurtosis": i.kurtosis, "r_siblings": i.siblings, "r_rest": i.rest, "weight": i.weight,
            "effective_weight": i.effective, "box_cox": i.box_cox,
        }
        for i in found.indicators
    ]  # fmt: skip
    return pd.DataFrame(rows).round(4)


def dimension_table(found: Analysis) -> pd.DataFrame:
    rows = [
        (d.code, d.indicators, d.alpha, d.mean, d.median, d.weight, d.effective) for d in found.dimensions
    ]
    names = ["dimension", "indicators", "alpha", "mean", "median", "weight", "effective_weight"]
    return pd.DataFrame(rows, columns=names).round(4)


def interval_table(found: Intervals) -> pd.DataFrame:
    """One row a unit, best place first; units without a place last."""
    frame = pd.DataFrame({
        "id": found.ids, "place": found.place, "low": found.low, "median": found.median, "high": found.high,
        f"share_in_top_{found.top}": found.top_share.round(4),
    })  # fmt: skip
    return frame.sort_values(
        ["place", "id"], key=lambda c: c.where(c != 0, len(c) + 1) if c.name == "place" else c
    )


def sobol_table(found: Indices) -> pd.DataFrame:
    frame = pd.DataFrame({"factor": found.factors, "first": found.first, "total": found.total})
    return frame.round(3).sort_values("total", ascending=False, na_position="last")


def comparison_table(found: Comparison) -> pd.DataFrame:
    """One row a unit: totals, places, the difference, its parts by indicator."""
    columns = {
        "id": found.ids, "total_a": found.before / 100, "total_b": found.after / 100, "difference": found.difference,
        "place_a": found.place_before, "place_b": found.place_after, "places_gained": found.moved,
        "reasons": ["; ".join(f"{code} {points:+.2f}" for code, points in found.reasons(row)) for row in range(len(found.ids))],
    }  # fmt: skip
    parts = {f"effect.{code}": found.effects[:, i].round(4) for i, code in enumerate(found.codes)}
    more = {"effect.deductions": found.deductions, "effect.rest": found.rest.round(4)}
    return pd.DataFrame(columns | parts | more).sort_values(["place_b", "id"])


def proposal_table(found: Proposal, scheme: Scheme, group: str | None) -> pd.DataFrame:
    """Proposed weights beside the present ones."""
    label = group or ("default" if scheme.group_column else scheme.group_codes[0])
    rows = [
        (item.code, item.dimension, str(item.weight(label)), str(found.weights[item.code])) for item in scheme.indicators
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["indicator", "dimension", f"weight ({label})", found.method])

"""Whether the method of a run does what it should: does every indicator tell firms apart, does every weight weigh?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy

from scoring import engine

from ..models import RunReview
from .schemes import names_of

REMARKS = {
    "nobody": gettext_lazy("没有企业有名次"),
    "empty": gettext_lazy("没有企业有数据"),
    "gaps": gettext_lazy("%(share)s 的企业没有数据"),
    "at_zero": gettext_lazy("%(share)s 的企业得 0 分，难分高下"),
    "at_cap": gettext_lazy("%(share)s 的企业得满分，难分高下"),
    "narrow": gettext_lazy("一半企业的赋分只差 %(spread)s，需要处理极端值或换赋分函数"),
    "against": gettext_lazy("与其余得分反向（r = %(r)s）"),
    "weight": gettext_lazy("名义权重 %(weight)s，实际影响 %(effective)s"),
    "twin": gettext_lazy("与“%(other)s”几乎相同（r = %(r)s），等于重复计分"),
    "alpha": gettext_lazy("各指标衡量的不是同一件事（α = %(alpha)s）"),
}
PERCENTS = {"share", "weight", "effective"}


@dataclass(frozen=True, slots=True)
class Judged:
    """One indicator over the ranked firms: score between the quartiles, shares at 0 and at full points, mean r with its
    dimension, r with the rest of the total, weight on paper and share of the total's variance."""

    name: str
    spread: float
    at_zero: str
    at_cap: str
    siblings: float
    rest: float
    weight: str
    effective: str
    remarks: list[str]


@dataclass(frozen=True, slots=True)
class Method:
    """What a review says of the method; a dimension has its name, Cronbach's alpha (None: not defined) and remarks."""

    units: int
    indicators: list[Judged]
    dimensions: list[tuple[str, float | None, list[str]]]


def of_review(review: RunReview, scheme: engine.Scheme) -> Method | None:
    """None for a review that was made before this was looked at."""
    found = review.sensitivity.get("method")
    if found is None:
        return None
    names = names_of(scheme.indicators)
    said: dict[str, list[str]] = {}
    for code, kind, figures in found["remarks"]:
        said.setdefault(code, []).append(_sentence(kind, figures, names))
    judged, alphas = found["indicators"], found["dimensions"]
    return Method(
        units=found["units"],
        indicators=[
            _judged(name, judged[code], said.get(code, [])) for code, name in names.items() if code in judged
        ],
        dimensions=[
            (name, alphas[code], said.get(code, []))
            for code, name in names_of(scheme.dimensions).items()
            if code in alphas
        ],
    )


def _judged(name: str, row: list[float], remarks: list[str]) -> Judged:
    spread, at_zero, at_cap, siblings, rest, weight, effective = row
    return Judged(
        name,
        spread,
        f"{at_zero:.0%}",
        f"{at_cap:.0%}",
        siblings,
        rest,
        f"{weight:.1%}",
        f"{effective:.1%}",
        remarks,
    )


def _sentence(kind: str, figures: dict[str, Any], names: dict[str, str]) -> str:
    shown = {
        key: names.get(value, value)
        if key == "other"
        else f"{value:.1%}"
        if key in PERCENTS
        else f"{value:.2f}"
        for key, value in figures.items()
    }
    return str(REMARKS[kind]) % shown

"""Every function, outlier rule and aggregation against the plain second implementation, to the last digit."""

from __future__ import annotations

import random
from fractions import Fraction as F  # noqa: N817
from typing import Any

import pytest

from scoring.engine import load_scheme, score
from tests.engine import reference, small

OUTLIERS: list[dict[str, Any]] = [
    {}, {"method": "clip", "low": 0.05, "high": 0.9}, {"method": "winsorise", "points": 3},
    {"method": "log"}, {"method": "box_cox", "lambda": 0.5}, {"method": "box_cox", "lambda": -1},
    {"method": "winsorise", "points": 2, "otherwise": "log"},
]  # fmt: skip
CURVED = ("min_max", "z_score")


def cohorts(seed: int, count: int, size: int) -> list[list[str]]:
    """Values as text: ties, zeros, negatives, far values, long tails on either side, nearly equal ones."""
    rng = random.Random(seed)
    makers = (
        lambda: f"{rng.gauss(0, 1):.6f}", lambda: str(rng.randrange(-3, 4)), lambda: f"{rng.lognormvariate(2, 2):.4f}",
        lambda: f"{-rng.lognormvariate(2, 2):.4f}", lambda: rng.choice(("0", "-0.0", "0.000001", "999999999.999999")),
        lambda: f"{10 + rng.randrange(3) / 1_000_000:.6f}",
    )  # fmt: skip
    return [
        [rng.choice((makers[i % 6], makers[i % 6], makers[1]))() for _ in range(size)] for i in range(count)
    ]


@pytest.mark.parametrize("function", small.COHORT_FUNCTIONS)
def test_cohort_functions_agree_with_the_reference(function: str) -> None:
    given = small.COHORT_FUNCTIONS[function]
    rules = [
        r
        for r in OUTLIERS
        if function in CURVED or not {"log", "box_cox"} & {r.get("method"), r.get("otherwise")}
    ]
    wrong = []
    for number, values in enumerate(cohorts(11, 60, 24)):
        rule, higher = rules[number % len(rules)], number % 3 > 0
        more = {"zero_is_zero": True} if number % 5 == 0 else {}
        item = {"direction": "higher_better" if higher else "lower_better"} | (
            {"outliers": rule} if rule else {}
        )
        got = small.shares(small.one(function, indicator=item, **given, **more), values)
        plain = reference.cohort(function, given | more, [F(v) for v in values], higher=higher, outliers=rule)
        want = [reference.half_up(s, 4) for s in plain]
        wrong += [
            (number, v, g, float(w)) for v, g, w in zip(values, got, want, strict=True) if F(g, 10_000) != w
        ]
    assert wrong[:5] == []


@pytest.mark.parametrize("function", small.UNIT_FUNCTIONS)
def test_functions_of_one_unit_agree_with_the_reference(function: str) -> None:
    given = small.UNIT_FUNCTIONS[function]
    edges = [
        "-2",
        "-1",
        "0",
        "1",
        "3",
        "5",
        "7",
        "10",
        "50",
        "0.999999",
        "1.000001",
        "4.999999",
        "0.00005",
        "1e12",
    ]
    values = edges + [v for part in cohorts(5, 12, 60) for v in part]
    got = small.shares(small.one(function, **given), values)
    want = [reference.half_up(reference.absolute(function, given, F(v)), 4) for v in values]
    assert [(v, g) for v, g, w in zip(values, got, want, strict=True) if F(g, 10_000) != w] == []


def test_groups_smaller_than_the_least_are_compared_with_all() -> None:
    scheme = small.one("percentile", scheme={"groups": {"code": "g", "column": "group", "min_group": 3}})
    values, groups = ["5", "1", "2", "3", "9", "4"], ["a", "a", "b", "b", "b", "b"]
    assert small.shares(scheme, values, groups) == [8000, 0, 0, 3333, 10_000, 6667]


TREES = [
    (top, node)
    for top in ("arithmetic", "geometric", "harmonic")
    for node in ("arithmetic", "geometric", "harmonic")
]


@pytest.mark.parametrize(("top", "node"), TREES)
def test_trees_of_three_levels_agree_with_the_reference(top: str, node: str) -> None:
    rng = random.Random(3)
    weights = {"a": 20, "b": 15, "c": 25, "e": 40}
    scheme = load_scheme({
        "format": 1, "code": "tree", "version": "1", "aggregate": top,
        "inputs": [{"code": code, "type": "number"} for code in weights],
        "dimensions": [{"code": "left", "aggregate": node}, {"code": "deep", "parent": "left", "aggregate": "geometric"}, {"code": "right"}],
        "indicators": [
            {"code": f"i_{code}", "dimension": home, "formula": code, "weight": weights[code], "scoring": {"function": "linear_cap", "floor": 0, "cap": 1}}
            for code, home in (("a", "left"), ("b", "deep"), ("c", "deep"), ("e", "right"))
        ],
    })  # fmt: skip
    rows = [
        [rng.choice((0, 1, round(rng.random(), 4), round(rng.random(), 4))) for _ in weights]
        for _ in range(300)
    ]
    totals = score(small.facts(scheme, rows), scheme).total
    for (a, b, c, e), total in zip(rows, totals, strict=True):
        deep = reference.mean("geometric", [(F(15), reference.f(b)), (F(25), reference.f(c))])
        left = reference.mean(node, [(F(20), reference.f(a)), (F(40), deep)])
        whole = reference.mean(top, [(F(60), left), (F(40), reference.f(e))])
        assert F(int(total), 100) == reference.half_up(whole * 100, 2)


def test_functions_of_the_expression_language() -> None:
    scheme = small.one(
        "linear_cap", floor=0, cap=1, indicator={"formula": "(ln(x) - ln(100)) / (ln(75000) - ln(100)) + sqrt(x) * 0 + log10(x) * 0"}
    )  # fmt: skip
    from decimal import Decimal

    want = [round((Decimal(x) / 100).ln() / Decimal(750).ln(), 4) for x in (1240, 17504, 64660)]
    assert small.shares(scheme, [1240, 17504, 64660]) == [int(w * 10_000) for w in want]
    found = score(small.facts(scheme, [0, -5, 75_000]), scheme)
    assert found.normalised[:, 0].tolist() == [0, 0, 10_000]
    assert found.cells[:, 0].tolist() == [4, 4, 0]  # undefined: no logarithm of nothing

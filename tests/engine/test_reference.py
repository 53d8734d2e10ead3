"""The engine against the plain second implementation: 10,000 odd firms, to the last digit."""

import random
from fractions import Fraction as F  # noqa: N817
from pathlib import Path

import pytest
import yaml

from scoring.engine.facts import facts_from_rows
from scoring.engine.scheme import load_scheme
from scoring.engine.score import PROVISIONAL, score
from tests.engine import reference

PATH = "indicators/schemes/cq_htz_30.yaml"
BODY = yaml.safe_load(Path(PATH).read_text(encoding="utf-8"))
SCHEME = load_scheme(PATH)
EDGES = ["0", "-0.01", "0.01", "1000000", "999999.99", "20000000", "19999999.99", "200000000", "199999999.99",
         "1000000000000000", "9999999999999999.99", "-1000000000000000", "9999999999999999.98"]  # fmt: skip


def odd_money(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.12:
        return rng.choice(EDGES)
    if kind < 0.5:
        return str(rng.randrange(0, 400) * 10 ** rng.randrange(3, 7))
    return f"{rng.choice((1, 1, 1, 1, -1)) * int(10 ** rng.uniform(2, 12))}.{rng.randrange(100):02d}"


def firm(rng: random.Random, index: int) -> tuple[dict, dict, set[str], set[str]]:
    row: dict = {"id": f"{index:018d}"}
    plain: dict = {}
    absent: set[str] = set()
    for item in SCHEME.inputs:
        if rng.random() < 0.06:
            row[item.code], plain[item.code] = None, None
        elif item.code in ("revenue_prev", "rd_expense_prev") and rng.random() < 0.1:
            row[item.code], plain[item.code] = "n/a", None
            absent.add(item.code)
        elif item.type == "money":
            row[item.code] = odd_money(rng)
            plain[item.code] = F(row[item.code]) / 10000
        elif item.is_list and item.levels:
            levels = [rng.choice(list(item.levels)) for _ in range(rng.choice((0, 0, 1, 1, 2, 5)))]
            row[item.code] = [(level, str(rng.randrange(1, 6))) for level in levels] if item.ranks else levels
            plain[item.code] = row[item.code]
        else:
            row[item.code] = rng.choice(
                (0, 1, 3, 5, 32, 96, 160, rng.randrange(0, 50), rng.randrange(0, 3000))
            )
            plain[item.code] = F(row[item.code])
    if rng.random() < 0.1 and row["net_assets_begin"] is not None and row["net_assets_end"] is not None:
        row["net_assets_end"] = str(-int(float(row["net_assets_begin"])) + rng.choice((0, 1, -1)))
        plain["net_assets_end"] = F(row["net_assets_end"]) / 10000
    hits = {penalty.code for penalty in SCHEME.penalties if rng.random() < 0.05}
    row |= {f"penalty.{code}": 1 for code in hits}
    return row, plain, absent, hits


@pytest.mark.slow
def test_ten_thousand_firms_agree_to_the_last_digit() -> None:
    rng = random.Random(20221114)
    firms = [firm(rng, index) for index in range(10_000)]
    scores = score(facts_from_rows(SCHEME, [row for row, *_ in firms]), SCHEME)
    differences = []
    for index, (_row, plain, absent, hits) in enumerate(firms):
        want = reference.score(BODY, plain, absent, hits)
        got = dict(zip([i.code for i in SCHEME.indicators], scores.normalised[index].tolist(), strict=True))
        differences += [(index, c, got[c], s) for c, s in want["s"].items() if F(got[c], 10000) != s]
        if F(int(scores.total[index]), 100) != want["total"]:
            differences.append((index, "total", int(scores.total[index]), want["total"]))
        if bool(scores.flags[index] & PROVISIONAL) != want["provisional"]:
            differences.append((index, "provisional", int(scores.completeness[index]), want["provisional"]))
        if scores.group_labels[scores.group[index]] != want["stage"]:
            differences.append((index, "stage", scores.group_labels[scores.group[index]], want["stage"]))
    assert differences[:10] == []

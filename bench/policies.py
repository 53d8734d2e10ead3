"""All firms of a park against all policies: the run's pure part against a bare loop that does the same arithmetic.

python -m bench.policies [--firms 2000] [--rules 200]
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from cultivation import formula

FOLDER = Path(__file__).parent.parent / "cultivation" / "policies"
GOAL_SECONDS = 5.0


def rules(count: int) -> list[formula.Rule]:
    """The shipped rules again and again, each with bounds of its own, so that no answer can be kept from another."""
    shipped = [formula.load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))]
    made = []
    for number in range(count):
        body = dict(shipped[number % len(shipped)].body)
        extra = {"test": f"revenue >= {number} wan", "text": f"营业收入{number}万元以上"}
        made.append(formula.load_body(body | {"conditions": [*body["conditions"], extra]}))
    return made


def firms(count: int, named: list[str], rng: random.Random) -> dict[str, list[Decimal | None]]:
    """Plausible figures, one in twenty unknown."""

    def figure(name: str) -> Decimal | None:
        if rng.random() < 0.05:
            return None
        if name.startswith(("hnte", "tech_sme", "above", "in_", "five")):
            return Decimal(rng.randint(0, 1))
        return Decimal(rng.randint(0, 3_000_000)) / 100

    return {name: [figure(name) for _ in range(count)] for name in named}


def bare_loop(firms_count: int, rules_count: int, values: list[Decimal]) -> Decimal:
    """What the same job costs a person who hard-codes one rule: three comparisons and a rate with a cap, per firm and rule."""
    total = Decimal(0)
    for number in range(rules_count):
        bound = Decimal(number)
        for firm in range(firms_count):
            value = values[firm]
            if value >= bound and value > 3 and value != 7:
                total += min(value * Decimal("0.1"), Decimal(100))
    return total


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--firms", type=int, default=2000)
    parser.add_argument("--rules", type=int, default=200)
    asked = parser.parse_args()
    rng = random.Random(7)
    made = rules(asked.rules)
    names = sorted({name for rule in made for name in rule.names})
    values = firms(asked.firms, names, rng)
    columns = formula.Columns(asked.firms, values)
    run = timed(lambda: [formula.judge(rule, columns) for rule in made])
    plain = [Decimal(rng.randint(0, 3_000_000)) / 100 for _ in range(asked.firms)]
    bare = timed(lambda: bare_loop(asked.firms, asked.rules, plain))
    print(
        f"{asked.firms} firms × {asked.rules} rules: {run:.2f} s; bare loop {bare:.2f} s; ratio {run / bare:.1f}"
    )
    print("ok" if run <= GOAL_SECONDS else f"slower than {GOAL_SECONDS} s")
    raise SystemExit(run > GOAL_SECONDS)


if __name__ == "__main__":
    main()

"""The three worked examples of the scheme: every normalised value and every total."""

import json
from pathlib import Path

import pytest

from scoring.engine.facts import facts_from_rows
from scoring.engine.scheme import load_scheme
from scoring.engine.score import score, score_one

SCHEME = load_scheme("indicators/schemes/cq_htz_30.yaml")
EXAMPLES = json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))


def as_row(example: dict) -> dict:
    row = {"id": example["name"]}
    for code, value in example["inputs"].items():
        money = SCHEME.input_by_code[code].type == "money"
        row[code] = f"{value}e4" if money else (value if isinstance(value, list) else int(value))
    return row


@pytest.mark.parametrize("index", range(3))
def test_worked_example(index: int) -> None:
    scores = score(facts_from_rows(SCHEME, [as_row(e) for e in EXAMPLES]), SCHEME)
    example = EXAMPLES[index]
    got = {
        item.code: f"{s / 10000:.4f}"
        for item, s in zip(SCHEME.indicators, scores.normalised[index], strict=True)
    }
    assert got == example["normalised"]
    assert f"{scores.total[index] / 100:.2f}" == example["total"]
    assert scores.group_labels[scores.group[index]] == example["stage"]
    alone = score_one(facts_from_rows(SCHEME, [as_row(example)]), SCHEME)
    assert alone.points.tolist() == scores.points[index : index + 1].tolist()

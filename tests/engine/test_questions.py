"""Analysis, weight proposals and comparisons: against plain formulas and worked examples."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.engine import zone
from scoring.engine import EngineError, load_scheme, rank, score
from scoring.engine.analysis import alpha, analyse, best_power
from scoring.engine.cli import main
from scoring.engine.compare import compare
from scoring.engine.facts import facts_from_rows
from scoring.engine.proposals import METHODS, principal, propose, shared, values, varimax
from scoring.engine.sensitivity import rank_intervals
from scoring.engine.tables import ColumnMap, read_rows
from tests.engine import small

PARK = load_scheme("indicators/schemes/cq_htz_30.yaml")
FACTS = zone(PARK, 300)
SCORES = score(FACTS, PARK)


def table(rows: list[tuple[float, ...]]) -> tuple[Any, Any]:
    """(scores, scheme) of plain shares 0..1 as three indicators of weights 50, 30, 20."""
    line = {"function": "linear_cap", "floor": 0, "cap": 1}
    scheme = load_scheme({
        "format": 1, "code": "t", "version": "1", "inputs": [{"code": f"x{i}", "type": "number"} for i in range(3)],
        "dimensions": [{"code": "a"}, {"code": "b"}],
        "indicators": [{"code": f"i{i}", "dimension": d, "formula": f"x{i}", "weight": w, "scoring": line}
                       for i, (d, w) in enumerate((("a", 50), ("a", 30), ("b", 20)))],
    })  # fmt: skip
    return score(small.facts(scheme, rows), scheme), scheme


ROWS = [(0.1, 0.2, 0.9), (0.4, 0.5, 0.7), (0.8, 0.6, 0.2), (0.9, 1.0, 0.4), (0.3, 0.3, 0.5)]


@pytest.mark.parametrize("method", [m for m in METHODS if m != "ahp"])
def test_proposals_sum_to_the_total_and_leave_the_scheme_alone(method: str) -> None:
    digest = PARK.digest
    for group in (None, "growth"):
        found = propose(method, SCORES, PARK, group=group)
        assert sum(found.weights.values()) == 100
        assert set(found.weights) == set(PARK.indicator_by_code)
        assert all(weight >= 0 for weight in found.weights.values())
    assert load_scheme(PARK.body).digest == digest


def test_bonus_weights_stay_as_they_are() -> None:
    scheme = load_scheme("indicators/schemes/national_9_plus_3.yaml")
    found = propose("equal", score(zone(scheme, 60), scheme), scheme)
    assert sum(found.weights.values()) == 130
    assert found.weights["equity_financing"] == 10


def test_entropy_weights_by_the_formula() -> None:
    scores, scheme = table(ROWS)
    columns = list(zip(*ROWS, strict=True))
    spread = []
    for column in columns:
        share = [v / sum(column) for v in column]
        spread.append(1 + sum(p * np.log(p) for p in share) / np.log(len(share)))
    got = propose("entropy", scores, scheme).weights
    for code, one in zip(("i0", "i1", "i2"), spread, strict=True):
        assert float(got[code]) == pytest.approx(100 * one / sum(spread), abs=0.01)


def test_critic_weights_by_the_formula() -> None:
    scores, scheme = table(ROWS)
    frame = pd.DataFrame(ROWS)
    scaled = (frame - frame.min()) / (frame.max() - frame.min())
    information = scaled.std(ddof=0) * (1 - frame.corr()).sum()
    got = propose("critic", scores, scheme).weights
    for i, code in enumerate(("i0", "i1", "i2")):
        assert float(got[code]) == pytest.approx(100 * information[i] / information.sum(), abs=0.01)


def test_an_indicator_that_tells_nobody_apart_gets_no_weight_from_data() -> None:
    scores, scheme = table([(a, b, 0.5) for a, b, _ in ROWS])
    for method in ("entropy", "critic", "pca"):
        found = propose(method, scores, scheme)
        assert found.weights["i2"] == 0
        assert any("i2: all units are equal" in note for note in found.notes)
    flat, same = table([(0.5, 0.5, 0.5)] * 5)
    with pytest.raises(EngineError, match="no indicator tells any units apart"):
        propose("entropy", flat, same)
    with pytest.raises(EngineError, match="at least 3 ranked units"):
        propose("critic", *table(ROWS[:2]))


def test_varimax_turns_and_nothing_else() -> None:
    loading = np.random.default_rng(1).normal(size=(8, 3))
    turned = varimax(loading)
    assert np.allclose((turned**2).sum(axis=1), (loading**2).sum(axis=1))  # communalities stay
    assert ((turned**2).var(axis=0).sum()) >= ((loading**2).var(axis=0).sum())
    clear = np.array([[0.9, 0.0], [0.8, 0.0], [0.0, 0.7], [0.0, 0.6]])
    turn = np.array([[np.cos(0.6), -np.sin(0.6)], [np.sin(0.6), np.cos(0.6)]])
    found = np.abs(varimax(clear @ turn))
    assert np.allclose(np.sort(found, axis=1), np.sort(clear, axis=1), atol=1e-4)


def test_ahp_of_a_known_matrix() -> None:
    """Saaty's scale, 1 3 5 / 1 3: priorities .637 .258 .105, largest eigenvalue 3.0385, consistency ratio .033."""
    parts, ratio = principal(("a", "b", "c"), {("a", "b"): 3, ("a", "c"): 5, ("c", "b"): 1 / 3})
    assert parts == pytest.approx([0.637, 0.2583, 0.1047], abs=5e-4)
    assert ratio == pytest.approx(0.0332, abs=5e-4)
    assert principal(("a", "b", "c"), {("a", "b"): 2, ("a", "c"): 6, ("b", "c"): 3})[1] == pytest.approx(
        0, abs=1e-9
    )


def test_ahp_over_a_tree_says_what_is_missing_or_inconsistent() -> None:
    scores, scheme = table(ROWS)
    found = propose("ahp", scores, scheme, comparisons={("a", "b"): 3, ("i0", "i1"): 4})
    assert found.weights == {"i0": Decimal("60.00"), "i1": Decimal("15.00"), "i2": Decimal("25.00")}
    kept = propose("ahp", scores, scheme, comparisons={("b", "a"): Decimal("0.25")})
    assert kept.weights == {"i0": Decimal("50.00"), "i1": Decimal("30.00"), "i2": Decimal("20.00")}
    with pytest.raises(EngineError, match="i0 and i2 are no siblings"):
        propose("ahp", scores, scheme, comparisons={("a", "b"): 3, ("i0", "i2"): 4})
    with pytest.raises(EngineError, match="needs comparisons"):
        propose("ahp", scores, scheme)
    with pytest.raises(EngineError, match="are not compared"):
        propose("ahp", SCORES, PARK, comparisons={("economy_tax", "talent"): 2})
    names = [d.code for d in PARK.dimensions]
    circle = {(names[i], names[j]): (9 if (j - i) % 2 else 1 / 9) for i in range(4) for j in range(i + 1, 4)}
    assert any(
        "is above 0.1; compare again" in note
        for note in propose("ahp", SCORES, PARK, comparisons=circle).notes
    )


def test_shares_keep_the_sum() -> None:
    for count in range(1, 40):
        assert sum(shared(np.random.default_rng(count).random(count), Decimal(100))) == 100


def test_alpha_of_the_same_thing_twice_is_one_and_of_strangers_nothing() -> None:
    rng = np.random.default_rng(2)
    one = rng.normal(size=2000)
    assert alpha(np.column_stack((one, one * 3 + 1, one))) == pytest.approx(1)
    assert alpha(rng.normal(size=(2000, 4))) == pytest.approx(0, abs=0.1)
    assert alpha(np.column_stack((one, np.ones(2000)))) is None
    items = np.array(ROWS)
    frame = pd.DataFrame(items).apply(lambda c: (c - c.mean()) / c.std(ddof=0))
    assert alpha(items) == pytest.approx(3 / 2 * (1 - 3 / frame.sum(axis=1).var(ddof=0)))


def test_effective_weights_share_out_the_variance_of_the_total() -> None:
    found = analyse(SCORES, PARK, facts=FACTS)
    assert sum(i.effective for i in found.indicators) == pytest.approx(1)
    assert sum(i.weight for i in found.indicators) == pytest.approx(1)
    scores, scheme = table([(a, 0.5, 0.5) for a, *_ in ROWS])
    assert [i.effective for i in analyse(scores, scheme).indicators] == pytest.approx([1, 0, 0])


def test_analysis_names_what_is_wrong_with_an_indicator() -> None:
    rows = [(i / 40, 0 if i else 1, i / 40 + 0.001) for i in range(40)]
    found = analyse(*table(rows))
    text = [(one.code, str(one)) for one in found.remarks]
    assert any(code == "i1" and "get 0: it tells few apart" in words for code, words in text)
    assert any(code == "i0" and "nearly the same as i2" in words for code, words in text)
    one = found.indicators[0]
    column = pd.Series([r[0] for r in rows])
    assert one.spread == pytest.approx(column.quantile(0.75) - column.quantile(0.25))
    assert found.indicators[1].at_zero == pytest.approx(39 / 40)


def test_the_outlier_squeeze_of_min_max_is_warned_of() -> None:
    scheme = small.one("min_max")
    found = analyse(score(small.facts(scheme, [*range(60), 10**6]), scheme), scheme)
    assert any("outlier rule" in words or "get 0" in words for words in map(str, found.remarks))


def test_a_power_for_a_long_tail_is_near_the_logarithm() -> None:
    rng = np.random.default_rng(4)
    assert abs(best_power(rng.lognormal(0, 1, 3000))) <= 0.3
    assert best_power(rng.random(3000) + 5) > 0.5
    assert [(one.code, str(one)) for one in analyse(*table([])).remarks] == [("t", "no unit is ranked")]


def test_gaps_take_the_mean_in_statistics_only() -> None:
    scores, scheme = table([(0.2, 0.1, 0.3), (None, 0.1, 0.3), (0.4, 0.2, 0.1)])  # type: ignore[list-item]
    assert values(scores, scheme)[:, 0].tolist() == pytest.approx([0.2, 0.3, 0.4])
    assert scores.normalised[1, 0] == 0


def test_a_scheme_compared_with_itself_moves_nobody() -> None:
    found = compare((SCORES, PARK), (SCORES, PARK))
    assert not found.difference.any()
    assert not found.moved.any()
    assert found.agreement == pytest.approx(1)
    assert found.top(10) == ((), ())
    assert found.place_before.tolist() == rank(SCORES, FACTS, PARK).overall.tolist()


def test_differences_are_explained_by_indicator_to_the_last_hundredth() -> None:
    items = []
    for item in PARK.body["indicators"]:
        changed = dict(item)
        if item["code"] == "rd_expense":
            changed["weight"] = {g: w + 2 for g, w in item["weight"].items()}
        if item["code"] == "rd_intensity":
            changed["weight"] = {g: w - 2 for g, w in item["weight"].items()}
        if item["code"] == "debt_asset_ratio":
            changed["scoring"] = {"function": "linear_cap", "floor": 100, "cap": 40}
        items.append(changed)
    other = load_scheme(dict(PARK.body) | {"indicators": items, "version": "next"})
    found = compare((SCORES, PARK), (score(FACTS, other), other))
    parts = found.effects.sum(axis=1) + found.deductions + found.rest
    assert np.allclose(parts, found.difference, atol=1e-9)
    assert np.abs(found.rest).max() <= 0.0101  # only rounding is left
    touched = {found.codes[i] for i in np.flatnonzero(np.abs(found.effects).max(axis=0) > 1e-9)}
    assert touched <= {"rd_expense", "rd_intensity", "debt_asset_ratio"}
    row = int(np.argmax(np.abs(found.difference)))
    assert found.reasons(row)[0][0] in touched


def test_schemes_with_other_indicators_are_compared_on_the_units_both_know() -> None:
    national = load_scheme("indicators/schemes/national_18.yaml")
    facts = zone(national, 200)
    found = compare((SCORES, PARK), (score(facts, national), national))
    assert len(found.ids) == 200
    assert set(found.codes) == set(PARK.indicator_by_code)
    assert np.allclose(found.effects.sum(axis=1) + found.deductions + found.rest, found.difference)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A scheme of countries and made-up figures for it."""
    scheme = Path("docs/examples/human_development.yaml")
    rng = np.random.default_rng(9)
    frame = pd.DataFrame({
        "id": [f"Country {i:02d}" for i in range(40)], "life_expectancy": rng.normal(71, 8, 40).round(1),
        "expected_schooling": rng.normal(13, 3, 40).clip(4, 23).round(1), "mean_schooling": rng.normal(8.5, 3, 40).clip(1, 15).round(1),
        "income": rng.lognormal(9.3, 1.2, 40).round(0),
    })  # fmt: skip
    facts = tmp_path / "countries.csv"
    frame.to_csv(facts, index=False)
    return scheme, facts


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_score_writes_every_kind_of_file(files: tuple[Path, Path], tmp_path: Path, ending: str) -> None:
    scheme, facts = map(str, files)
    out, trace = tmp_path / f"out.{ending}", tmp_path / f"trace.{ending}"
    assert main(["score", facts, "--scheme", scheme, "--out", str(out), "--trace", str(trace)]) == 0
    read = {
        "csv": pd.read_csv,
        "parquet": pd.read_parquet,
        "xlsx": partial(pd.read_excel, engine="calamine"),
    }[ending]
    assert len(read(out)) == 40
    assert len(read(trace)) == 160
    assert sorted(read(out)["place"])[:1] == [1]


def test_the_published_human_development_index_comes_out(tmp_path: Path) -> None:
    """Table 1 of the report of 2015, first 24 countries: components as printed (one decimal), so 0.001 may be off."""
    facts, out = "docs/examples/human_development_2014.csv", tmp_path / "out.csv"
    assert main(["score", facts, "--scheme", "docs/examples/human_development.yaml", "--out", str(out)]) == 0
    both = pd.read_csv(facts).merge(pd.read_csv(out), on="id")
    assert len(both) == 24
    assert (both["total"] / 100 - both["published_value"]).abs().max() < 0.001
    changed = both[both["place"] != both["published_rank"]]
    assert (changed["place"] - changed["published_rank"]).abs().max() == 1
    for value in changed["published_value"]:  # a neighbour is printed as equal or 0.001 away
        assert (both["published_value"] - value).abs().nsmallest(2).iloc[1] <= 0.001 + 1e-9


def test_the_published_medal_table_comes_out(tmp_path: Path) -> None:
    facts, out = "docs/examples/medals_2024.csv", tmp_path / "out.csv"
    assert main(["score", facts, "--scheme", "docs/examples/medals.yaml", "--out", str(out)]) == 0
    assert pd.read_csv(out)["place"].tolist() == pd.read_csv(facts)["published_rank"].tolist()


def test_the_only_indicator_is_never_left_out() -> None:
    """Then there would be nothing left, and everybody would share the first place."""
    scheme = load_scheme("docs/examples/medals.yaml")
    facts = facts_from_rows(
        scheme, read_rows(Path("docs/examples/medals_2024.csv"), scheme, ColumnMap()).rows
    )
    found = rank_intervals(score(facts, scheme), scheme, draws=100, seed="one")
    assert found.low.tolist() == found.high.tolist() == list(range(1, 16))


def test_every_command_answers(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scheme, facts = map(str, files)
    flat = tmp_path / "flat.yaml"
    flat.write_text(
        files[0]
        .read_text()
        .replace("aggregate: geometric", "aggregate: arithmetic")
        .replace('version: "2010"', 'version: "sum"')
    )
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("a,b,ratio\nhealth,education,1\nhealth,living,2\neducation,living,1/2\n")
    with_scheme = [facts, "--scheme", scheme]
    for words, expected in (
        (["validate", scheme], "4 inputs, 4 indicators"),
        (["analyse", *with_scheme], "effective_weight"),
        (
            ["sensitivity", *with_scheme, "--draws", "50", "--samples", "16", "--seed", "s"],
            "draws 50, seed s",
        ),
        (["compare", scheme, str(flat), facts], "rank correlation"),
        (["weights", *with_scheme, "--method", "entropy"], "a proposal only"),
        (
            ["weights", *with_scheme, "--method", "ahp", "--comparisons", str(pairs)],
            "consistency ratio total",
        ),
    ):
        assert main(words) == 0, capsys.readouterr().err
        assert expected in capsys.readouterr().out
    assert main(["explain", "Country 07", *with_scheme]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "Country 07"


def test_it_runs_as_a_module(files: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scoring.engine", "validate", str(files[0])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "human_development" in done.stdout


def test_the_document_names_every_key_and_function_and_its_example_is_a_scheme() -> None:
    import re

    import yaml

    from scoring.engine.scheme import SCHEMA

    text = Path("docs/scheme.md").read_text(encoding="utf-8")
    example = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.S)[0])
    scheme = load_scheme(example)
    assert score(small.facts(scheme, [(10, 1, 5), (10, 0, 9)]), scheme).total.tolist() == [7000, 6000]

    def words(node: Any) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(words, node))
        if not isinstance(node, dict):
            return set()
        own = set(node.get("properties", {})) | {v for v in node.get("enum", []) if isinstance(v, str)}
        return own.union(*map(words, node.values()))

    unnamed = {word for word in words(SCHEMA) if not re.search(rf"\b{word}\b", text)}
    assert unnamed <= {"mode", "normalised", "decimals", "half_up", "window", "source"}

"""A stranger at the command line: whatever the files hold, there is an answer or a reason, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scoring.engine import load_scheme
from scoring.engine.cli import main
from scoring.engine.tables import ColumnMap, read_rows

SCHEME = """format: 1
code: suppliers
version: "1"
inputs:
  - {code: delivered, type: int}
  - {code: late, type: int}
  - {code: price, type: money}
dimensions: [{code: service}, {code: cost}]
indicators:
  - {code: on_time, dimension: service, formula: "(delivered - late) / delivered * 100", scoring: {function: linear_cap, floor: 80, cap: 100}, weight: 60}
  - {code: price, dimension: cost, direction: lower_better, formula: price, scoring: {function: percentile}, weight: 40}
boards: [{code: best, weights: {on_time: 50, price: 50}}]
"""
HEAD = b"id,delivered,late,price\n"
GOOD = HEAD + b"a,100,5,12.5\nb,90,1,13\nc,80,0,15.25\n"
REFUSED = {
    "empty.csv": (b"", "the file is empty"),
    "head.csv": (HEAD, "no row can be used"),
    "ragged.csv": (HEAD + b"a,1,2,3,4,5\n", "not a readable csv file"),
    "quote.csv": (HEAD + b'"a,1,2,3\n', "not a readable csv file"),
    "gbk.csv": (HEAD + "\u4e2d,1,0,2\n".encode("gbk"), "not UTF-8 text; save the file as CSV UTF-8"),
    "utf16.csv": (GOOD.decode().encode("utf-16"), "not UTF-8 text"),
    "noise.xlsx": (b"\x9d\xff", "not a readable xlsx file"),
    "noise.parquet": (b"\x9d\xff", "not a readable parquet file"),
    "twice.csv": (b"id,late,late\na,2,3\n", "column 'late' is there twice"),
    "nameless.csv": (b"name;late\na;2\n", "there is no id column 'id'; the columns are: name;late"),
    "unusable.csv": (HEAD + b"a,NaN,0,1\nb,inf,0,1\nc,1e999999999999,0,1\n,5,0,1\n", "no row can be used"),
}
TOLD = {
    "text.csv": (HEAD + b"a,abc,0,1\nz,1,0,1\n", "row 2 a: delivered: 'abc' cannot be read: no number"),
    "comma.csv": (HEAD + b'a,"1,5",0,1\nz,1,0,1\n', "row 2 a: delivered: '1,5' cannot be read: no number"),
    "infinite.csv": (HEAD + b"a,-inf,0,1\nz,1,0,1\n", "row 2 a: delivered: '-inf' cannot be read: not a finite number"),
    "huge.csv": (HEAD + b"a,1e30,0,1\nz,1,0,1\n", "row 2 a: delivered: 1E+30 is too large"),
    "twins.csv": (HEAD + b"z,1,0,1\nz,2,0,1\n", "row 3 z: the id occurs twice"),
    "nobody.csv": (HEAD + b",1,0,1\nz,1,0,1\n", "row 2 : no id"),
    "longest.csv": (HEAD + b"x" * 70_000 + b",1,0,1\nz,1,0,1\n", "an id has at most 500 characters"),
    "unseen.csv": (HEAD + b"a\x07,1,0,1\nz,1,0,1\n", "none that cannot be seen"),
    "state.csv": (b"id,late,late.state\na,1,odd\nz,1,\n", "row 2 a: late.state: 'odd' is not one of missing, reported"),
    "absent.csv": (b"id,late,colour\nz,1,red\n", "inputs without a column, missing for every unit: delivered, price"),
    "unread.csv": (b"id,late,colour,late.note,penalty.odd\nz,1,red,x,1\n", "columns not read: colour, late.note, penalty.odd"),
}  # fmt: skip
WRONG_SCHEMES = [
    ("weight: 60", "wieght: 60", "indicators[0].wieght (line 10): unknown key; did you mean 'weight'?"),
    ("weight: 60", "weight: 61", "(line 9): weights of group 'all' sum to 101, not 100"),
    ("weight: 60", "weight: .nan", "indicators[0].weight (line 10)"),
    ("cap: 100", "cap: abc", "indicators[0].scoring.cap (line 10): 'abc' is no number"),
    ("linear_cap", "linear_cup", "indicators[0].scoring.function (line 10): 'linear_cup' is not one of"),
    ("(delivered - late)", "(delivered - laet)", "(line 10): 'laet' is neither an input nor a constant"),
    ("formula: price", f'formula: "{"+".join(["price"] * 5000)}"', "(line 11): longer than 400 names"),
    ("formula: price", f'formula: "{"(" * 99}price{")" * 99}"', "(line 11): nested too deeply"),
    ('version: "1"', "version: *a", "(line 3): aliases (*name) are not used"),
    ("code: suppliers", "code: &a suppliers\nen: *a", "(line 3): aliases (*name) are not used"),
    ("boards:", "code: again\nboards:", "code (line 12): key given twice"),
    ("format: 1", "format: 1\n\tx: y", "(line 2): not YAML"),
    ("suppliers", "sup\0pliers", "not YAML"),
    (SCHEME, "", "the file is empty"),
    (SCHEME, "- 1", "(line 1): [1] is no object"),
]
MAPPINGS = [
    (b"\xff\xfe", "not a mapping file"),
    (b": :", "not a mapping file"),
    (b"", "the keys id, group and columns, and no others"),
    (b"colums: {}", "the keys id, group and columns, and no others"),
    (b"columns: [a]", "a line 'input: column' for each input"),
    (b"columns: {price: {colum: a}}", "columns.price: a column is needed"),
    (b"columns: {price: {column: price, factor: abc}}", "columns.price: factor: 'abc' is no number"),
    (b"columns: {price: {column: price, factor: .nan}}", "columns.price: factor: nan is not a finite number"),
    (b"columns: {price: {column: price, factor: 0}}", "columns.price: a factor is above 0, not 0"),
    (b"columns: {prise: price}", "'prise' is not an input of the scheme"),
    (b"columns: {price: cost}", "the file has no column 'cost'"),
]
ANSWERED = 6  # of the commands below: the others need three units
RATIOS = ["x", "0", "1/0", "nan", "1/3/4", "10", ""]


@pytest.fixture
def scheme(tmp_path: Path) -> Path:
    file = tmp_path / "suppliers.yaml"
    file.write_text(SCHEME)
    return file


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    file = tmp_path / "facts.csv"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD)
    return file


def commands(facts: Path, scheme: Path, out: Path) -> list[list[str]]:
    """Every command, once."""
    given = [str(facts), "--scheme", str(scheme)]
    return [
        ["score", *given, "--out", str(out)],
        ["explain", "z", *given],
        ["analyse", *given],
        ["sensitivity", *given, "--draws", "5", "--samples", "4"],
        ["compare", str(scheme), str(scheme), str(facts)],
        *(["weights", *given, "--method", method] for method in ("equal", "entropy", "critic", "pca")),
    ]


@pytest.mark.parametrize("name", REFUSED)
def test_no_command_takes_a_file_that_cannot_be_used(
    name: str, scheme: Path, tmp_path: Path, capsys: Any
) -> None:
    content, reason = REFUSED[name]
    (tmp_path / name).write_bytes(content)
    for words in commands(tmp_path / name, scheme, tmp_path / "out.csv"):
        assert main(words) == 1, words
        assert reason in capsys.readouterr().err


@pytest.mark.parametrize("name", TOLD)
def test_every_command_goes_on_with_the_rest_and_says_what_it_left(
    name: str, scheme: Path, tmp_path: Path, capsys: Any
) -> None:
    content, note = TOLD[name]
    (tmp_path / name).write_bytes(content)
    for words in commands(tmp_path / name, scheme, tmp_path / "out.csv")[:ANSWERED]:
        assert main(words) == 0, capsys.readouterr().err
        if words[0] != "explain":
            assert note in capsys.readouterr().err, words


@pytest.mark.parametrize("kind", ["parquet", "xlsx"])
def test_what_other_kinds_of_files_may_hold_is_read_as_text(
    kind: str, scheme: Path, tmp_path: Path, capsys: Any
) -> None:
    columns = {
        "id": [1, 2, 3, None],
        "delivered": [9.0, 9.5, 9, 9],
        "late": [0, 1, None, 1],
        "price": [1, 2, float("inf"), 4],
    }
    frame = pd.DataFrame(columns).astype({"id": object})
    file = tmp_path / f"facts.{kind.upper()}"
    frame.to_parquet(file) if kind == "parquet" else frame.to_excel(tmp_path / "x.xlsx", index=False)
    if kind == "xlsx":
        (tmp_path / "x.xlsx").rename(file)
    assert (
        main(["score", str(file), "--scheme", str(scheme), "--out", str(tmp_path / f"out.{kind.upper()}")])
        == 0
    )
    said = capsys.readouterr()
    assert "rows scored    1" in said.out
    for reason in ("'9.5' cannot be read: a whole number is needed", "'inf' cannot be read", "no id"):
        assert reason in said.err


@pytest.mark.parametrize("wrong", WRONG_SCHEMES)
def test_an_error_of_the_scheme_is_named_by_key_and_line_whatever_the_command(
    wrong: tuple[str, str, str], scheme: Path, facts: Path, capsys: Any
) -> None:
    text, instead, reason = wrong
    assert text in SCHEME
    scheme.write_text(SCHEME.replace(text, instead, 1))
    for words in (["validate", str(scheme)], *commands(facts, scheme, scheme.parent / "out.csv")):
        assert main(words) == 1, words
        assert reason in capsys.readouterr().err, words


@pytest.mark.parametrize(("content", "reason"), MAPPINGS)
def test_a_mapping_that_says_nothing_is_refused(
    content: bytes, reason: str, scheme: Path, facts: Path, capsys: Any
) -> None:
    (scheme.parent / "map.yaml").write_bytes(content)
    words = ["score", str(facts), "--scheme", str(scheme), "--out", str(scheme.parent / "out.csv")]
    assert main([*words, "--mapping", str(scheme.parent / "map.yaml")]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_comparison_is_a_number_between_a_ninth_and_nine(
    ratio: str, scheme: Path, facts: Path, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "pairs.csv").write_text(f"a,b,ratio\nservice,cost,{ratio}\n")
    words = ["weights", str(facts), "--scheme", str(scheme), "--method", "ahp"]
    assert main([*words, "--comparisons", str(tmp_path / "pairs.csv")]) == 1
    assert "pairs.csv row 2: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["explain", "Atlantis"], "no unit 'Atlantis'"),
        (["score", "--out", "scores.txt"], "write .csv, .parquet or .xlsx"),
        (["score", "--out", "/nowhere/scores.csv"], "/nowhere"),
        (["weights", "--method", "ahp"], "needs comparisons"),
        (["sensitivity", "--board", "b"], "no board 'b'; known: best"),
        (["sensitivity", "--draws", "0"], "at least one draw"),
        (["analyse", "--group", "z"], "no group 'z'"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(
    words: list[str], reason: str, scheme: Path, facts: Path, capsys: Any
) -> None:
    assert main([*words, str(facts), "--scheme", str(scheme)]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--draws", "-1"], ["--draws", "many"], ["--draws", "9" * 12], ["--samples", "-1"]]
)
def test_an_impossible_amount_is_refused_before_anything_is_read(words: list[str], capsys: Any) -> None:
    with pytest.raises(SystemExit):
        main(["sensitivity", "nowhere.csv", "--scheme", "nowhere.yaml", *words])
    assert words[0] in capsys.readouterr().err


def test_blank_rows_are_passed_over_and_rows_keep_their_number(tmp_path: Path) -> None:
    file = tmp_path / "facts.csv"
    file.write_text("id,income\r\nA,5\r\n\r\nB,NaN\r\n\r\n")
    table = read_rows(file, load_scheme("docs/examples/human_development.yaml"), ColumnMap())
    assert [row["id"] for row in table.rows] == ["A"]
    assert table.rejects == [(4, "B", "income: 'NaN' cannot be read: not a finite number")]

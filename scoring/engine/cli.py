"""Command line: score a file without a database.

python -m scoring.engine score FACTS --scheme SCHEME --out OUT [--mapping MAP] [--trace FILE] [--rejects FILE] [--boards FILE]
python -m scoring.engine validate SCHEME
python -m scoring.engine explain FACTS --unit ID --scheme SCHEME [--mapping MAP]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from .boards import Ranking, rank
from .digest import ENGINE_VERSION, result_root, run_hash, snapshot_root
from .errors import EngineError, FactsError
from .facts import Facts, facts_from_rows
from .scheme import Scheme, load_scheme
from .score import Scores, flag_names, points_text, score
from .tables import Table, read_mapping, read_rows, write_table
from .trace import explain


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 = done, 1 = refused with the reason on standard error."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scoring.engine", description="Score a file of units under a scheme."
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("score", help="score all units of a file")
    one.add_argument("--out", type=Path, required=True, help="scores, .csv or .parquet")
    one.add_argument("--trace", type=Path, help="one row a unit and indicator, .csv or .parquet")
    one.add_argument(
        "--rejects", type=Path, help="rows that could not be used, with the reason, .csv or .parquet"
    )
    one.add_argument("--boards", type=Path, help="places of all boards, .csv or .parquet")
    one.set_defaults(run=_score)
    two = commands.add_parser("explain", help="show how one unit's score came about")
    two.add_argument("--unit", required=True)
    two.set_defaults(run=_explain)
    for command in (one, two):
        command.add_argument("facts", type=Path, help=".csv, .parquet or .xlsx")
        command.add_argument("--scheme", type=Path, required=True)
        command.add_argument("--mapping", type=Path, help="which column is which input")
    three = commands.add_parser("validate", help="check a scheme file")
    three.add_argument("scheme", type=Path)
    three.set_defaults(run=_validate)
    return parser


def _validate(args: argparse.Namespace) -> int:
    scheme = load_scheme(args.scheme)
    print(f"{scheme.code} {scheme.version}: {len(scheme.inputs)} inputs, {len(scheme.indicators)} indicators")
    print(f"sha256 {scheme.digest}")
    return 0


def _load(args: argparse.Namespace) -> tuple[Scheme, Table, Facts]:
    scheme = load_scheme(args.scheme)
    table = read_rows(args.facts, scheme, read_mapping(args.mapping))
    return scheme, table, facts_from_rows(scheme, table.rows)


def _score(args: argparse.Namespace) -> int:
    scheme, table, facts = _load(args)
    if args.rejects:
        write_table(pd.DataFrame(table.rejects, columns=["row", "id", "reason"]), args.rejects)
    scores = score(facts, scheme)
    ranking = rank(scores, facts, scheme)
    write_table(score_table(scores, ranking, scheme), args.out)
    if args.trace:
        write_table(trace_table(scores, facts, scheme), args.trace)
    if args.boards:
        write_table(board_table(scores, ranking), args.boards)
    print(f"rows scored    {len(facts)}")
    print(f"rows rejected  {len(table.rejects)}")
    for row, unit, reason in table.rejects[:20]:
        print(f"  row {row} {unit}: {reason}", file=sys.stderr)
    if len(table.rejects) > 20 and not args.rejects:
        print("  more: use --rejects FILE", file=sys.stderr)
    for note in table.notes:
        print(note, file=sys.stderr)
    print(f"run hash       {hash_of_run(facts, scores, scheme)}")
    return 0


def hash_of_run(facts: Facts, scores: Scores, scheme: Scheme) -> str:
    return run_hash(snapshot_root(facts), scheme.digest, ENGINE_VERSION, result_root(scores))


def _explain(args: argparse.Namespace) -> int:
    scheme, _table, facts = _load(args)
    if args.unit not in facts.ids:
        raise FactsError(f"there is no unit {args.unit!r} among the rows that can be used")
    trace = explain(facts, scheme, facts.ids.index(args.unit))
    print(json.dumps(trace.as_dict(), ensure_ascii=False, indent=2))
    return 0


def score_table(scores: Scores, ranking: Ranking, scheme: Scheme) -> pd.DataFrame:
    """One row a unit: total, places, completeness, flags, dimension points, normalised values, board scores."""
    columns: dict[str, Any] = {
        "id": scores.ids,
        "group": [scores.group_labels[g] for g in scores.group],
        "total": [f"{t // 100}.{t % 100:02d}" for t in scores.total.tolist()],
        "place": ranking.overall,
        "place_in_group": ranking.group,
        "deductions": [f"{t // 100}.{t % 100:02d}" for t in scores.deductions.tolist()],
        "completeness": [f"{t // 100}.{t % 100:02d}" for t in scores.completeness.tolist()],
        "flags": [";".join(flag_names(scheme, flag)) for flag in scores.flags.tolist()],
    }
    for index, dimension in enumerate(scheme.dimensions):
        columns[f"dimension.{dimension.code}"] = [
            points_text(p) for p in scores.dimensions[:, index].tolist()
        ]
    for index, item in enumerate(scheme.indicators):
        columns[item.code] = [f"{s // 10000}.{s % 10000:04d}" for s in scores.normalised[:, index].tolist()]
    for code, board in ranking.boards.items():
        columns[f"board.{code}"] = [f"{s // 10000}.{s % 10000:04d}" for s in board.score.tolist()]
        columns[f"board.{code}.place"] = board.place
    return pd.DataFrame(columns)


def board_table(scores: Scores, ranking: Ranking) -> pd.DataFrame:
    """The names of every board in order."""
    rows = [
        (code, scores.group_labels[scores.group[row]], int(board.place[row]), int(board.position[row]), scores.ids[row], f"{int(board.score[row]) / 10000:.4f}")
        for code, board in ranking.boards.items() for row in board.winners
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["board", "group", "place", "position", "id", "score"])


def trace_table(scores: Scores, facts: Facts, scheme: Scheme) -> pd.DataFrame:
    """One row a unit and indicator."""
    rows = []
    for row in range(len(facts)):
        trace = explain(facts, scheme, row, scores=scores)
        rows += [
            (trace.unit, trace.group, i.code, i.formula, i.x, i.function, json.dumps(i.parameters), i.state, i.s, i.weight, i.points)
            for i in trace.indicators
        ]  # fmt: skip
    names = [
        "id",
        "group",
        "indicator",
        "formula",
        "x",
        "function",
        "parameters",
        "state",
        "s",
        "weight",
        "points",
    ]
    return pd.DataFrame(rows, columns=names)

"""Command line: score, check and question a method without a database.

python -m scoring.engine validate SCHEME
python -m scoring.engine score FACTS --scheme SCHEME --out OUT [--trace FILE] [--rejects FILE] [--boards FILE]
python -m scoring.engine explain UNIT FACTS --scheme SCHEME
python -m scoring.engine analyse FACTS --scheme SCHEME [--out FILE] [--group GROUP]
python -m scoring.engine sensitivity FACTS --scheme SCHEME [--out FILE] [--draws 1000] [--seed TEXT] [--board CODE]
python -m scoring.engine compare SCHEME_A SCHEME_B FACTS [--out FILE] [--facts-b FACTS]
python -m scoring.engine weights FACTS --scheme SCHEME --method equal|entropy|critic|pca|ahp [--comparisons FILE]

FACTS and every output: .csv, .parquet or .xlsx. `--mapping FILE` says which column is which input.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from . import reports
from .analysis import analyse
from .boards import Ranking, rank
from .compare import compare
from .digest import ENGINE_VERSION, result_root, run_hash, snapshot_root
from .errors import EngineError, FactsError
from .facts import Facts, facts_from_rows
from .proposals import METHODS, propose
from .scheme import Scheme, load_scheme, locate
from .scheme_rules import warnings
from .score import Scores, flag_names, points_text, score
from .sensitivity import EVERYTHING, USUAL, Choices, board_intervals, rank_intervals, sobol_indices
from .tables import Table, read_comparisons, read_mapping, read_rows, write_table
from .trace import explain

MOST_DRAWS = 1_000_000


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 = done, 1 = refused with the reason on standard error."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
    except MemoryError as error:
        print(f"not enough memory: {error}", file=sys.stderr)
    return 1


def _amount(text: str) -> int:
    """How many draws or samples."""
    number = int(text)
    if not 0 <= number <= MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"a whole number from 0 to {MOST_DRAWS} is needed")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scoring.engine", description="Score a file of units under a scheme."
    )
    commands = parser.add_subparsers(required=True)

    def command(name: str, run: Any, words: str, *, out: bool | None = None) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=words)
        one.set_defaults(run=run)
        one.add_argument("--mapping", type=Path, help="which column is which input")
        if out is not None:
            one.add_argument("--out", type=Path, required=out, help=".csv, .parquet or .xlsx")
        return one

    validate = commands.add_parser("validate", help="check a scheme file")
    validate.add_argument("scheme", type=Path)
    validate.set_defaults(run=_validate)
    one = command("score", _score, "score all units of a file", out=True)
    one.add_argument("--trace", type=Path, help="one row a unit and indicator")
    one.add_argument("--rejects", type=Path, help="rows that could not be used, with the reason")
    one.add_argument("--boards", type=Path, help="places of all boards")
    two = command("explain", _explain, "show how one unit's score came about")
    two.add_argument("unit")
    three = command(
        "analyse", _analyse, "does every indicator tell units apart, does every weight weigh", out=False
    )
    four = command("sensitivity", _sensitivity, "how sure are the places", out=False)
    four.add_argument("--draws", type=_amount, default=1000)
    four.add_argument("--samples", type=_amount, default=512, help="of the Sobol indices; 0 leaves them out")
    four.add_argument("--seed", default="", help="any text; the run hash if not given")
    four.add_argument("--board", help="places of this board instead of the total")
    four.add_argument("--within", choices=("all", "group"), default="all")
    four.add_argument(
        "--weights", type=float, default=USUAL.weights, help="how far a weight may be off (0.2 = 20 per cent)"
    )
    four.add_argument("--usual", action="store_true", help="the choices of the published interval only")
    five = command("weights", _weights, "propose weights; the scheme is not changed", out=False)
    five.add_argument("--method", choices=METHODS, required=True)
    five.add_argument(
        "--comparisons", type=Path, help="for ahp: columns a, b, ratio (how many times a outweighs b)"
    )
    for each in (one, two, three, four, five):
        each.add_argument("facts", type=Path, help=".csv, .parquet or .xlsx")
        each.add_argument("--scheme", type=Path, required=True)
    for each in (three, five):
        each.add_argument("--group", help="only the units of this group")
    six = command("compare", _compare, "who moves under another scheme, and why", out=False)
    six.add_argument("scheme", type=Path, metavar="SCHEME_A")
    six.add_argument("other", type=Path, metavar="SCHEME_B")
    six.add_argument("facts", type=Path)
    six.add_argument("--facts-b", type=Path, help="facts for SCHEME_B, if they are another file")
    six.add_argument("--mapping-b", type=Path)
    return parser


def _validate(args: argparse.Namespace) -> int:
    scheme = load_scheme(args.scheme)
    print(f"{scheme.code} {scheme.version}: {len(scheme.inputs)} inputs, {len(scheme.indicators)} indicators")
    print(f"sha256 {scheme.digest}")
    if scheme.draft:
        print("marked as a draft")
    for path, line, text in locate(args.scheme, warnings(scheme)):
        print(f"warning: {path} (line {line}): {text}", file=sys.stderr)
    return 0


def _load(
    path: Path, scheme_path: Path, mapping: Path | None, *, rejects: Path | None = None
) -> tuple[Scheme, Table, Facts]:
    scheme = load_scheme(scheme_path)
    table = read_rows(path, scheme, read_mapping(mapping))
    if rejects:
        write_table(pd.DataFrame(table.rejects, columns=["row", "id", "reason"]), rejects)
    if not table.rows:
        _say_rejects(table)
        raise FactsError(f"{path}: no row can be used")
    return scheme, table, facts_from_rows(scheme, table.rows)


def _score(args: argparse.Namespace) -> int:
    scheme, table, facts = _load(args.facts, args.scheme, args.mapping, rejects=args.rejects)
    scores = score(facts, scheme)
    ranking = rank(scores, facts, scheme)
    write_table(score_table(scores, ranking, scheme), args.out)
    if args.trace:
        write_table(trace_table(scores, facts, scheme), args.trace)
    if args.boards:
        write_table(board_table(scores, ranking), args.boards)
    print(f"rows scored    {len(facts)}")
    _say_rejects(table, silent=bool(args.rejects))
    print(f"run hash       {hash_of_run(facts, scores, scheme)}")
    return 0


def _say_rejects(table: Table, *, silent: bool = False) -> None:
    print(f"rows rejected  {len(table.rejects)}")
    for row, unit, reason in table.rejects[:20]:
        print(f"  row {row} {unit}: {reason}", file=sys.stderr)
    if len(table.rejects) > 20 and not silent:
        print("  more: use score with --rejects FILE", file=sys.stderr)
    for note in table.notes:
        print(note, file=sys.stderr)


def hash_of_run(facts: Facts, scores: Scores, scheme: Scheme) -> str:
    return run_hash(snapshot_root(facts), scheme.digest, ENGINE_VERSION, result_root(scores))


def _explain(args: argparse.Namespace) -> int:
    scheme, _table, facts = _load(args.facts, args.scheme, args.mapping)
    if args.unit not in facts.ids:
        raise FactsError(f"there is no unit {args.unit!r} among the rows that can be used")
    trace = explain(facts, scheme, facts.ids.index(args.unit))
    print(json.dumps(trace.as_dict(), ensure_ascii=False, indent=2))
    return 0


def _analyse(args: argparse.Namespace) -> int:
    scheme, table, facts = _load(args.facts, args.scheme, args.mapping)
    found = analyse(score(facts, scheme), scheme, facts=facts, group=args.group)
    frame = reports.analysis_table(found)
    _show(frame, args.out)
    if not args.out:
        print(reports.dimension_table(found).to_string(index=False))
    for remark in found.remarks:
        print(f"warning: {remark.code}: {remark}")
    _say_rejects(table)
    return 0


def _sensitivity(args: argparse.Namespace) -> int:
    scheme, table, facts = _load(args.facts, args.scheme, args.mapping)
    scores = score(facts, scheme)
    seed = args.seed or hash_of_run(facts, scores, scheme)
    base = USUAL if args.usual else EVERYTHING
    choices = Choices(args.weights, base.left_out, base.normalisation, base.aggregation, base.rounding)
    if args.board:
        boards = rank(scores, facts, scheme).boards
        if args.board not in boards:
            raise FactsError(f"there is no board {args.board!r}; known: {', '.join(boards)}")
        intervals = board_intervals(
            boards[args.board], scores, scheme, draws=args.draws, seed=seed, choices=choices
        )
    else:
        intervals = rank_intervals(
            scores, scheme, draws=args.draws, seed=seed, choices=choices, within=args.within, facts=facts
        )
    _show(reports.interval_table(intervals), args.out)
    print(
        f"draws {intervals.draws}, seed {intervals.seed}, {intervals.level:.0%} of the draws lie between low and high"
    )
    if args.samples and not args.board:
        indices = sobol_indices(scores, scheme, samples=args.samples, seed=seed, choices=choices, facts=facts)
        print(
            f"mean shift in places {indices.mean_shift:.2f}; what causes it (Sobol indices, {args.samples} samples):"
        )
        print(reports.sobol_table(indices).to_string(index=False))
    _say_rejects(table)
    return 0


def _compare(args: argparse.Namespace) -> int:
    one, table, facts = _load(args.facts, args.scheme, args.mapping)
    two, _table, other = _load(args.facts_b or args.facts, args.other, args.mapping_b or args.mapping)
    found = compare((score(facts, one), one), (score(other, two), two))
    _show(reports.comparison_table(found), args.out)
    print(f"units {len(found.ids)}, rank correlation {found.agreement:.4f}, "
          f"mean move {abs(found.moved[found.both]).mean() if found.both.any() else 0:.2f} places")  # fmt: skip
    for words, names in zip(("enter", "leave"), found.top(10), strict=True):
        print(f"{words} the first ten: {', '.join(names) or 'nobody'}")
    _say_rejects(table)
    return 0


def _weights(args: argparse.Namespace) -> int:
    scheme, table, facts = _load(args.facts, args.scheme, args.mapping)
    found = propose(
        args.method,
        score(facts, scheme),
        scheme,
        group=args.group,
        comparisons=read_comparisons(args.comparisons),
    )
    _show(reports.proposal_table(found, scheme, args.group), args.out)
    for node, ratio in found.consistency.items():
        print(f"consistency ratio {node or 'total'}: {ratio:.4f}")
    for note in found.notes:
        print(f"note: {note}")
    print("a proposal only: the scheme file is unchanged")
    _say_rejects(table)
    return 0


def _show(frame: pd.DataFrame, out: Path | None) -> None:
    if out:
        write_table(frame, out)
    else:
        print(frame.to_string(index=False))


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

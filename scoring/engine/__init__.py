"""The scoring engine: facts and a scheme in, exact scores, places, boards and traces out. No framework, no database."""

from .boards import BoardResult, Ranking, rank
from .digest import ENGINE_VERSION, Seal, result_root, run_hash, snapshot_root
from .errors import EngineError, ExpressionError, FactsError, SchemeError
from .facts import Facts, fact_row, facts_from_rows, make_facts
from .scheme import Scheme, load_scheme
from .score import Scores, flag_names, score, score_one
from .sensitivity import Choices, Intervals, board_intervals, leave_one_out, rank_intervals, sobol_indices
from .trace import Trace, explain

__all__ = [
    "ENGINE_VERSION", "BoardResult", "Choices", "EngineError", "ExpressionError", "Facts", "FactsError", "Intervals",
    "Ranking", "Scheme", "SchemeError", "Scores", "Seal", "Trace", "board_intervals", "explain", "fact_row", "facts_from_rows",
    "flag_names", "leave_one_out", "load_scheme", "make_facts", "rank", "rank_intervals", "result_root", "run_hash",
    "score", "score_one", "snapshot_root", "sobol_indices",
]  # fmt: skip

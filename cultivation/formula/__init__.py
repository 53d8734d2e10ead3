"""Policy rules as data, without framework or database: read, judged over many firms at once, put into words.

Money in a rule is in 万元 and is computed exactly as fractions; an amount that is paid is cut to the whole yuan (never
more than the rule gives). A condition is met, not met, or unknown, with the data that is missing named.
"""

from pathlib import Path

from .checks import Case, run_tests, untried
from .language import MOST_TEXT, Finding, RuleError, load, load_body
from .matching import Columns, Outcomes, judge
from .results import ELIGIBLE, NOT_ELIGIBLE, UNKNOWN, Check, Result, failed_check, figure, result_for
from .rule import Amount, Cap, Condition, Name, Rule
from .vocabulary import FACTS, NAMES, PLATFORM_FACTS, STATED, UNITS, Fact

BLANKS = {
    language: (Path(__file__).parent / f"blank_{language}.yaml").read_text(encoding="utf-8")
    for language in ("zh", "en")
}
"""A small sound rule to begin a new one from, with explanations by language."""

__all__ = [
    "BLANKS", "ELIGIBLE", "FACTS", "MOST_TEXT", "NAMES", "NOT_ELIGIBLE", "PLATFORM_FACTS", "STATED", "UNITS", "UNKNOWN", "Amount", "Cap", "Case", "Check", "Columns", "Condition",
    "Fact", "Finding", "Name", "Outcomes", "Result", "Rule", "RuleError", "failed_check", "figure", "judge", "load", "load_body", "result_for", "run_tests", "untried",
]  # fmt: skip

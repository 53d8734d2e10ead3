"""Pure rules about results: what is worth a look, what may be advised."""

from __future__ import annotations

from decimal import Decimal

from innovscore.core import disclosure

TOTAL_JUMP = Decimal(25)  # points of the total against last year
PLACE_JUMP = Decimal("0.5")  # of the cohort
SHORTEST_NOTE = 4
STRONG, WEAK = 70, 30  # percentiles: strengths stand at least here, gaps at most here
SHOWN = 5
SMALLEST_INDUSTRY = 10
SMALLEST_GROUP = disclosure.SMALLEST_GROUP
TOLD_AT_MOST = 99  # per cent of peers that anybody is told to stand above
BAND = 5  # percentiles of peers are told in steps of this
WHAT_IFS_AN_HOUR = 30
SCENARIOS_KEPT = 10
COMPARED = 3
CHANGED_AT_ONCE = 5
WISHED_POINTS = Decimal(5)
LARGE_EFFORT = 100  # per cent of a fact: more than doubling is advised last

# Facts that a firm must not be advised to move for the points alone: people on talent lists, filings as such.
NOT_ADVISED_TYPES = frozenset({"person_list"})
NOT_ADVISED = frozenset(
    {"golden_phoenix", "high_level_talents", "fresh_graduates", "invention_applications", "pct_applications"}
)


def total_jumps(now: Decimal, last: Decimal) -> bool:
    """A total that moved by more than TOTAL_JUMP points."""
    return abs(now - last) > TOTAL_JUMP


def place_jumps(place: int | None, ranked: int, last_place: int | None, last_ranked: int) -> bool:
    """A place that moved by more than half of the cohort; places of cohorts of other sizes compare by their share."""
    if not (place and last_place and ranked and last_ranked):
        return False
    return abs(Decimal(place) / ranked - Decimal(last_place) / last_ranked) > PLACE_JUMP


def above(percentile: float | Decimal) -> int:
    """Of how many in a hundred peers one is told to stand above: whole per cent, 99 at most, as nobody is above everybody.

    Half of those with an equal score count as passed (midrank); the statistic itself may be 100.
    """
    return min(int(percentile), TOLD_AT_MOST)


def band(percentile: float) -> tuple[int, int]:
    """The step of BAND that a percentile falls into, told as `above`: 62.3 -> (60, 65), 100 -> (95, 99)."""
    low = min(int(percentile // BAND) * BAND, 100 - BAND)
    return low, min(low + BAND, TOLD_AT_MOST)


def strength(percentile: float | None) -> str:
    """ "strong", "weak" or "" by the percentile among peers."""
    if percentile is None:
        return ""
    return "strong" if percentile >= STRONG else "weak" if percentile <= WEAK else ""

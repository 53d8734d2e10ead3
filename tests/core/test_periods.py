"""Half-open periods."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core.periods import Period, disjoint, year

days = st.dates(dt.date(2020, 1, 1), dt.date(2020, 3, 1))
periods = st.builds(
    lambda start, length: Period(start, start + dt.timedelta(days=length)), days, st.integers(1, 30)
)


def test_the_last_day_named_is_outside() -> None:
    assert dt.date(2025, 12, 31) in year(2025) and dt.date(2026, 1, 1) not in year(2025)
    assert year(2025).days == 365 and year(2025).last_day == dt.date(2025, 12, 31)


def test_a_period_without_end_goes_on() -> None:
    assert dt.date(2999, 1, 1) in Period(dt.date(2020, 1, 1))
    assert Period(dt.date(2020, 1, 1)).days is None


@pytest.mark.parametrize("end", [dt.date(2020, 1, 1), dt.date(2019, 1, 1)])
def test_a_period_without_a_day_is_refused(end: dt.date) -> None:
    with pytest.raises(ValueError, match="ends after it starts"):
        Period(dt.date(2020, 1, 1), end)


@given(periods, periods)
def test_two_periods_overlap_when_a_day_lies_in_both(one: Period, other: Period) -> None:
    shared = [day for day in (one.start + dt.timedelta(days=n) for n in range(one.days or 0)) if day in other]
    assert one.overlaps(other) == other.overlaps(one) == bool(shared)
    assert disjoint([one, other]) == (not shared)
    both = one.intersection(other)
    assert (both.start, both.days) == (shared[0], len(shared)) if both else not shared

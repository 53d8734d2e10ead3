"""Working days with holidays, make-up weekends and the park's own days."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innovscore.core import workdays

NATIONAL_DAY = dt.date(2025, 10, 1)
MAKE_UP_SATURDAY = dt.date(2025, 10, 11)


def test_holidays_and_make_up_weekends_are_known() -> None:
    assert not workdays.is_working_day(NATIONAL_DAY)
    assert workdays.is_working_day(MAKE_UP_SATURDAY)


def test_the_park_may_depart_from_the_calendar() -> None:
    assert workdays.is_working_day(NATIONAL_DAY, {NATIONAL_DAY: True})
    assert not workdays.is_working_day(MAKE_UP_SATURDAY, {MAKE_UP_SATURDAY: False})


def test_years_without_a_calendar_have_plain_weeks_and_say_so() -> None:
    assert workdays.calendar_known(2025) and not workdays.calendar_known(2090)
    assert workdays.is_working_day(dt.date(2090, 10, 3)) and not workdays.is_working_day(dt.date(2090, 9, 30))


def test_five_working_days_over_the_national_holiday() -> None:
    assert workdays.add_working_days(dt.date(2025, 9, 29), 5) == dt.date(2025, 10, 13)


def test_a_notice_ends_after_its_last_working_day() -> None:
    assert workdays.notice_end(dt.date(2022, 10, 10), 5) == dt.date(2022, 10, 15)
    assert workdays.notice_end(dt.date(2025, 10, 4), 1) == dt.date(2025, 10, 10)


@pytest.mark.parametrize("at_least", [0, -1])
def test_a_notice_without_days_is_refused(at_least: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        workdays.notice_end(NATIONAL_DAY, at_least)


def test_counting_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        workdays.add_working_days(NATIONAL_DAY, -1)


@given(st.dates(dt.date(2010, 1, 1), dt.date(2024, 1, 1)), st.integers(0, 40))
def test_adding_and_counting_agree(day: dt.date, count: int) -> None:
    end = workdays.add_working_days(day, count)
    assert workdays.working_days_between(day + workdays.ONE_DAY, end + workdays.ONE_DAY) == count


@given(st.dates(dt.date(2010, 1, 1), dt.date(2024, 1, 1)), st.integers(1, 20))
def test_a_notice_holds_the_promised_working_days_and_no_day_more(day: dt.date, at_least: int) -> None:
    end = workdays.notice_end(day, at_least)
    assert workdays.working_days_between(day, end) == at_least
    assert workdays.working_days_between(day, end - workdays.ONE_DAY) == at_least - 1
